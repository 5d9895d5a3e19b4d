import type {
  AppliedSlash,
  ChainDay,
  JournalMove,
  RulesOfDay,
  SettlementState,
  TokenDay,
  Transaction,
} from '@app/database';
import { absorbSlash, atoms, slashEntry } from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { feedVerdict } from './feed-verdict.js';
import { step, type StepResult } from './step.js';

/**
 * Step 1 (R2, R14-R19): the day can be settled when the feed has closed it, the chain has said everything about it,
 * and the token's day before is over. Then everything it is computed from is fixed, whatever is said later.
 */
export async function waitForFinalData(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  const waitingFor = await closeDay(unit, tools);
  if (waitingFor !== null) {
    await tools.settlements.wait(tools.db, unit, waitingFor);
    return 'waiting';
  }
  await tools.openDay(unit.day);
  const move = {
    from: 'waiting',
    to: 'final',
    beforeCommit: 'settlement.inputs.before-commit',
    committed: 'settlement.inputs.committed',
  } as const;
  return step(unit, tools, move, (tx) => fixInputs(tx, unit, tools));
}

/** Moves the gate once for all tokens. @returns what the feed still owes, or null when the day is closed */
async function closeDay({ day }: TokenDay, tools: SettlementTools): Promise<string | null> {
  const gate = await tools.inputs.closedThrough(tools.db);
  if (gate !== null && gate >= day) return null;
  const early = feedVerdict(await tools.inputs.shards(tools.db), day);
  if (early.kind === 'open') return early.waitingFor;
  const waitingFor = await tools.db.transaction(async (tx) => {
    await tools.inputs.lockGate(tx);
    // Looked at again behind the lock: a hole may have shown since.
    const verdict = feedVerdict(await tools.inputs.shards(tx), day);
    if (verdict.kind === 'open') return verdict.waitingFor;
    if (await tools.inputs.moveGate(tx, day)) {
      for (const shard of verdict.setAside) await tools.inputs.setShardAside(tx, day, shard);
    }
    tools.reach('settlement.gate.before-commit');
    return null;
  });
  tools.reach('settlement.gate.committed');
  return waitingFor;
}

async function fixInputs(tx: Transaction, unit: TokenDay, tools: SettlementTools): Promise<StepResult> {
  const rules = await tools.inputs.rulesOn(tx, unit);
  if (rules === null) return { kind: 'waits', reason: `rules: none are in force on ${unit.day}` };
  const before = await tools.settlements.dayBefore(tx, unit);
  // Its leftover opens this pool (R17); a held day's figures are in doubt, and so would be this one's.
  if (before !== null && before.state !== 'paid') {
    return { kind: 'waits', reason: `the day before: ${before.day} is ${before.state}` };
  }
  const chainDay = await tools.inputs.chainDay(tx, unit);
  const owed = await outsideOwes(tx, unit, rules, chainDay, tools);
  if (chainDay === null || owed !== null) return { kind: 'waits', reason: owed ?? '' };

  await tools.inputs.attributeRewards(tx, unit, chainDay.cutHeight, rules.releaseDays);
  const rewards = await tools.inputs.observedRewards(tx, unit);
  const released = await tools.inputs.releasedOn(tx, unit, rules.lastDay);
  const slashes = await slashMoves(tx, unit, tools);
  await tools.journal.book(tx, unit, [
    ...rewards.map((reward): JournalMove => ({
      key: `observed.${reward.key}`,
      kind: 'observed',
      from: 'chain-rewards',
      to: 'unreleased',
      atoms: reward.amount,
    })),
    { key: 'released', kind: 'released', from: 'unreleased', to: 'released', atoms: released },
    ...slashes,
  ]);
  return {
    kind: 'done',
    figures: {
      rules_version: rules.rulesVersion,
      observed: rewards.reduce((sum, reward) => sum + reward.amount, 0n),
      released,
      stake: chainDay.averageStake,
      leftover_before: before?.leftover ?? 0n,
      boosts: await tools.inputs.boostsOf(tx, unit),
    },
  };
}

/** R19: an unread value is unknown, never zero. */
async function outsideOwes(
  tx: Transaction,
  unit: TokenDay,
  rules: RulesOfDay,
  chainDay: ChainDay | null,
  tools: SettlementTools,
): Promise<string | null> {
  if (chainDay === null) return `the chain: ${rules.chain} has not said everything about ${unit.day} yet`;
  if (chainDay.halted !== null) return `the chain: ${rules.chain} is halted (${chainDay.halted})`;
  if (!(await tools.inputs.hasPrice(tx, unit))) return `a price: none of ${unit.token} is known for ${unit.day}`;
  return null;
}

/** R18: an applied slash is borne by the reserve, then the treasury. What is released already is not taken back. */
async function slashMoves(tx: Transaction, unit: TokenDay, tools: SettlementTools): Promise<JournalMove[]> {
  const slashes = await tools.inputs.unbookedSlashes(tx, unit);
  if (slashes.length === 0) return [];
  let reserve = await tools.journal.balance(tx, unit, 'reserve');
  const treasury = await tools.journal.balance(tx, unit, 'treasury');
  return slashes.flatMap((slash) => {
    const absorbed = absorb(slash, reserve, treasury);
    reserve -= absorbed.reserveAtoms;
    // Calculated once by the pure rule; booked as one movement for each side that bears it.
    const entry = slashEntry({ token: unit.token, day: unit.day, key: slash.key }, absorbed);
    return entry.lines
      .filter((line) => line.account !== 'chain-slashes')
      .map((line): JournalMove => ({
        key: `${line.account}.slash.${slash.key}`,
        kind: 'slash',
        from: line.account,
        to: 'chain-slashes',
        atoms: -line.amountAtoms,
      }));
  });
}

function absorb(slash: AppliedSlash, reserve: bigint, treasury: bigint): ReturnType<typeof absorbSlash> {
  return absorbSlash({
    amountAtoms: slash.amount,
    unreleasedAtoms: atoms(0n),
    reserveAtoms: atoms(reserve > 0n ? reserve : 0n),
    treasuryAtoms: atoms(treasury > 0n ? treasury : 0n),
    fromUnreleased: false,
  });
}
