import { type Database, DayPartitionRepository, type SettlementState, type TokenDay } from '@app/database';
import { createLogger } from '@app/platform';
import { utcDay } from '@app/staking-core';
import { CoreClient } from '../../apps/settlement/src/core/core-client.js';
import {
  settlementTools,
  type SettlementLimits,
  type SettlementTools,
} from '../../apps/settlement/src/settlement-tools.js';
import { waitForFinalData } from '../../apps/settlement/src/steps/1-wait-for-final-data.js';
import { measureBalances } from '../../apps/settlement/src/steps/2-measure-balances.js';
import { decideWhoQualifies } from '../../apps/settlement/src/steps/3-decide-who-qualifies.js';
import { splitPool } from '../../apps/settlement/src/steps/4-split-pool.js';
import { checkDay } from '../../apps/settlement/src/steps/5-check-day.js';

/** Parts of the product's day: its inputs fixed; measured, qualified and split; checked. */
export type SettlePart = 'final' | 'settle' | 'check';

type Step = (unit: TokenDay, tools: SettlementTools) => Promise<SettlementState | null>;

/** The steps of `daily-settlement.ts` up to the check, in its order; nothing is credited. */
const STEPS: Readonly<Record<SettlePart, readonly (readonly [Step, SettlementState])[]>> = {
  final: [[waitForFinalData, 'final']],
  settle: [
    [measureBalances, 'measured'],
    [decideWhoQualifies, 'qualified'],
    [splitPool, 'split'],
  ],
  check: [[checkDay, 'checked']],
};

/** The product's own settlement: all tokens at once, as `SettlementRun.tick` has it, on `shards` ranges of users. */
export class ProductSettlement {
  private readonly tools: SettlementTools;

  constructor(
    private readonly db: Database,
    private readonly day: string,
    shards: number,
    limits: Partial<SettlementLimits> = {},
  ) {
    const leaves = new DayPartitionRepository(db);
    this.tools = settlementTools({
      db,
      core: new CoreClient({ url: 'http://127.0.0.1:9', secret: 'whsec_bm90aGluZyBpcyBldmVyIHNlbnQ=', timeoutMs: 1 }),
      clock: { now: () => Promise.resolve(new Date()) },
      log: createLogger({ app: 'bench-settlement', level: 'error' }),
      openDay: (of) => leaves.openDay(of),
      limits: { shards, ...limits },
    });
  }

  /** @throws when a token's day does not come where it should */
  async run(part: SettlePart): Promise<void> {
    const { db, tools } = this;
    const day = utcDay(this.day);
    if (part === 'final') await tools.settlements.openDueDays(db);
    const rows = await tools.settlements.ofDay(db, day);
    // One that fails must not leave the others running behind the caller's back.
    const ends = await Promise.allSettled(rows.map(({ token }) => this.settle({ day, token }, part)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  private async settle(unit: TokenDay, part: SettlePart): Promise<void> {
    for (const [step, expected] of STEPS[part]) {
      const state = await step(unit, this.tools);
      if (state === expected) continue;
      const row = await this.tools.settlements.find(this.db, unit);
      const why = `${row?.waitingFor ?? ''} ${JSON.stringify(row?.held)}`;
      throw new Error(`${unit.token} is ${state}, not ${expected}: ${why}`);
    }
  }
}
