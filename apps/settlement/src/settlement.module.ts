import { Database, DayPartitionRepository } from '@app/database';
import { type Clock, createClock, createLogger, type Env, type Logger } from '@app/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { CoreClient } from './core/core-client.js';
import { archiveTools } from './retention/archive-command.js';
import { DayKeeper } from './retention/keep-days.js';
import { SettlementRun } from './settlement-run.js';
import { DEFAULT_LIMITS, settlementTools } from './settlement-tools.js';

export const SHUTDOWN_SIGNAL = Symbol('shutdown signal');

export type SettlementEnv = Env & { readonly DATABASE_URL: string };

/** Longest call to the core; a claim on a batch outlives it. */
const CORE_TIMEOUT_MS = 5_000;

/** The whole process: a database, the core, a clock, and the run over them. */
@Module({})
export class SettlementModule {
  static of(env: SettlementEnv, signal: AbortSignal): DynamicModule {
    const log = createLogger({ app: 'settlement', level: env.LOG_LEVEL });
    return {
      module: SettlementModule,
      providers: [
        {
          provide: Database,
          useFactory: () =>
            Database.open(env.DATABASE_URL, {
              applicationName: 'soft-staking-settlement',
              statementTimeoutMs: 0,
              poolSize: connectionsOf(env),
            }),
        },
        {
          provide: SettlementRun,
          inject: [Database],
          useFactory: (db: Database) => settlementRun(db, env, log, signal),
        },
      ],
    };
  }
}

/** The run of a process, from its environment. */
export function settlementRun(db: Database, env: SettlementEnv, log: Logger, signal?: AbortSignal): SettlementRun {
  const leaves = new DayPartitionRepository(db);
  const keeper = new DayKeeper(archiveTools(db, env, clockOf(db, env), log));
  return new SettlementRun(
    settlementTools({
      db,
      core: coreClient(env, signal),
      clock: clockOf(db, env),
      log,
      openDay: (day) => leaves.openDay(day),
      keepDays: (signal) => keeper.tick(signal),
      limits: { claimMs: CORE_TIMEOUT_MS + 1_000, shards: shardsOf(env) },
    }),
  );
}

export function shardsOf(env: SettlementEnv): number {
  return env.SETTLE_SHARDS ?? DEFAULT_LIMITS.shards;
}

/** One for each range at work, and some for everything that is short. */
export function connectionsOf(env: SettlementEnv): number {
  return shardsOf(env) + 8;
}

export function coreClient(env: SettlementEnv, signal?: AbortSignal): CoreClient {
  return new CoreClient({
    url: env.CORE_URL,
    secret: env.CORE_WEBHOOK_SECRET.reveal(),
    timeoutMs: CORE_TIMEOUT_MS,
    ...(signal ? { signal } : {}),
  });
}

export function clockOf(db: Database, env: Env): Clock {
  return createClock(env.CLOCK, db.dataSource);
}
