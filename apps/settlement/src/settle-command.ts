import {
  Database,
  DayPartitionRepository,
  rolledBack,
  type SettlementRow,
  type SettlementState,
  type TokenDay,
  type Transactions,
} from '@app/database';
import { createLogger, type Logger } from '@app/platform';
import type { UtcDay } from '@app/staking-core';
import { settleDay } from './daily-settlement.js';
import { SettlementRun } from './settlement-run.js';
import { clockOf, connectionsOf, coreClient, type SettlementEnv, shardsOf } from './settlement.module.js';
import { type SettlementTools, settlementTools } from './settlement-tools.js';

export interface SettleRequest {
  readonly day: UtcDay;
  /** Without it: every token. */
  readonly token?: string;
  /** Steps 1 to 5 by the same code in a transaction that is rolled back; nothing leaves, nothing stays. */
  readonly dryRun?: boolean;
}

/** `npm run settle`: settles what of the day can be settled now and answers with the day's rows. Doing it again is safe. */
export async function settleCommand(request: SettleRequest, env: SettlementEnv): Promise<SettlementRow[]> {
  const log = createLogger({ app: 'settle', level: 'warn' });
  const db = await Database.open(env.DATABASE_URL, {
    applicationName: 'soft-staking-settle',
    statementTimeoutMs: 0,
    poolSize: connectionsOf(env),
  });
  try {
    const tools = toolsOver(db, db, env, log);
    if (request.dryRun !== true) {
      await settleAsked(request, tools);
      return await rowsOf(request, tools);
    }
    await tools.openDay(request.day);
    return await rolledBack(db, async (dry) => {
      const rehearsal = toolsOver(db, dry, env, log);
      await rehearse(request, rehearsal);
      return rowsOf(request, rehearsal);
    });
  } finally {
    await db.close();
  }
}

async function settleAsked(request: SettleRequest, tools: SettlementTools): Promise<void> {
  const run = new SettlementRun(tools);
  await tools.settlements.openDueDays(tools.db);
  for (const row of await rowsOf(request, tools)) {
    if (row.state !== 'paid' && row.state !== 'held') await run.settle({ day: row.day, token: row.token });
  }
}

/** States up to the check: later ones have begun to leave, and there is nothing to rehearse. */
const REHEARSED: readonly SettlementState[] = ['waiting', 'final', 'measured', 'qualified', 'split'];

/** The day up to its check. A day whose inputs are still open says what it waits for: a rehearsal closes nothing. */
async function rehearse(request: SettleRequest, tools: SettlementTools): Promise<void> {
  await tools.settlements.openDueDays(tools.db);
  const gate = await tools.inputs.closedThrough(tools.db);
  for (const row of await rowsOf(request, tools)) {
    if (gate === null || gate < row.day) {
      await tools.settlements.wait(tools.db, row, 'the day to be closed (a dry run closes no day)');
    } else if (REHEARSED.includes(row.state)) {
      await settleDay({ day: row.day, token: row.token }, { ...tools, ...NOTHING_LEAVES });
    }
  }
}

/** The window never opens in a rehearsal, so step 6 stops before it plans anything. */
const NOTHING_LEAVES: Pick<SettlementTools, 'clock'> = { clock: { now: () => Promise.resolve(new Date(0)) } };

async function rowsOf(request: SettleRequest, tools: SettlementTools): Promise<SettlementRow[]> {
  return (await tools.settlements.ofDay(tools.db, request.day)).filter((row) => asked(request, row));
}

function asked(request: SettleRequest, unit: TokenDay): boolean {
  return request.token === undefined || request.token === unit.token;
}

function toolsOver(db: Database, work: Transactions, env: SettlementEnv, log: Logger): SettlementTools {
  const leaves = new DayPartitionRepository(db);
  return settlementTools({
    db: work,
    core: coreClient(env),
    clock: clockOf(db, env),
    log,
    openDay: (day) => leaves.openDay(day),
    // A rehearsal is one transaction, and one transaction is one connection.
    limits: { shards: work === db ? shardsOf(env) : 1 },
  });
}
