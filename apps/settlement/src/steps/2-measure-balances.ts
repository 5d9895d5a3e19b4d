import type { SettlementState, TokenDay } from '@app/database';
import type { SettlementTools } from '../settlement-tools.js';
import { rulesOf, step } from './step.js';

/**
 * Step 2 (R3-R8): measures, from the log, exactly those whose day is not simply whole. Everybody else's balance x time
 * stands in the running accumulator already and is read where it is used. Owners with several accounts are added up
 * here, because their accounts fall into different ranges of the steps that follow (R10).
 */
export function measureBalances(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  const move = {
    from: 'final',
    to: 'measured',
    beforeCommit: 'settlement.measure.before-commit',
    committed: 'settlement.measure.committed',
    isolation: 'REPEATABLE READ',
    heavy: true,
  } as const;
  return step(unit, tools, move, async (tx) => {
    await tools.settlements.workOnSets(tx);
    const rules = await rulesOf(tx, unit, tools);
    const movedOn = await tools.measure.measurePartial(tx, unit, rules);
    await tools.measure.sumOwners(tx, unit, rules);
    return { kind: 'done', figures: { balances_from: movedOn > 0 ? 'log' : 'accumulators' } };
  });
}
