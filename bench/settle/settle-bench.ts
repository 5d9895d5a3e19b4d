import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Database } from '@app/database';
import { DAY } from '../generate/calendar.js';
import { Population } from '../generate/population.js';
import { eventsOfDay } from '../generate/trading-day.js';
import { writeChainFacts, writeFeedOfDay, writePeople, type Inputs, type Told } from '../generate/write-database.js';
import {
  type BenchDatabase,
  checkpoint,
  openBenchDatabase,
  walMiBSince,
  walPosition,
} from '../measure/bench-server.js';
import { cpuSeconds, HAS_PROC, MemoryWatch, serverCpuSeconds } from '../measure/processes.js';
import { Progress } from '../measure/progress.js';
import { median, round, spread } from '../measure/statistics.js';
import { oracleOf, oracleTokens, tell } from '../oracle/ask-oracle.js';
import { overallHash, type OracleTotals } from '../oracle/day-oracle.js';
import { forgetSettlement, settleDown, storedHash } from './day-state.js';
import { WriteFloor } from './floor.js';
import { settleNaively } from './naive.js';
import { SettleProcess } from './settle-process.js';

export interface SettleOptions {
  readonly users: number;
  readonly seed: number;
  readonly repeat: number;
}

/** One repetition; seconds and MiB. */
interface Round {
  readonly floor: number;
  readonly floorCpu: number;
  readonly settle: number;
  /** On one shard of users instead of two. */
  readonly alone: number;
  readonly check: number;
  readonly settleCpu: number;
  readonly checkCpu: number;
  readonly wal: number;
  readonly ownMiB: number;
  readonly serverMiB: number;
  readonly load: number;
}

const SHARDS = 2;
const NAIVE_USERS = 2_000;

/** `npm run bench -- settle`: the product's settlement of one day of all tokens, against the oracle and the baselines. */
export async function settleBench({ users, seed, repeat }: SettleOptions): Promise<Record<string, unknown>> {
  const progress = new Progress(`settle ${users} users`, repeat + 3);
  progress.step('generate the day, ask the oracle');
  const bench = await openBenchDatabase('bench_settle');
  try {
    const { inputs, totals } = await writeDay(bench.db, users, seed, (what, share) => progress.part(what, share));
    writeManifest(inputs, totals, bench);
    await settleDown(bench.db);
    const expected = overallHash(totals);
    const tokens = totals.map((one) => one.token);
    const floor = new WriteFloor(bench.db, tokens);
    progress.step('settle once to warm up and compare with the oracle');
    await settleRound(bench);
    const hashOk = (await storedHash(bench.db, tokens)) === expected;
    if (!hashOk) return { users, positions: inputs.positions, events: inputs.events, seed, hashOk };
    await floor.takeRows();
    const rounds: Round[] = [];
    for (let index = 0; index < repeat; index += 1) {
      progress.step(`floor and settlement, round ${index + 1}`);
      rounds.push(await settleRound(bench, floor));
      progress.say(told(rounds.at(-1)!));
    }
    const stillOk = (await storedHash(bench.db, tokens)) === expected;
    await floor.forget();
    progress.step('the obvious way: one transaction a credit');
    const naive = await naiveTimes(bench, Math.min(NAIVE_USERS, Math.floor(users / 4)));
    return report({ inputs, rounds, naive, hashOk: stillOk, rows: totals.reduce((sum, one) => sum + one.users, 0) });
  } finally {
    await bench.close();
  }
}

/** The day in the database, and what the oracle makes of it. */
export async function writeDay(
  db: Database,
  users: number,
  seed: number,
  told?: Told,
): Promise<{ readonly inputs: Inputs; readonly totals: readonly OracleTotals[] }> {
  const population = new Population(users, seed);
  const oracle = oracleOf(population);
  const people = await writePeople(db, population, told);
  const feed = await writeFeedOfDay(db, population, (event) => tell(oracle, event), told);
  const pools = await writeChainFacts(db, population);
  return {
    inputs: {
      users,
      positions: population.positions,
      events: feed.events,
      seed,
      day: DAY,
      sha256: { ...people, ...feed.sha256 },
    },
    totals: oracle.rewards(oracleTokens(pools)),
  };
}

/** The floor, the settlement on two shards and its check, the settlement on one shard: each from a checkpoint. */
async function settleRound(bench: BenchDatabase, floor?: WriteFloor): Promise<Round> {
  const { db, server } = bench;
  const serverCpu = (): number => serverCpuSeconds(server.pid);
  await checkpoint(db);
  const cpu0 = serverCpu();
  const floorSeconds = (await floor?.run(SHARDS)) ?? 0;
  const floorCpu = serverCpu() - cpu0;
  const alone = floor === undefined ? 0 : await settleAlone(bench);
  const product = await settlementWithInputs(bench, SHARDS);
  try {
    const watch = new MemoryWatch(product.pid, server.pid);
    const cpu = (): number => cpuSeconds(product.pid) + serverCpu();
    const [wal, cpu1] = [await walPosition(db), cpu()];
    const settle = await product.run('settle');
    const [walMiB, cpu2] = [await walMiBSince(db, wal), cpu()];
    await checkpoint(db);
    const cpu3 = cpu();
    const check = await product.run('check');
    const checkCpu = cpu() - cpu3;
    const peaks = watch.stop();
    return {
      floor: floorSeconds,
      floorCpu,
      settle,
      alone,
      check,
      settleCpu: cpu2 - cpu1,
      checkCpu,
      wal: walMiB,
      ownMiB: peaks.ownMiB,
      serverMiB: peaks.serverMiB,
      load: peaks.loadAverage,
    };
  } finally {
    await product.stop();
  }
}

async function settleAlone(bench: BenchDatabase): Promise<number> {
  const product = await settlementWithInputs(bench, 1);
  try {
    return await product.run('settle');
  } finally {
    await product.stop();
  }
}

/** A fresh process before a day whose inputs are fixed and of which nothing else is done. */
async function settlementWithInputs({ db, url }: BenchDatabase, shards: number): Promise<SettleProcess> {
  await forgetSettlement(db);
  const product = await SettleProcess.start(url, DAY, shards);
  await product.run('final');
  await checkpoint(db);
  return product;
}

function told(one: Round): string {
  const ratio = round(one.settle / one.floor, 2);
  return `floor ${round(one.floor)} s, settle ${round(one.settle)} s (${ratio}x), check ${round(one.check)} s, load ${round(one.load, 1)}`;
}

/** At so many users and at half of them, so that a figure for a million may be drawn from it. */
async function naiveTimes(
  bench: BenchDatabase,
  users: number,
): Promise<{ readonly perPosition: number; readonly linearity: number }> {
  const half = await settleNaively(bench.db, bench.url, Math.floor(users / 2));
  const whole = await settleNaively(bench.db, bench.url, users);
  const perPosition = whole.seconds / whole.positions;
  return { perPosition, linearity: perPosition / (half.seconds / half.positions) };
}

interface Measured {
  readonly inputs: Inputs;
  readonly rounds: readonly Round[];
  readonly naive: { readonly perPosition: number; readonly linearity: number };
  readonly hashOk: boolean;
  readonly rows: number;
}

function report({ inputs, rounds, naive, hashOk, rows }: Measured): Record<string, unknown> {
  const of = (name: keyof Round): number[] => rounds.map((one) => one[name]);
  const middle = (name: keyof Round): number => round(median(of(name)));
  const ratios = rounds.map((one) => one.settle / one.floor);
  const speedups = rounds.map((one) => one.alone / one.settle);
  const perPosition = rounds.map((one) => one.settle / inputs.positions);
  return {
    users: inputs.users,
    positions: inputs.positions,
    events: inputs.events,
    seed: inputs.seed,
    rewardRows: rows,
    settleSeconds: middle('settle'),
    floorSeconds: middle('floor'),
    ratioToFloor: round(median(ratios)),
    naiveSecondsPerPosition: round(naive.perPosition, 6),
    naiveLinearity: round(naive.linearity),
    ratioToNaive: round(naive.perPosition / median(perPosition), 1),
    checkSeconds: middle('check'),
    checkToSettle: round(median(rounds.map((one) => one.check / one.settle))),
    peakMiB: HAS_PROC ? Math.max(...of('ownMiB')) : null,
    postgresPeakMiB: HAS_PROC ? Math.max(...of('serverMiB')) : null,
    walMiB: middle('wal'),
    floorCpuSeconds: HAS_PROC ? middle('floorCpu') : null,
    settleCpuSeconds: HAS_PROC ? middle('settleCpu') : null,
    checkCpuSeconds: HAS_PROC ? middle('checkCpu') : null,
    shards: SHARDS,
    shardSpeedup: round(median(speedups)),
    repetitions: rounds.length,
    spread: {
      settle: spread(of('settle')),
      floor: spread(of('floor')),
      ratioToFloor: spread(ratios),
      check: spread(of('check')),
      shardSpeedup: spread(speedups),
    },
    loadAverage: Math.max(...of('load')),
    cores: cpus().length,
    // With more work about than cores, CPU seconds can be compared and times cannot.
    quiet: Math.max(...of('load')) <= cpus().length + SHARDS,
    hashOk,
  };
}

function writeManifest(inputs: Inputs, totals: readonly OracleTotals[], bench: BenchDatabase): void {
  mkdirSync('.local/bench', { recursive: true });
  const text = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
  const manifest = { inputs, lines: eventsOfDay(inputs.users), oracle: totals, postgres: bench.settings };
  writeFileSync('.local/bench/settle-manifest.json', `${JSON.stringify(manifest, text, 2)}\n`);
}
