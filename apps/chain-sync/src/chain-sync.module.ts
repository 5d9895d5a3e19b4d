import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { openChainAdapter, openDevSigner, withMetrics, withRetry, type ChainAdapter } from '@app/chains';
import { ChainObservationRepository, ChainOperationRepository, Database, LeaseRepository } from '@app/database';
import { ConfigError, createClock, faultPoint, HealthChecks, Metrics, type Env, type Logger } from '@app/platform';
import { atoms } from '@app/staking-core';
import { type DynamicModule, Module } from '@nestjs/common';
import { addChainChecks } from './chain-health.js';
import { ChainMetrics } from './chain-sync.metrics.js';
import { Leadership } from './leader/leadership.js';
import { DEFAULT_FINALITY_LIMITS } from './observe/finality-alarm.js';
import { ChainRunner, type DevelopmentOperating } from './run-chain.js';

export type ChainSyncEnv = Env & Required<Pick<Env, 'DATABASE_URL' | 'BNB_TREASURY_ADDRESS'>>;

/** The runners of all configured chains. */
export const CHAIN_RUNNERS = Symbol('chain runners');

/** A process that dies is replaced after this long; one that restarts cleanly gives its lease back at once. */
const LEASE_MS = 4_000;
const RETRY = { attempts: 3, firstDelayMs: 200, maxDelayMs: 2_000 };

/** Genesis of the main network (`BSCGenesisHash` in bnb-chain/bsc params): in production no other chain will do. */
const BNB_MAIN_GENESIS = '0x0d21840abff46b96c84b2ac9e10e4f5cdaeb5693cb665db62a2f3b02d2d57b5b';

/** Development policy: four fifths of custody staked with three validators, a tenth of a coin kept for fees. */
const DEV_STAKE_SHARE_BPS = 8_000n;
const DEV_VALIDATORS = 3;
const DEV_RESERVE = atoms(10n ** 17n);

/** The whole process: a database, metrics, health, and one runner a chain. Everything is put together here. */
@Module({})
export class ChainSyncModule {
  static of(env: ChainSyncEnv, log: Logger): DynamicModule {
    return {
      module: ChainSyncModule,
      providers: [
        {
          provide: Database,
          useFactory: () =>
            Database.open(env.DATABASE_URL, { applicationName: 'soft-staking-chain-sync', poolSize: 6 }),
        },
        { provide: Metrics, useFactory: () => new Metrics({ app: 'chain-sync', runtime: true }) },
        {
          provide: CHAIN_RUNNERS,
          inject: [Database, Metrics],
          useFactory: async (db: Database, metrics: Metrics) => [await bnbRunner(env, db, metrics, log)],
        },
        {
          provide: HealthChecks,
          inject: [Database, CHAIN_RUNNERS],
          useFactory: (db: Database, runners: readonly ChainRunner[]) =>
            addChainChecks(new HealthChecks(), db, runners),
        },
      ],
    };
  }
}

/** The adapter's code is imported only here and only for a configured chain. */
async function bnbRunner(env: ChainSyncEnv, db: Database, metrics: Metrics, log: Logger): Promise<ChainRunner> {
  const production = env.NODE_ENV === 'production';
  const bare = await openChainAdapter({
    chain: 'bnb',
    urls: env.BNB_RPC_URLS,
    chainId: BigInt(env.BNB_CHAIN_ID),
    ...(production ? { genesisHash: BNB_MAIN_GENESIS, confirm: 'required' as const } : {}),
  });
  const adapter = withRetry(withCallMetrics(bare, metrics), RETRY);
  const parts = {
    adapter,
    account: env.BNB_TREASURY_ADDRESS.toLowerCase(),
    leadership: new Leadership(new LeaseRepository(db), `chain:${adapter.chain}`, processName(), LEASE_MS),
    books: new ChainObservationRepository(db),
    clock: createClock(env.CLOCK, db.dataSource),
    finalityLimits: DEFAULT_FINALITY_LIMITS,
    metrics: new ChainMetrics(metrics),
    log,
    reach: faultPoint,
  };
  return new ChainRunner(parts, await developmentOperating(env, db), env.TICK_MS);
}

/** Delegating from this process exists in development only, with a key that production configuration refuses. */
async function developmentOperating(env: ChainSyncEnv, db: Database): Promise<DevelopmentOperating | null> {
  if (env.NODE_ENV === 'production' || !env.BNB_DEV_KEY) return null;
  const signer = await openDevSigner({
    chain: 'bnb',
    privateKey: env.BNB_DEV_KEY.reveal(),
    chainId: BigInt(env.BNB_CHAIN_ID),
  });
  if (signer.account !== env.BNB_TREASURY_ADDRESS.toLowerCase()) {
    throw new ConfigError([
      `BNB_TREASURY_ADDRESS: is not the account of BNB_DEV_KEY, which is ${signer.account}; example: BNB_TREASURY_ADDRESS=${signer.account}`,
    ]);
  }
  const policy = { shareBps: DEV_STAKE_SHARE_BPS, validators: DEV_VALIDATORS, reserve: DEV_RESERVE };
  return { signer, operations: new ChainOperationRepository(db), policy };
}

function withCallMetrics(adapter: ChainAdapter, metrics: Metrics): ChainAdapter {
  const duration = metrics.histogram('chain_call_seconds', 'Calls to chain endpoints', ['chain', 'call', 'outcome']);
  return withMetrics(adapter, ({ chain, call, outcome, durationMs }) =>
    duration.observe({ chain, call, outcome }, durationMs / 1000),
  );
}

/** Unique for each start of a process: a restarted one is another holder and gets another fence. */
const processName = (): string => `${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`;
