import type { SettlementState, TokenDay } from '@app/database';
import type { SettlementTools } from '../settlement-tools.js';
import { rulesOf, step } from './step.js';

/**
 * Step 2 (R3-R8): measures, from the log, exactly those whose day is not simply whole. Everybody else's balance x time
 * stands in the running accumulator already and is read where it is used.
 */
export function measureBalances(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  const move = {
    from: 'final',
    to: 'measured',
    beforeCommit: 'settlement.measure.before-commit',
    committed: 'settlement.measure.committed',
    isolation: 'REPEATABLE READ',
  } as const;
  return step(unit, tools, move, async (tx) => {
    const movedOn = await tools.measure.measurePartial(tx, unit, await rulesOf(tx, unit, tools));
    return { kind: 'done', figures: { balances_from: movedOn > 0 ? 'log' : 'accumulators' } };
  });
}
