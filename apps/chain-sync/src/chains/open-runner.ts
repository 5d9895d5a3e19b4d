import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { openChainAdapter, openDevSigner, withMetrics, withRetry, type ChainAdapter } from '@app/chains';
import {
  ChainObservationRepository,
  ChainOperationRepository,
  CutSnapshotRepository,
  LeaseRepository,
  type Database,
} from '@app/database';
import { ConfigError, createClock, faultPoint, type Env, type Logger, type Metrics } from '@app/platform';
import type { ChainMetrics } from '../chain-sync.metrics.js';
import { Leadership } from '../leader/leadership.js';
import { DEFAULT_FINALITY_LIMITS } from '../observe/finality-alarm.js';
import { ChainRunner, type DevelopmentOperating } from '../run-chain.js';
import type { ConfiguredChain } from './configured-chains.js';

/** A process that dies is replaced after this long; one that restarts cleanly gives its lease back at once. */
const LEASE_MS = 4_000;
const RETRY = { attempts: 3, firstDelayMs: 200, maxDelayMs: 2_000 };

/** What all runners of one process share. */
export interface ProcessParts {
  readonly env: Env;
  readonly db: Database;
  readonly metrics: Metrics;
  readonly chainMetrics: ChainMetrics;
  readonly log: Logger;
}

/**
 * One chain put together. The adapter's code is imported here, and only for a configured chain; what it needs of the
 * network to open may fail, and is then tried again by whoever follows it.
 * @throws ConfigError when the development key is another account's
 */
export async function openRunner(configured: ConfiguredChain, parts: ProcessParts): Promise<ChainRunner> {
  const { wiring, urls, account } = configured;
  const { env, db, metrics, chainMetrics, log } = parts;
  const operating = await developmentOperating(configured, parts);
  const snapshots = new CutSnapshotRepository(db, wiring.chain);
  const bare = await openChainAdapter(wiring.adapter(env, urls, env.NODE_ENV === 'production'), { snapshots });
  const adapter = withRetry(withCallMetrics(bare, metrics), RETRY);
  const observing = {
    adapter,
    account,
    leadership: new Leadership(new LeaseRepository(db), `chain:${wiring.chain}`, processName(), LEASE_MS),
    books: new ChainObservationRepository(db),
    clock: createClock(env.CLOCK, db.dataSource),
    finalityLimits: DEFAULT_FINALITY_LIMITS,
    metrics: chainMetrics,
    log,
    reach: faultPoint,
  };
  return new ChainRunner(observing, operating, env.TICK_MS);
}

/** Delegating from this process exists in development only, with a key that production configuration refuses. */
async function developmentOperating(
  { wiring, account }: ConfiguredChain,
  { env, db }: ProcessParts,
): Promise<DevelopmentOperating | null> {
  const key = env[`${wiring.symbol}_DEV_KEY`];
  if (env.NODE_ENV === 'production' || !key) return null;
  const signer = await openDevSigner(wiring.signer(env, key.reveal()));
  if (signer.account !== account) {
    const name = `${wiring.symbol}_TREASURY_ADDRESS`;
    throw new ConfigError([
      `${name}: is not the account of ${wiring.symbol}_DEV_KEY, which is ${signer.account}; example: ${name}=${signer.account}`,
    ]);
  }
  return { signer, operations: new ChainOperationRepository(db), policy: wiring.policy };
}

function withCallMetrics(adapter: ChainAdapter, metrics: Metrics): ChainAdapter {
  const duration = metrics.histogram('chain_call_seconds', 'Calls to chain endpoints', ['chain', 'call', 'outcome']);
  return withMetrics(adapter, ({ chain, call, outcome, durationMs }) =>
    duration.observe({ chain, call, outcome }, durationMs / 1000),
  );
}

/** Unique for each start of a process: a restarted one is another holder and gets another fence. */
const processName = (): string => `${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`;
