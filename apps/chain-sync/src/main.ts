import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Database } from '@app/database';
import { armFaultPoint, ConfigError, createLogger, HealthChecks, loadEnv, Metrics, onShutdown } from '@app/platform';
import { NestFactory } from '@nestjs/core';
import { CHAIN_RUNNERS, ChainSyncModule } from './chain-sync.module.js';
import { healthPortOf, startHealthServer } from './health-server.js';
import type { ChainRunner } from './run-chain.js';

try {
  const { values } = parseArgs({ options: { 'health-port': { type: 'string' } } });
  const healthPort = healthPortOf(values['health-port']);
  const env = loadEnv(process.env, { needs: ['DATABASE_URL', 'BNB_TREASURY_ADDRESS'] });
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
  const app = await NestFactory.createApplicationContext(ChainSyncModule.of(env, log), {
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
  const runners = app.get<readonly ChainRunner[]>(CHAIN_RUNNERS);
  log.info({ chains: runners.map((runner) => runner.chain), healthPort }, 'chain-sync runs');
  work = Promise.all(runners.map((runner) => runner.run(shutdown.signal)));
  await work;
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
