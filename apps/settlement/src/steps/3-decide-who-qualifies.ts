import type { Buckets, RatedRange, RulesOfDay, SettlementState, TokenDay, Transaction } from '@app/database';
import { invariant } from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { inPieces } from './in-pieces.js';
import { IN_OTHER_HANDS, rulesOf, step } from './step.js';

/** What one range of users comes to; amounts as decimal strings. */
interface RangeWeight extends Readonly<Record<string, unknown>> {
  readonly weight: string;
  readonly users: number;
}

/** Step 3 (R10): minimum, cap, the owner's cap; Q and the number of users, by ranges of users. */
export async function decideWhoQualifies(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  await inPieces<RangeWeight>(unit, tools, {
    from: 'measured',
    step: 'qualify',
    work: async (tx, range) => {
      const rules = await rulesOf(tx, unit, tools);
      const { qualifying, users } = await rateRange(tx, unit, rules, range, tools);
      return { weight: qualifying.toString(), users };
    },
  });
  const move = {
    from: 'measured',
    to: 'qualified',
    beforeCommit: 'settlement.qualify.before-commit',
    committed: 'settlement.qualify.committed',
    heavy: true,
  } as const;
  return step(unit, tools, move, async (tx) => {
    const ranges = await tools.pieces.results<RangeWeight>(tx, unit, 'qualify');
    if (ranges === null) return IN_OTHER_HANDS;
    return {
      kind: 'done',
      figures: {
        qualifying: ranges.reduce((sum, range) => sum + BigInt(range.weight), 0n),
        users: ranges.reduce((sum, range) => sum + range.users, 0),
      },
    };
  });
}

/** Nearly always one pass: only one that meets accumulators which have left the day behind since step 2 is done again. */
async function rateRange(
  tx: Transaction,
  unit: TokenDay,
  rules: RulesOfDay,
  range: Buckets,
  { measure }: SettlementTools,
): Promise<RatedRange> {
  await measure.measureSince(tx, unit, rules, range, 'back again');
  const first = await measure.qualify(tx, unit, rules, range);
  if (first.unmeasured === 0) return first;
  await measure.measureSince(tx, unit, rules, range, 'moved on too');
  const rated = await measure.qualify(tx, unit, rules, range);
  const { unmeasured } = rated;
  invariant(unmeasured === 0, 'everybody who takes part is measured (R19)', { ...unit, unmeasured });
  return rated;
}
