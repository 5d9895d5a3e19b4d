import type { SettlementState, TokenDay } from '@app/database';
import type { SettlementTools } from '../settlement-tools.js';
import { rulesOf, step } from './step.js';

/** Step 3 (R10): minimum, cap, the owner's cap; Q and the number of users. */
export function decideWhoQualifies(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  const move = {
    from: 'measured',
    to: 'qualified',
    beforeCommit: 'settlement.qualify.before-commit',
    committed: 'settlement.qualify.committed',
    isolation: 'REPEATABLE READ',
  } as const;
  return step(unit, tools, move, async (tx) => {
    const rules = await rulesOf(tx, unit, tools);
    // The feed flows on: accumulators that have left the day behind since step 2 are measured from the log, too.
    await tools.measure.measurePartial(tx, unit, rules);
    await tools.measure.sumOwners(tx, unit, rules);
    const { qualifying, users } = await tools.measure.qualify(tx, unit, rules);
    return { kind: 'done', figures: { qualifying, users } };
  });
}
