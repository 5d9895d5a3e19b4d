import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Readable } from 'node:stream';
import type { Database } from '@app/database';
import { DAY } from '../generate/calendar.js';
import { Population } from '../generate/population.js';
import { TOKENS } from '../generate/tokens.js';
import { writeOpenings, writePeople } from '../generate/write-database.js';
import { startApi, type ApiProcess } from '../measure/api-process.js';
import { checkpoint, openBenchDatabase, walMiBSince, walPosition } from '../measure/bench-server.js';
import { cpuSeconds, HAS_PROC, MemoryWatch, serverCpuSeconds } from '../measure/processes.js';
import { postFeed } from '../measure/post-feed.js';
import { Progress } from '../measure/progress.js';
import { median, quantile, round, seconds, spread } from '../measure/statistics.js';
import { balanceOracleOf, tell } from '../oracle/ask-oracle.js';
import { hashOf } from '../oracle/day-oracle.js';
import { settleDown } from '../settle/day-state.js';
import { oddBatches, type OddFigures } from './odd-batches.js';
import { writeFeedFiles, type FeedFiles, type Segment } from './feed-files.js';

export interface IngestOptions {
  readonly users: number;
  readonly seed: number;
  readonly repeat: number;
}

const CHUNK = 1 << 18;
const ODD_LINES = 20_000;

/** `npm run bench -- ingest`: the day's feed over HTTP into log and running balances, against bare COPY of the same lines. */
export async function ingestBench({ users, seed, repeat }: IngestOptions): Promise<Record<string, unknown>> {
  const progress = new Progress(`ingest ${users} users`, repeat + 4);
  progress.step('generate the day, ask the oracle');
  const bench = await openBenchDatabase('bench_ingest');
  const { db } = bench;
  try {
    const population = new Population(users, seed);
    const oracle = balanceOracleOf(population);
    const people = await writePeople(db, population);
    const openings = await writeOpenings(db, population);
    const files = writeFeedFiles(population, repeat, (event) => tell(oracle, event));
    const inputs = {
      users,
      seed,
      day: DAY,
      lines: files.lines,
      sha256: { ...people, ...openings, feed: files.sha256 },
    };
    mkdirSync('.local/bench', { recursive: true });
    writeFileSync(
      '.local/bench/ingest-manifest.json',
      `${JSON.stringify({ inputs, postgres: bench.settings }, null, 2)}\n`,
    );
    await settleDown(db);
    await db.affected('CREATE TABLE raw_event (LIKE balance_event)');
    const api = await startApi(bench.url);
    const watch = new MemoryWatch(api.pid, bench.server.pid);
    const cpu = (): number => cpuSeconds(api.pid) + serverCpuSeconds(bench.server.pid);
    const measured: { lines: number; raw: number; ingest: number; cpu: number; wal: number }[] = [];
    let [latencies, replay]: [number[], number] = [[], 0];
    let hashOk = false;
    let odd: OddFigures | undefined;
    try {
      for (const [index, segment] of files.segments.entries()) {
        progress.step(`raw COPY and ingest of ${segment.lines} lines, round ${index + 1}`);
        await checkpoint(db);
        const raw = await seconds(() => rawCopy(db, segment));
        await db.affected('TRUNCATE raw_event');
        await checkpoint(db);
        const [wal, before] = [await walPosition(db), cpu()];
        const ingest = await seconds(() => postSegment(api, segment, 'accepted'));
        measured.push({ lines: segment.lines, raw, ingest, cpu: cpu() - before, wal: await walMiBSince(db, wal) });
        progress.say(`raw ${perSecond(segment.lines, raw)}/s, ingest ${perSecond(segment.lines, ingest)}/s`);
      }
      progress.step(`${files.batches.length} requests of a thousand lines, one after the other`);
      latencies = await postBatches(api, files);
      progress.step('a replay, late lines, the next day');
      const again = files.segments.at(-1)!;
      replay = perSecond(again.lines, await seconds(() => postSegment(api, again, 'duplicates')));
      await postAfter(api, files);
      hashOk =
        (await storedIntegrals(db)) === oracle.integralHash(TOKENS.map((token) => token.symbol)) &&
        (await loggedLines(db)) === files.lines;
      progress.step('late, gapped and mismatched lines');
      odd = await oddBatches(db, api, seed, Math.min(ODD_LINES, files.lines));
    } finally {
      await api.stop();
    }
    const peaks = watch.stop();
    const each = measured.map((one) => ({
      own: one.lines / one.ingest,
      raw: one.lines / one.raw,
      ratio: one.raw / one.ingest,
    }));
    return {
      users,
      positions: population.positions,
      events: files.lines,
      seed,
      eventsPerSecond: Math.round(median(each.map((one) => one.own))),
      rawCopyPerSecond: Math.round(median(each.map((one) => one.raw))),
      ratioToRaw: round(median(each.map((one) => one.ratio))),
      batchP50Ms: round(quantile(latencies, 0.5), 1),
      batchP99Ms: round(quantile(latencies, 0.99), 1),
      batches: latencies.length,
      replayedPerSecond: replay,
      ...odd,
      hotUpdateShare: await hotShare(db),
      cpuMicrosecondsPerEvent: HAS_PROC ? round(median(measured.map((one) => (one.cpu / one.lines) * 1e6)), 1) : null,
      walBytesPerEvent: Math.round(median(measured.map((one) => (one.wal * 1_048_576) / one.lines))),
      peakMiB: HAS_PROC ? peaks.ownMiB : null,
      postgresPeakMiB: HAS_PROC ? peaks.serverMiB : null,
      repetitions: measured.length,
      spread: {
        eventsPerSecond: spread(each.map((one) => one.own)),
        rawCopyPerSecond: spread(each.map((one) => one.raw)),
        ratioToRaw: spread(each.map((one) => one.ratio)),
      },
      loadAverage: peaks.loadAverage,
      cores: cpus().length,
      hashOk: hashOk && odd.oddOk,
    };
  } finally {
    await bench.close();
  }
}

function perSecond(lines: number, took: number): number {
  return Math.round(lines / took);
}

async function rawCopy(db: Database, segment: Segment): Promise<void> {
  const columns =
    'day, user_id, token, shard, seq, ms_of_day, free_delta, locked_delta, free, locked, cause, stated_delta';
  await db.transaction((tx) =>
    tx.copyIn(`COPY raw_event (${columns}) FROM STDIN`, createReadStream(segment.raw, { highWaterMark: CHUNK })),
  );
}

/** Every stream is one long request; all lines must be counted as `as`. */
async function postSegment(api: ApiProcess, segment: Segment, as: 'accepted' | 'duplicates'): Promise<void> {
  const answers = await Promise.all(
    segment.feed.map((file) => postFeed(api, createReadStream(file, { highWaterMark: CHUNK }))),
  );
  const counted = answers.reduce((sum, answer) => sum + answer[as], 0);
  if (counted !== segment.lines)
    throw new Error(`${counted} of ${segment.lines} lines were ${as}: ${JSON.stringify(answers)}`);
}

async function postBatches(api: ApiProcess, files: FeedFiles): Promise<number[]> {
  const latencies: number[] = [];
  for (const batch of files.batches) {
    latencies.push(1000 * (await seconds(() => postFeed(api, Readable.from([batch], { objectMode: false })))));
  }
  return latencies;
}

async function postAfter(api: ApiProcess, files: FeedFiles): Promise<void> {
  const answer = await postFeed(api, Readable.from([files.after], { objectMode: false }));
  if (answer.late !== files.late) throw new Error(`${answer.late} of ${files.late} lines came late`);
}

/** Balance x milliseconds of the measured day, wherever each running balance has it. */
async function storedIntegrals(db: Database): Promise<string> {
  const lines: string[] = [];
  await db.transaction(async (tx) => {
    const out = await tx.copyOut(`COPY (
      SELECT user_id || '|' || token || '|' || CASE WHEN day = '${DAY}' THEN integral
               WHEN day < '${DAY}' THEN free * 86400000 WHEN prev_day = '${DAY}' THEN prev_integral END
      FROM spot_balance) TO STDOUT`);
    let rest = '';
    out.setEncoding('utf8');
    for await (const chunk of out as AsyncIterable<string>) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) lines.push(part);
    }
  });
  return hashOf(lines);
}

async function loggedLines(db: Database): Promise<number> {
  const [row] = await db.rows<{ lines: number }>('SELECT count(*)::int AS lines FROM balance_event');
  return row?.lines ?? 0;
}

async function hotShare(db: Database): Promise<number> {
  const [row] = await db.rows<{ updates: string; hot: string }>(
    `SELECT sum(n_tup_upd)::text AS updates, sum(n_tup_hot_upd)::text AS hot FROM pg_stat_user_tables
     WHERE relname LIKE 'spot_balance%'`,
  );
  return round(Number(row?.hot ?? 0) / Number(row?.updates ?? 1), 4);
}
