import { cpus, loadavg } from 'node:os';
import { Database, WorldClockRepository } from '@app/database';
import { DAY, dayAt, instantAt } from '../generate/calendar.js';
import { DAY_LENGTH } from '../generate/population.js';
import { TOKENS } from '../generate/tokens.js';
import { startApi } from '../measure/api-process.js';
import { openBenchDatabase } from '../measure/bench-server.js';
import { Progress } from '../measure/progress.js';
import { overallHash } from '../oracle/day-oracle.js';
import { settleDown, storedHash } from '../settle/day-state.js';
import { ProductSettlement } from '../settle/product-settlement.js';
import { writeDay } from '../settle/settle-bench.js';
import { type ApiCall, putLoad, type CallFigures } from './load.js';
import {
  concurrentReadsPerSecond,
  emptyReadsPerSecond,
  foldMeasuredDay,
  longStanding,
  payMeasuredDay,
  readsPerSecond,
  writePastDays,
} from './past-days.js';

export interface ApiOptions {
  readonly users: number;
  readonly seed: number;
}

const CONNECTIONS = 16;
const REQUESTS = 2_000;
const WARM_UP = 200;
/** The API's clock stands here: noon of the day after. */
const NOW = instantAt(DAY_LENGTH * 1.5)!;

/** `npm run bench -- api`: the built API under load from the same machine, over a settled day and 400 before it. */
export async function apiBench({ users, seed }: ApiOptions): Promise<Record<string, unknown>> {
  const progress = new Progress(`api ${users} users`, 4 + CALLS.length);
  progress.step('generate and settle the day');
  const bench = await openBenchDatabase('bench_api');
  const { db } = bench;
  try {
    const { totals } = await writeDay(db, users, seed);
    await settleDown(db);
    const product = new ProductSettlement(db, DAY, cpus().length);
    for (const part of ['final', 'settle', 'check'] as const) await product.run(part);
    const hashOk =
      (await storedHash(
        db,
        TOKENS.map((token) => token.symbol),
      )) === overallHash(totals);
    if (!hashOk) return { users, seed, hashOk };
    progress.step('four hundred days before it');
    const logIndexSeconds = await payMeasuredDay(db);
    await writePastDays(db);
    const names = await longStanding(db);
    progress.step('reads on one connection');
    const one = await Database.open(bench.url, { poolSize: 1 });
    const reads = await readsOf(db, one, names).finally(() => one.close());
    progress.step('start the API');
    await new WorldClockRepository(db).prepare(new Date(NOW), DAY);
    const calls: Record<string, CallFigures> = {};
    const api = await startApi(bench.url, { CLOCK: 'world' });
    try {
      for (const callOf of CALLS) {
        const call = callOf(names);
        progress.step(`${REQUESTS} requests: ${call.name}`);
        const load = { url: api.url, headers: api.headers, connections: CONNECTIONS };
        await putLoad({ ...load, requests: WARM_UP }, call);
        calls[call.name] = await putLoad({ ...load, requests: REQUESTS }, call, WARM_UP);
      }
    } finally {
      await api.stop();
    }
    return {
      users,
      seed,
      connections: CONNECTIONS,
      calls,
      ...reads,
      logIndexSeconds,
      rewardDays: 400,
      loadAverage: loadavg()[0],
      cores: cpus().length,
      hashOk,
    };
  } finally {
    await bench.close();
  }
}

/** First with the measured day as the settlement leaves it, a leaf a token, then with all days folded. */
async function readsOf(db: Database, one: Database, names: readonly string[]): Promise<Record<string, number | null>> {
  const unfoldedRewardReadsPerSecond = await readsPerSecond(one, names);
  const foldSeconds = await foldMeasuredDay(db);
  const rewardReadsPerSecond = await readsPerSecond(one, names);
  return {
    rewardReadsPerSecond,
    concurrentRewardReadsPerSecond: await concurrentReadsPerSecond(one, names),
    emptyReadsPerSecond: await emptyReadsPerSecond(one),
    unfoldedRewardReadsPerSecond,
    foldSeconds,
  };
}

/** What users and the core ask for. New accounts switch on; everything else reads. */
const CALLS: readonly ((names: readonly string[]) => ApiCall)[] = [
  () => ({ name: 'tokens', method: 'GET', path: () => '/v1/tokens' }),
  (names) => ({ name: 'participation', method: 'GET', path: (n) => `/v1/users/${of(names, n)}/participation` }),
  (names) => ({ name: 'rewards', method: 'GET', path: (n) => `/v1/users/${of(names, n)}/rewards` }),
  (names) => ({
    name: 'rewards-a-year-ago',
    method: 'GET',
    path: (n) => `/v1/users/${of(names, n)}/rewards?token=BNB&from=${dayAt(-390)}&to=${dayAt(-360)}`,
  }),
  (names) => ({ name: 'pending', method: 'GET', path: (n) => `/v1/users/${of(names, n)}/pending` }),
  (names) => ({ name: 'explain', method: 'GET', path: (n) => `/v1/users/${of(names, n)}/rewards/BNB/${DAY}/explain` }),
  () => ({ name: 'day', method: 'GET', path: () => `/v1/days/${DAY}` }),
  () => ({
    name: 'account',
    method: 'PUT',
    path: (n) => `/v1/users/new${n}`,
    body: () => ({ region: 'DE', status: 'active', at: NOW }),
  }),
  () => ({
    name: 'opt-in',
    method: 'PUT',
    path: (n) => `/v1/users/new${n}/participation`,
    body: () => ({ active: true, at: NOW, termsVersion: '2026-01' }),
  }),
];

function of(names: readonly string[], n: number): string {
  return names[n % names.length]!;
}
