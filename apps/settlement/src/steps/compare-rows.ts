import {
  BALANCE_AND_REWARD as FIELD,
  type CopiedLine,
  type RulesOfDay,
  type SettlementRow,
  type Slices,
  type Transaction,
} from '@app/database';
import {
  averageFromNow,
  type IndependentFindings,
  IndependentRows,
  type StoredFigures,
  type StoredReward,
} from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import type { Moved } from './read-moved.js';

/** R22a when the prints differ: every balance beside its stored reward, to say whose reward is another one, and which. */
export async function compareRows(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  figures: StoredFigures,
  inSlices: (look: (slices: Slices, moved: Moved) => Promise<void>) => Promise<void>,
  tools: SettlementTools,
): Promise<IndependentFindings> {
  const rows = new IndependentRows(rules, figures);
  await inSlices((slices, { sums, lists }) =>
    tools.dayLog.balancesAndRewards(tx, day, rules, slices, (line) => {
      const [from, to] = [line.from(FIELD.user), line.to(FIELD.user)];
      const place = sums.find(line.bytes, from, to);
      const counts = lists.counting(place < 0 ? lists.ofUser(line.bytes, from, to) : sums.note(place));
      const nowAtoms = line.bigint(FIELD.now);
      rows.row({
        user: () => line.text(FIELD.user),
        averageAtoms: counts.length === 0 ? 0n : averageFromNow(nowAtoms, counts, sums, place),
        counts: counts.length > 0,
        owner: line.textOrNull(FIELD.owner),
        ownerAtoms: line.bigintOrNull(FIELD.ownerAverage),
        stored: storedOf(line, nowAtoms),
      });
    }),
  );
  return rows.findings();
}

/** What is left out is the number before it. */
function storedOf(line: CopiedLine, nowAtoms: bigint): StoredReward | null {
  if (line.isNull(FIELD.amount)) return null;
  const averageAtoms = line.bigintOrNull(FIELD.average) ?? nowAtoms;
  return {
    averageAtoms,
    weightAtoms: line.bigintOrNull(FIELD.weight) ?? averageAtoms,
    rewardAtoms: line.bigint(FIELD.amount),
  };
}
