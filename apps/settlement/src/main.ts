import 'reflect-metadata';
import { Database } from '@app/database';
import { armFaultPoint, ConfigError, createLogger, loadEnv, onShutdown } from '@app/platform';
import { NestFactory } from '@nestjs/core';
import { SettlementRun } from './settlement-run.js';
import { SettlementModule } from './settlement.module.js';
import { tickUntil } from './settlement-tick.js';

try {
  const env = loadEnv(process.env, { needs: ['DATABASE_URL'] });
  armFaultPoint(env.FAULT_AT);
  const log = createLogger({ app: 'settlement', level: env.LOG_LEVEL });
  let work: Promise<void> = Promise.resolve();
  let close = async (): Promise<void> => undefined;
  const shutdown = onShutdown(
    async () => {
      await work;
      await close();
    },
    { onStart: (reason) => log.info({ reason }, 'settlement ends') },
  );
  const app = await NestFactory.createApplicationContext(SettlementModule.of(env, shutdown.signal), { logger: false });
  close = async () => {
    await app.get(Database).close();
    await app.close();
  };
  log.info({ tickMs: env.TICK_MS }, 'settlement runs');
  work = tickUntil(shutdown.signal, app.get(SettlementRun), env.TICK_MS, log);
  await work;
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
