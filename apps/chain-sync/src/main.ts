import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Database } from '@app/database';
import { armFaultPoint, ConfigError, createLogger, HealthChecks, loadEnv, Metrics, onShutdown } from '@app/platform';
import { NestFactory } from '@nestjs/core';
import { ChainSyncModule, FOLLOWED_CHAINS } from './chain-sync.module.js';
import { configuredChains } from './chains/configured-chains.js';
import type { FollowedChain } from './follow-chain.js';
import { healthPortOf, startHealthServer } from './health-server.js';

try {
  const { values } = parseArgs({ options: { 'health-port': { type: 'string' } } });
  const healthPort = healthPortOf(values['health-port']);
  const env = loadEnv(process.env, { needs: ['DATABASE_URL'] });
  const configured = configuredChains(env);
  armFaultPoint(env.FAULT_AT);
  const log = createLogger({ app: 'chain-sync', level: env.LOG_LEVEL });
  let work: Promise<unknown> = Promise.resolve();
  let close = async (): Promise<void> => undefined;
  const shutdown = onShutdown(
    async () => {
      await work;
      await close();
    },
    { onStart: (reason) => log.info({ reason }, 'chain-sync ends') },
  );
  const app = await NestFactory.createApplicationContext(ChainSyncModule.of(env, configured, log), {
    logger: false,
    abortOnError: false,
  });
  const server =
    healthPort === null ? null : await startHealthServer(app.get(HealthChecks), app.get(Metrics), healthPort);
  close = async () => {
    server?.close();
    await app.get(Database).close();
    await app.close();
  };
  const chains = app.get<readonly FollowedChain[]>(FOLLOWED_CHAINS);
  // A promise that a chain's library forgot must not end the chains beside it.
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise failed and nobody waited for it'));
  log.info({ chains: chains.map(({ chain }) => chain), healthPort }, 'chain-sync runs');
  work = Promise.all(chains.map((chain) => chain.run(shutdown.signal)));
  await work;
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
