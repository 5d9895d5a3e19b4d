import { setTimeout as pause } from 'node:timers/promises';
import { type Database, DayPartitionRepository, type SettlementState, type TokenDay } from '@app/database';
import { createLogger } from '@app/platform';
import { utcDay } from '@app/staking-core';
import { CoreClient } from '../../apps/settlement/src/core/core-client.js';
import { settlementTools, type SettlementTools } from '../../apps/settlement/src/settlement-tools.js';
import { waitForFinalData } from '../../apps/settlement/src/steps/1-wait-for-final-data.js';
import { measureBalances } from '../../apps/settlement/src/steps/2-measure-balances.js';
import { decideWhoQualifies } from '../../apps/settlement/src/steps/3-decide-who-qualifies.js';
import { splitPool } from '../../apps/settlement/src/steps/4-split-pool.js';
import { checkDay } from '../../apps/settlement/src/steps/5-check-day.js';

type Step = (unit: TokenDay, tools: SettlementTools) => Promise<SettlementState | null>;

/** As `settleDay` has them, up to the check. */
const STEP_OF: Partial<Record<SettlementState, Step>> = {
  waiting: waitForFinalData,
  final: measureBalances,
  measured: decideWhoQualifies,
  qualified: splitPool,
  split: checkDay,
};
const TICK_MS = 50;
const TICKS = 400;

/** All tokens of a day to `checked`, from wherever each was left, with a look again where the product says "later". */
export async function settleToChecked(db: Database, day: string, shards: number): Promise<void> {
  const leaves = new DayPartitionRepository(db);
  const tools = settlementTools({
    db,
    core: new CoreClient({ url: 'http://127.0.0.1:9', secret: 'whsec_bm90aGluZyBpcyBldmVyIHNlbnQ=', timeoutMs: 1 }),
    clock: { now: () => Promise.resolve(new Date()) },
    log: createLogger({ app: 'bench-kill', level: 'error' }),
    openDay: (of) => leaves.openDay(of),
    limits: { shards },
  });
  await tools.settlements.openDueDays(db);
  const rows = await tools.settlements.ofDay(db, utcDay(day));
  await Promise.all(rows.map(({ token }) => toChecked({ day: utcDay(day), token }, tools)));
}

async function toChecked(unit: TokenDay, tools: SettlementTools): Promise<void> {
  for (let tick = 0; tick < TICKS; tick += 1) {
    const state = (await tools.settlements.find(tools.db, unit))?.state ?? null;
    if (state === 'checked') return;
    const step = state === null ? undefined : STEP_OF[state];
    if (!step) throw new Error(`${unit.token} is ${String(state)}`);
    if ((await step(unit, tools)) === state) await pause(TICK_MS);
  }
  const row = await tools.settlements.find(tools.db, unit);
  throw new Error(`${unit.token} stays ${row?.state ?? 'away'}: ${row?.waitingFor ?? ''}`);
}
