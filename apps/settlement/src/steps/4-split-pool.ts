import type {
  Buckets,
  JournalMove,
  LoadedLeaf,
  RulesOfDay,
  SettlementRow,
  SettlementState,
  SplitPool,
  TokenDay,
  Transaction,
} from '@app/database';
import { type DayPool, invariant, poolOfDay } from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { inPieces } from './in-pieces.js';
import { IN_OTHER_HANDS, known, rulesOf, step, type StepResult } from './step.js';

/**
 * Step 4 (R16, R17, R20): the pool, and everybody's part of it, as sets into the day's own leaf: by ranges of users,
 * bare and unattached, then keyed, added up, attached and booked at once. Nobody sees a leaf that is half done.
 */
export async function splitPool(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  await inPieces(unit, tools, {
    from: 'qualified',
    step: 'split',
    begin: (tx) => tools.split.createLeaf(tx, unit),
    work: async (tx, range) => {
      const { day, rules, pool } = await poolToSplit(tx, unit, tools);
      const share = { pool: pool.poolAtoms, qualifying: known(day.qualifying, 'qualifying') };
      return { users: await loadRange(tx, unit, rules, share, range, tools) };
    },
  });
  const move = {
    from: 'qualified',
    to: 'split',
    beforeCommit: 'settlement.split.before-commit',
    committed: 'settlement.split.committed',
    heavy: true,
  } as const;
  return step(unit, tools, move, async (tx): Promise<StepResult> => {
    if ((await tools.pieces.results(tx, unit, 'split')) === null) return IN_OTHER_HANDS;
    await tools.settlements.workOnSets(tx);
    const { day, pool } = await poolToSplit(tx, unit, tools);
    const loaded = await sumsOfLeaf(tx, day, pool, tools);
    const leftover = pool.poolAtoms - loaded.paid;
    await tools.split.attachLeaf(tx, unit);
    tools.reach('settlement.split.attached');
    await tools.journal.book(tx, unit, splitMoves(day, pool, loaded.paid, leftover));
    return {
      kind: 'done',
      figures: {
        fee: pool.feeAtoms,
        pool_part: pool.poolPartAtoms,
        treasury_part: pool.treasuryPartAtoms,
        pool: pool.poolAtoms,
        paid: loaded.paid,
        leftover,
      },
    };
  });
}

/** Nearly always at once: only when the feed has let accumulators leave the day behind since step 3 it is done again. */
async function loadRange(
  tx: Transaction,
  unit: TokenDay,
  rules: RulesOfDay,
  share: SplitPool,
  range: Buckets,
  { measure, split }: SettlementTools,
): Promise<number> {
  await measure.measureSince(tx, unit, rules, range, 'back again');
  const loaded = await split.load(tx, unit, rules, share, range);
  if (loaded !== 'unmeasured') return loaded;
  await measure.measureSince(tx, unit, rules, range, 'moved on too');
  const again = await split.load(tx, unit, rules, share, range);
  invariant(again !== 'unmeasured', 'everybody who takes part is measured (R19)', { ...unit });
  return again;
}

/** What the steps before have fixed; the same in every range, whoever does it. */
async function poolToSplit(
  tx: Transaction,
  unit: TokenDay,
  tools: SettlementTools,
): Promise<{ day: SettlementRow; rules: RulesOfDay; pool: DayPool }> {
  const day = known(await tools.settlements.find(tx, unit), 'the day');
  const rules = await rulesOf(tx, unit, tools);
  return { day, rules, pool: poolOf(day, rules) };
}

/** Added up as it is stored, not as the ranges say. */
async function sumsOfLeaf(
  tx: Transaction,
  day: SettlementRow,
  pool: DayPool,
  tools: SettlementTools,
): Promise<LoadedLeaf> {
  const qualifying = known(day.qualifying, 'qualifying');
  const loaded = await tools.split.sums(tx, day);
  invariant(loaded.qualifying === qualifying && loaded.users === day.users, 'who is paid is who qualified (R20)', {
    qualifying,
    loaded: loaded.qualifying,
    users: day.users,
    loadedUsers: loaded.users,
  });
  invariant(loaded.paid <= pool.poolAtoms, 'nothing is paid above the pool (R20)', {
    paid: loaded.paid,
    pool: pool.poolAtoms,
  });
  return loaded;
}

function poolOf(day: SettlementRow, rules: RulesOfDay): DayPool {
  return poolOfDay({
    releasedAtoms: known(day.released, 'released'),
    qualifyingAtoms: known(day.qualifying, 'qualifying'),
    stakeAtoms: known(day.stake, 'stake'),
    feeBps: rules.feeBps,
    leftoverBeforeAtoms: known(day.leftoverBefore, 'leftover before'),
    boostAtoms: known(day.boosts, 'boosts'),
  });
}

/** R25: what was released goes to users and treasury, what is in the pool to users and tomorrow. */
function splitMoves(day: SettlementRow, pool: DayPool, paid: bigint, leftover: bigint): JournalMove[] {
  return [
    { key: 'pool-part', kind: 'pool-part', from: 'released', to: 'pool', atoms: pool.poolPartAtoms },
    { key: 'treasury-part', kind: 'treasury-part', from: 'released', to: 'treasury', atoms: pool.treasuryPartAtoms },
    { key: 'fee', kind: 'treasury-part', from: 'released', to: 'treasury', atoms: pool.feeAtoms },
    {
      key: 'leftover-in',
      kind: 'leftover-in',
      from: 'leftover',
      to: 'pool',
      atoms: known(day.leftoverBefore, 'leftover'),
    },
    { key: 'boost', kind: 'boost', from: 'treasury', to: 'pool', atoms: known(day.boosts, 'boosts') },
    { key: 'rewards', kind: 'rewards', from: 'pool', to: 'user-rewards', atoms: paid },
    { key: 'leftover-out', kind: 'leftover-out', from: 'pool', to: 'leftover', atoms: leftover },
  ];
}
