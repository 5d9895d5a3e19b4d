import { Database } from '@app/database';
import { createClock, createLogger, HealthChecks, loadEnv, Metrics, onShutdown } from '@app/platform';
import { createApi } from './create-api.js';
import { drain } from './drain.js';

// One clear line for each thing that is wrong with the environment, before anything listens.
function readEnv() {
  try {
    return loadEnv(process.env, { needs: ['DATABASE_URL', 'CORE_API_KEY'] });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

const env = readEnv();
const logger = createLogger({ app: 'api', level: env.LOG_LEVEL });
const metrics = new Metrics({ app: 'api', runtime: true });
const database = await Database.open(env.DATABASE_URL, { applicationName: 'api', poolSize: 16 });
let draining = false;
const health = new HealthChecks()
  .add('database', async () => void (await database.rows('SELECT 1')))
  .add('accepting', () => (draining ? Promise.reject(new Error('shutting down')) : Promise.resolve()));
// Asked by nearly every call: prepared.
const clock = createClock(env.CLOCK, { query: (sql) => database.often(sql) });
const api = await createApi({ database, clock, metrics, health }, { coreKey: env.CORE_API_KEY, logger });

onShutdown(
  async () => {
    draining = true;
    // Requests under way are answered, new ones refused; then the pool goes.
    await drain(api);
    await database.close();
    logger.info('stopped');
  },
  { onStart: (reason) => logger.info({ reason }, 'draining'), onError: (err) => logger.error({ err }, 'drain failed') },
);

// Loopback unless in production: a development key must not be reachable from the network.
const host = env.NODE_ENV === 'production' ? '0.0.0.0' : '127.0.0.1';
try {
  await api.listen(env.API_PORT, host);
} catch (error) {
  const busy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  logger.fatal(busy ? { port: env.API_PORT } : { err: error }, busy ? 'API_PORT is in use' : 'cannot listen');
  process.exit(1);
}
logger.info({ url: `http://${host}:${env.API_PORT}`, docs: '/docs' }, 'ready');
