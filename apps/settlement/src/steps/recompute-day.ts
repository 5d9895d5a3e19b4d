import type { RulesOfDay, SettlementRow, StreamedAccount, Stretch, TokenDay, Transaction } from '@app/database';
import {
  compareRewards,
  type Cut,
  countingIntervals,
  dayEndMs,
  dayInterval,
  dayStartMs,
  type IndependentResult,
  independentDay,
  type Interval,
  type OpenInterval,
  type RewardDifference,
} from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { known } from './step.js';

const SHOWN_DIFFERENCES = 20;

export interface Recomputation {
  readonly result: IndependentResult;
  readonly differences: { readonly count: number; readonly first: readonly RewardDifference[] };
}

/**
 * R22a: the day once more, from the event log, by other code than the SQL of steps 2 to 4: intervals and arithmetic are
 * staking-core's, the accumulators and partial balances are not looked at. The log is streamed as it lies. A balance is
 * known as it is now; every change since 00:00 is taken back at 00:00 and, when it is of the day, given again at its
 * time, which leads to the opening balance without an order.
 */
export async function recomputeDay(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  tools: SettlementTools,
): Promise<Recomputation> {
  const run = independentDay(rules);
  const unit: TokenDay = day;
  const startMs = dayStartMs(day.day);
  const pauses = (await tools.check.pauses(tx, unit)).map(open);
  for await (const accounts of tools.check.accounts(tx, unit, rules)) {
    for (const account of accounts) {
      const counting = intervalsOf(day, account, pauses);
      run.account({ user: account.user, owner: account.owner, openingAtoms: account.countedNow, counting });
    }
  }
  for await (const changes of tools.check.changes(tx, unit, rules)) {
    for (const { user, onTheDay, msOfDay, delta } of changes) {
      run.change({ user, atMs: startMs, deltaAtoms: -delta });
      if (onTheDay) run.change({ user, atMs: startMs + msOfDay, deltaAtoms: delta });
    }
  }
  const result = run.finish({
    releasedAtoms: known(day.released, 'released'),
    stakeAtoms: known(day.stake, 'stake'),
    leftoverBeforeAtoms: known(day.leftoverBefore, 'leftover before'),
    boostAtoms: known(day.boosts, 'boosts'),
  });
  const stored: (readonly [string, bigint])[] = [];
  for await (const some of tools.check.rewards(tx, unit)) for (const reward of some) stored.push(reward);
  return { result, differences: compareRewards(stored, result.rewards, SHOWN_DIFFERENCES) };
}

/** Most accounts are simply there all day; they share one list. */
function intervalsOf(
  day: SettlementRow,
  account: StreamedAccount,
  pauses: readonly OpenInterval[],
): readonly Interval[] {
  const whole = dayInterval(day.day);
  const start = dayStartMs(day.day);
  const undisturbed =
    account.cuts.length === 0 && pauses.length === 0 && !account.quarantined && account.knownFromMs <= start;
  if (
    undisturbed &&
    account.periods.some((one) => one.fromMs <= start && (one.toMs ?? whole.endMs) >= dayEndMs(day.day))
  ) {
    return [whole];
  }
  const cuts: Cut[] = account.cuts.flatMap((cut) =>
    cut.reason === 'TOKEN_OFF' ? [] : [{ ...open(cut), reason: cut.reason }],
  );
  for (const pause of pauses) cuts.push({ ...pause, reason: 'PAUSED' });
  if (account.quarantined) cuts.push({ ...whole, reason: 'QUARANTINED' });
  return countingIntervals({
    day: day.day,
    periods: account.periods.filter(lasts).map(open),
    tokenOptOuts: account.cuts.filter((cut) => cut.reason === 'TOKEN_OFF').map(open),
    cuts,
    balanceKnownFromMs: account.knownFromMs,
  }).counting;
}

/** A period that was switched off before it began to count (R4) counts nothing. */
function lasts(stretch: Stretch): boolean {
  return stretch.toMs === null || stretch.toMs > stretch.fromMs;
}

function open(stretch: Stretch): OpenInterval {
  return { startMs: stretch.fromMs, endMs: stretch.toMs };
}
