import { parseArgs } from 'node:util';
import { armFaultPoint, ConfigError, createLogger, loadEnv, onShutdown } from '@app/platform';
import { startSampleCore } from './index.js';

const USAGE =
  'node dist/devnet/core/main.js [--port 4811] [--api http://127.0.0.1:4800] [--seed 7 --users 200 --first-day YYYY-MM-DD]';

function flags() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      api: { type: 'string' },
      seed: { type: 'string' },
      users: { type: 'string' },
      'first-day': { type: 'string' },
    },
  });
  const whole = (name: 'port' | 'seed' | 'users', fallback: number): number => {
    const text = values[name];
    if (text === undefined) return fallback;
    if (!/^\d{1,9}$/.test(text)) throw new ConfigError([`--${name}: must be a whole number, got ${text}`]);
    return Number(text);
  };
  const api = values.api ?? 'http://127.0.0.1:4800';
  if (!URL.canParse(api)) throw new ConfigError([`--api: must be a URL, got ${api}`]);
  return {
    port: whole('port', 4811),
    api,
    seed: whole('seed', 7),
    users: whole('users', 200),
    firstDay: values['first-day'],
  };
}

function configOrExit() {
  try {
    const env = loadEnv(process.env, { needs: ['DATABASE_URL'] });
    if (env.NODE_ENV === 'production') throw new ConfigError(['NODE_ENV: the sample core is a development tool']);
    return { env, given: flags() };
  } catch (error) {
    const lines =
      error instanceof ConfigError ? error.problems : [error instanceof Error ? error.message : String(error)];
    for (const line of lines) console.error(line);
    console.error(USAGE);
    return process.exit(1);
  }
}

const { env, given } = configOrExit();
armFaultPoint(env.FAULT_AT);
const log = createLogger({ app: 'sample-core', level: env.LOG_LEVEL });

try {
  const running = await startSampleCore({
    databaseUrl: env.DATABASE_URL,
    apiUrl: given.api,
    apiKey: env.CORE_API_KEY.reveal(),
    devKey: env.CORE_API_KEY.reveal(),
    webhookSecret: env.CORE_WEBHOOK_SECRET.reveal(),
    port: given.port,
    defaults: { seed: given.seed, users: given.users },
    log,
  });
  const shutdown = onShutdown(() => running.stop(), { onStart: (reason) => log.info({ reason }, 'stopping') });
  log.info({ url: running.url, api: given.api }, 'sample core is listening');
  process.send?.({ ready: running.url });
  if (given.firstDay !== undefined) {
    const { seed, users, firstDay } = given;
    running.core.open({ seed, users, firstDay }).then(
      ({ fresh }) => log.info({ seed, users, firstDay, fresh }, 'books are open'),
      (error: unknown) => {
        log.error({ err: error }, 'the books could not be opened');
        shutdown.begin(1);
      },
    );
  }
} catch (error) {
  log.fatal({ err: error }, 'sample core could not start');
  process.exit(1);
}
