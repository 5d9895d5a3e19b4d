import type { JournalMove, RulesOfDay, SettlementRow, SettlementState, TokenDay } from '@app/database';
import { type DayPool, invariant, payoutUnit, poolOfDay } from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { known, rulesOf, step, type StepResult } from './step.js';

/**
 * Step 4 (R16, R17, R20): the pool, and everybody's part of it, as one set into the day's own leaf. Rows, journal and
 * state become visible together or not at all.
 */
export function splitPool(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  const move = {
    from: 'qualified',
    to: 'split',
    beforeCommit: 'settlement.split.before-commit',
    committed: 'settlement.split.committed',
    isolation: 'REPEATABLE READ',
  } as const;
  return step(unit, tools, move, async (tx, day): Promise<StepResult> => {
    const rules = await rulesOf(tx, unit, tools);
    const qualifying = known(day.qualifying, 'qualifying');
    const pool = poolOf(day, rules);
    await tools.measure.measurePartial(tx, unit, rules);
    await tools.split.createLeaf(tx, unit);
    await tools.split.load(tx, unit, rules, { pool: pool.poolAtoms, qualifying, unitAtoms: payoutUnit(rules) });
    tools.reach('settlement.split.loaded');
    const loaded = await tools.split.sums(tx, unit);
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
    const leftover = pool.poolAtoms - loaded.paid;
    await tools.split.attachLeaf(tx, unit);
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
