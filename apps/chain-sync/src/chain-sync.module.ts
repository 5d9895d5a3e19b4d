import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '@app/database';
import { HealthChecks, Metrics, type Env, type Logger } from '@app/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { addChainChecks } from './chain-health.js';
import { ChainMetrics } from './chain-sync.metrics.js';
import type { ConfiguredChain } from './chains/configured-chains.js';
import { openRunner } from './chains/open-runner.js';
import { FollowedChain } from './follow-chain.js';

export type ChainSyncEnv = Env & Required<Pick<Env, 'DATABASE_URL'>>;

/** All configured chains, one runner each. */
export const FOLLOWED_CHAINS = Symbol('followed chains');

/** How long the start waits for a chain to open, so that wrong configuration is told at once; it goes on without it. */
const OPENING_PATIENCE_MS = 5_000;

/** Connections of the pool: what one chain needs at a time, and some for health and leases. */
const CONNECTIONS_A_CHAIN = 3;
const CONNECTIONS_BESIDE = 3;

/** The whole process: a database, metrics, health, and one runner a chain. Everything is put together here. */
@Module({})
export class ChainSyncModule {
  static of(env: ChainSyncEnv, configured: readonly ConfiguredChain[], log: Logger): DynamicModule {
    const poolSize = CONNECTIONS_BESIDE + CONNECTIONS_A_CHAIN * configured.length;
    return {
      module: ChainSyncModule,
      providers: [
        {
          provide: Database,
          useFactory: () => Database.open(env.DATABASE_URL, { applicationName: 'soft-staking-chain-sync', poolSize }),
        },
        { provide: Metrics, useFactory: () => new Metrics({ app: 'chain-sync', runtime: true }) },
        {
          provide: FOLLOWED_CHAINS,
          inject: [Database, Metrics],
          useFactory: async (db: Database, metrics: Metrics) => {
            const chainMetrics = new ChainMetrics(metrics);
            const chains = configured.map((one) => {
              const open = () => openRunner(one, { env, db, metrics, chainMetrics, log });
              return new FollowedChain(one.wiring.chain, open, { metrics: chainMetrics, log, tickMs: env.TICK_MS });
            });
            await Promise.all(chains.map(preparedWithinPatience));
            return chains;
          },
        },
        {
          provide: HealthChecks,
          inject: [Database, FOLLOWED_CHAINS],
          useFactory: (db: Database, chains: readonly FollowedChain[]) =>
            addChainChecks(new HealthChecks(), db, chains),
        },
      ],
    };
  }
}

function preparedWithinPatience(chain: FollowedChain): Promise<unknown> {
  return Promise.race([chain.prepare(), sleep(OPENING_PATIENCE_MS, undefined, { ref: false })]);
}
