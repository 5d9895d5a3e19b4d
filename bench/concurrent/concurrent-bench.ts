import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { WorldClockRepository } from '@app/database';
import type { ApiCall } from '../api/load.js';
import { DAY, dayAt, instantAt } from '../generate/calendar.js';
import { LiveFeed } from '../generate/live-feed.js';
import { DAY_LENGTH } from '../generate/population.js';
import { TOKENS } from '../generate/tokens.js';
import { type ApiProcess, startApi } from '../measure/api-process.js';
import { type BenchDatabase, checkpoint, openBenchDatabase } from '../measure/bench-server.js';
import { cpuSeconds, HAS_PROC, MemoryWatch, serverCpuSeconds } from '../measure/processes.js';
import { Progress } from '../measure/progress.js';
import { median, round, spread } from '../measure/statistics.js';
import { overallHash } from '../oracle/day-oracle.js';
import { forgetSettlement, settleDown, storedHash } from '../settle/day-state.js';
import { SettleProcess } from '../settle/settle-process.js';
import { writeDay } from '../settle/settle-bench.js';
import { BackgroundLoad } from './background-load.js';

export interface ConcurrentOptions {
  readonly users: number;
  readonly seed: number;
  readonly repeat: number;
}

const SHARDS = 2;
const EVENTS_PER_SECOND = 2_000;
const READS_PER_SECOND = 100;
/** Balances that move while the day before is settled: one in ten, as in the day itself. */
const LIVE_SHARE = 10;
const QUIET_MS = 8_000;
/** After something that holds the load up, until it has caught up. */
const CALM_MS = 3_000;
/** The morning after the settled day, when credits are due. */
const NOW = instantAt(DAY_LENGTH * 1.5)!;

/** `npm run bench -- concurrent`: a day is settled and checked while the next one comes in and users read. */
export async function concurrentBench({ users, seed, repeat }: ConcurrentOptions): Promise<Record<string, unknown>> {
  const progress = new Progress(`concurrent ${users} users`, 2 * repeat + 2);
  progress.step('generate the day, ask the oracle');
  const bench = await openBenchDatabase('bench_concurrent');
  const { db } = bench;
  let api: ApiProcess | undefined;
  try {
    const { inputs, totals } = await writeDay(db, users, seed);
    // The next day is still open: what comes in now is about it.
    await db.affected('UPDATE feed_shard SET closed_through = $1::date', [DAY]);
    await settleDown(db);
    await new WorldClockRepository(db).prepare(new Date(NOW), DAY);
    const tokens = TOKENS.map((token) => token.symbol);
    const expected = overallHash(totals);
    await settled(bench);
    const alone: Settled[] = [];
    for (let index = 0; index < repeat; index += 1) {
      progress.step(`settle and check with nothing else, round ${index + 1}`);
      alone.push(await settled(bench));
    }
    const hashAlone = await storedHash(db, tokens);
    api = await startApi(bench.url, { CLOCK: 'world' });
    const feed = await LiveFeed.over(db, dayAt(1), Math.ceil(inputs.positions / LIVE_SHARE), seed);
    const load = new BackgroundLoad(api, feed, callsOf(users), {
      eventsPerSecond: EVENTS_PER_SECOND,
      readsPerSecond: READS_PER_SECOND,
      at: NOW,
    });
    const watch = new MemoryWatch(api.pid, bench.server.pid);
    progress.step(`${EVENTS_PER_SECOND} events and ${READS_PER_SECOND} reads a second, nothing settled`);
    await pause(CALM_MS);
    const cpuBefore = [cpuSeconds(api.pid), serverCpuSeconds(bench.server.pid)] as const;
    load.measure();
    await pause(QUIET_MS);
    load.pause();
    const quiet = load.figures();
    const cores = (now: number, before: number): number => round((now - before) / (QUIET_MS / 1000), 2);
    const quietCores = {
      api: cores(cpuSeconds(api.pid), cpuBefore[0]),
      postgres: cores(serverCpuSeconds(bench.server.pid), cpuBefore[1]),
    };
    const beside: Settled[] = [];
    for (let index = 0; index < repeat; index += 1) {
      progress.step(`settle and check beside them, round ${index + 1}`);
      beside.push(await settled(bench, load));
    }
    const busy = load.figures();
    await load.stop();
    const peaks = watch.stop();
    const hashOk = hashAlone === expected && (await storedHash(db, tokens)) === expected && busy.errors === 0;
    const of = (all: readonly Settled[], part: keyof Settled): number[] => all.map((one) => one[part]);
    const slowdown = beside.map(
      (one, index) => (one.settle + one.check) / (alone[index]!.settle + alone[index]!.check),
    );
    return {
      users,
      positions: inputs.positions,
      seed,
      eventsPerSecond: EVENTS_PER_SECOND,
      offeredReadsPerSecond: READS_PER_SECOND,
      settleAloneSeconds: round(median(of(alone, 'settle'))),
      settleBesideSeconds: round(median(of(beside, 'settle'))),
      checkAloneSeconds: round(median(of(alone, 'check'))),
      checkBesideSeconds: round(median(of(beside, 'check'))),
      slowdown: round(median(slowdown)),
      quiet,
      // How much of the machine the load alone takes: what is left is what the settlement gets.
      quietCores: HAS_PROC ? quietCores : null,
      whileSettling: busy,
      readP99Ms: busy.readP99Ms,
      ingestP99Ms: busy.ingestP99Ms,
      apiPeakMiB: HAS_PROC ? peaks.ownMiB : null,
      postgresPeakMiB: HAS_PROC ? peaks.serverMiB : null,
      repetitions: repeat,
      spread: { slowdown: spread(slowdown), alone: spread(of(alone, 'settle')), beside: spread(of(beside, 'settle')) },
      loadAverage: peaks.loadAverage,
      cores: cpus().length,
      hashOk,
    };
  } finally {
    await api?.stop();
    await bench.close();
  }
}

interface Settled {
  readonly settle: number;
  readonly check: number;
}

/** Only the steps themselves are measured, and what happens beside them. Forgetting the last round locks tables: nothing is sent then. */
async function settled({ db, url }: BenchDatabase, load?: BackgroundLoad): Promise<Settled> {
  await load?.hold();
  await forgetSettlement(db);
  load?.goOn();
  const product = await SettleProcess.start(url, DAY, SHARDS);
  try {
    await product.run('final');
    await checkpoint(db);
    if (load) await pause(CALM_MS);
    load?.measure();
    const settle = await product.run('settle');
    const check = await product.run('check');
    load?.pause();
    return { settle, check };
  } finally {
    await product.stop();
  }
}

function callsOf(users: number): readonly ApiCall[] {
  const user = (n: number): string => `u${(n * 7_919) % users}`;
  return [
    { name: 'participation', method: 'GET', path: (n) => `/v1/users/${user(n)}/participation` },
    { name: 'rewards', method: 'GET', path: (n) => `/v1/users/${user(n)}/rewards` },
    { name: 'pending', method: 'GET', path: (n) => `/v1/users/${user(n)}/pending` },
    { name: 'tokens', method: 'GET', path: () => '/v1/tokens' },
  ];
}
