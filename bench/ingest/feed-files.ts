import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dayAt } from '../generate/calendar.js';
import { copyLine, sha256 } from '../generate/copy-lines.js';
import { feedLine, markLines } from '../generate/feed-lines.js';
import type { Population } from '../generate/population.js';
import { TOKENS } from '../generate/tokens.js';
import { eventsOfDay, type FeedEvent, TradingDay } from '../generate/trading-day.js';

/** Requests that run side by side, each with shards of its own. */
export const STREAMS = 2;
export const BATCH_LINES = 1_000;
const BATCHES = 200;

/** A part of the day as files: what the feed says, one file a stream, and the same lines as COPY's text. */
export interface Segment {
  readonly lines: number;
  readonly feed: readonly string[];
  readonly raw: string;
}

export interface FeedFiles {
  readonly segments: readonly Segment[];
  /** The last lines of the day, a thousand a request. */
  readonly batches: readonly string[];
  /** Marks of the day, late lines about it, the next day's lines: all of it in order. */
  readonly after: string;
  readonly late: number;
  readonly lines: number;
  readonly sha256: string;
}

/** Writes the day's feed, so that making it takes no time of the measured process. `watch` sees every line. */
export function writeFeedFiles(population: Population, segments: number, watch: (event: FeedEvent) => void): FeedFiles {
  const folder = resolve('.local/bench/feed');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const total = eventsOfDay(population.users);
  const batches = Math.min(BATCHES, Math.floor(total / 5 / BATCH_LINES));
  const each = Math.floor((total - batches * BATCH_LINES) / segments);
  const writers = Array.from({ length: segments }, (_, index) => new SegmentWriter(folder, index));
  const inBatches: string[] = [];
  const after: string[] = [];
  const digest = sha256();
  let [index, late, closed] = [0, 0, -1];
  const close = (day: number, seqs: readonly number[]): void => {
    closed = day;
    if (day === 0) after.push(...markLines(day, seqs));
  };
  for (const event of new TradingDay(population).events(close)) {
    // The day after the next would push the measured day out of the running balances: nothing left to compare.
    if (closed > 0) break;
    const line = feedLine(population, event);
    digest.update(line);
    watch(event);
    if (closed === 0) {
      after.push(line);
      if (event.late) late += 1;
      continue;
    }
    const segment = Math.floor(index / each);
    if (segment < segments) writers[segment]!.add(line, rawLine(population, event), event.shard % STREAMS);
    else inBatches.push(line);
    index += 1;
  }
  return {
    segments: writers.map((writer) => writer.close()),
    batches: chunked(inBatches),
    after: after.join(''),
    late,
    lines: index + after.length - 4,
    sha256: digest.digest('hex'),
  };
}

class SegmentWriter {
  private lines = 0;
  private readonly feed: BufferedFile[];
  private readonly raw: BufferedFile;

  constructor(folder: string, index: number) {
    this.feed = Array.from(
      { length: STREAMS },
      (_, stream) => new BufferedFile(join(folder, `${index}-${stream}.ndjson`)),
    );
    this.raw = new BufferedFile(join(folder, `${index}.copy`));
  }

  add(line: string, raw: string, stream: number): void {
    this.lines += 1;
    this.feed[stream]!.add(line);
    this.raw.add(raw);
  }

  close(): Segment {
    for (const file of [...this.feed, this.raw]) file.close();
    return { lines: this.lines, feed: this.feed.map((file) => file.path), raw: this.raw.path };
  }
}

class BufferedFile {
  private readonly file: number;
  private waiting: string[] = [];

  constructor(readonly path: string) {
    this.file = openSync(path, 'w');
  }

  add(text: string): void {
    this.waiting.push(text);
    if (this.waiting.length >= 5_000) this.flush();
  }

  close(): void {
    this.flush();
    closeSync(this.file);
  }

  private flush(): void {
    if (this.waiting.length > 0) writeSync(this.file, this.waiting.join(''));
    this.waiting = [];
  }
}

function rawLine(population: Population, event: FeedEvent): string {
  const user = `u${population.userOf(event.position)}`;
  const token = TOKENS[population.tokenOf[event.position]!]!.symbol;
  const cause = event.snapshot ? 'snapshot' : 'trade';
  const { shard, seq, ms, delta, free } = event;
  return copyLine([dayAt(0), user, token, shard, seq, ms, delta, 0, free, 0, cause, null]);
}

function chunked(lines: readonly string[]): string[] {
  const chunks: string[] = [];
  for (let start = 0; start < lines.length; start += BATCH_LINES)
    chunks.push(lines.slice(start, start + BATCH_LINES).join(''));
  return chunks;
}
