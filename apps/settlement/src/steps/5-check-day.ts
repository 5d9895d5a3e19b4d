import type { DayFigures, RulesOfDay, SettlementRow, SettlementState, TokenDay, Transaction } from '@app/database';
import {
  addFindings,
  atoms,
  checkDay as failedChecks,
  type DayCheckCode,
  type FailedCheck,
  type IndependentFindings,
  independentPool,
  NO_FINDINGS,
  ownerCoefficient,
} from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { inPieces } from './in-pieces.js';
import { recomputeRange } from './recompute-range.js';
import { readFindings, type WrittenFindings, writtenFindings } from './written-findings.js';
import { IN_OTHER_HANDS, known, rulesOf, step, type StepResult } from './step.js';

/** How many settled days the trend looks back on (R22c). */
const TRAILING_DAYS = 7;

/** What each check is called where it is shown, and what it says when it holds. */
const CHECKS: Readonly<Record<DayCheckCode, readonly [name: string, holds: string]>> = {
  RECOMPUTATION_DIFFERS: ['recomputation', 'computed again from the event log: the same rewards to the atom'],
  SUM_NOT_POOL: ['sum', 'rewards and leftover add up to the pool'],
  POOL_ABOVE_OBSERVED: ['observed', 'the pool is within what was observed and not yet distributed'],
  RATE_IMPLAUSIBLE: ['rate', 'the yield is plausible for the stake'],
  CUSTODY_SHORT: ['custody', 'what is held on chain, less the credits of earlier days, covers the pool'],
  POOL_OUT_OF_TREND: ['trend', 'the pool is in line with the days before'],
};

/**
 * Step 5 (R22): nothing has left yet, and nothing will unless every check holds. Each check is a row; a failure holds
 * this token's day for two people, other tokens go on.
 */
export async function checkDay(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  await tools.periods.during(unit.day, () =>
    inPieces(unit, tools, {
      from: 'split',
      step: 'check',
      work: async (tx, range) => {
        const day = known(await tools.settlements.find(tx, unit), 'the day');
        return writtenFindings(await recomputeRange(tx, day, await rulesOf(tx, unit, tools), range, tools));
      },
    }),
  );
  const move = {
    from: 'split',
    to: 'checked',
    beforeCommit: 'settlement.check.before-commit',
    committed: 'settlement.check.committed',
    isolation: 'REPEATABLE READ',
    heavy: true,
  } as const;
  return step(unit, tools, move, async (tx, day): Promise<StepResult> => {
    const rules = await rulesOf(tx, unit, tools);
    const ranges = await tools.pieces.results<WrittenFindings>(tx, unit, 'check');
    if (ranges === null) return IN_OTHER_HANDS;
    const again = ranges.map(readFindings).reduce(addFindings, NO_FINDINGS);
    const figures = await tools.check.figures(tx, unit, TRAILING_DAYS);
    const failed = failedChecks(await toCheck(tx, day, rules, figures, again, tools));
    await saveChecks(tx, unit, failed, again, tools);
    const contradicted = await tools.check.contradictedRewards(tx, unit);
    await tools.check.saveCheck(
      tx,
      unit,
      'cross-check',
      contradicted.length === 0,
      contradicted.length === 0
        ? "the chain's own events tell the same rewards"
        : `the chain's own events tell other rewards: ${contradicted.map((reward) => reward.key).join(', ')}`,
    );
    if (failed.length === 0 && contradicted.length === 0) return { kind: 'done' };
    return {
      kind: 'held',
      reason: {
        code: failed[0]?.code ?? 'CROSS_CHECK_DIFFERS',
        checks: failed,
        ...(contradicted.length > 0 ? { contradicted } : {}),
        ...(again.differences > 0 ? { differences: differencesOf(again) } : {}),
      },
    };
  });
}

async function toCheck(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  figures: DayFigures,
  again: IndependentFindings,
  tools: SettlementTools,
): Promise<Parameters<typeof failedChecks>[0]> {
  // Rows that all agree one by one, with none missing and none too many, add up to the same: no need to read them again.
  const storedPaid = again.differences === 0 ? again.paidAtoms : (await tools.split.sums(tx, day)).paid;
  return {
    rules,
    poolAtoms: known(day.pool, 'pool'),
    poolPartAtoms: known(day.poolPart, 'pool part'),
    paidAtoms: atoms(storedPaid),
    leftoverAtoms: known(day.leftover, 'leftover'),
    undistributedAtoms: figures.undistributed,
    stakeAtoms: known(day.stake, 'stake'),
    custodyAtoms: atoms(figures.custody),
    trailingPools: figures.trailingPools,
    recomputed: {
      paidAtoms: again.paidAtoms,
      differences: again.differences + (await figureDifferences(tx, day, rules, again, tools)),
    },
  };
}

/** The rows were compared by the stored Q, pool and owners' sums: here these are compared with the rows. */
async function figureDifferences(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  again: IndependentFindings,
  tools: SettlementTools,
): Promise<number> {
  const input = {
    releasedAtoms: known(day.released, 'released'),
    stakeAtoms: known(day.stake, 'stake'),
    leftoverBeforeAtoms: known(day.leftoverBefore, 'leftover before'),
    boostAtoms: known(day.boosts, 'boosts'),
  };
  const pool = independentPool(input, again.qualifyingAtoms, rules.feeBps);
  let owners = 0n;
  await tools.dayLog.owners(tx, day, (owner, average) => {
    owners += average * ownerCoefficient(owner);
  });
  return [
    day.pool !== pool,
    day.qualifying !== again.qualifyingAtoms,
    day.leftover !== pool - again.paidAtoms,
    day.users !== again.users,
    owners !== again.ownersPrint,
  ].filter(Boolean).length;
}

async function saveChecks(
  tx: Transaction,
  unit: TokenDay,
  failed: readonly FailedCheck[],
  again: IndependentFindings,
  tools: SettlementTools,
): Promise<void> {
  for (const [code, [name, holds]] of Object.entries(CHECKS)) {
    const failure = failed.find((check) => check.code === code);
    const detail = failure
      ? `${failure.detail}: ${Object.entries(failure.numbers)
          .map(([key, value]) => `${key} ${value}`)
          .join(', ')}`
      : name === 'recomputation'
        ? `${holds} (${again.users} users)`
        : holds;
    await tools.check.saveCheck(tx, unit, name, failure === undefined, detail);
  }
}

function differencesOf(again: IndependentFindings): readonly Record<string, string | null>[] {
  return again.first.map((one) => ({
    user: one.user,
    stored: one.storedAtoms?.toString() ?? null,
    recomputed: one.recomputedAtoms?.toString() ?? null,
  }));
}
