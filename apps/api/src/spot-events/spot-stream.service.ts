import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Metrics, Problem, type ProblemDetails } from '@app/platform';
import { TokenService } from '../tokens/token.service.js';
import { LineReader, type ReadLine } from './read-lines.js';
import { LineScanner } from './scan-line.js';
import { LineRefused, parseSpotLine, type LineRefusal, type SpotLine, type TokenNames } from './spot-line.js';
import { SpotFeedService, type StoredBatch } from './spot-feed.service.js';

export interface ShardProgress {
  readonly shard: number;
  readonly seq: number;
  readonly closedDay: string | null;
}

export interface FeedAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly shards: readonly ShardProgress[];
  readonly late: number;
  readonly quarantined: number;
  readonly gaps?: readonly { readonly shard: number; readonly expected: number; readonly got: number }[];
}

export interface IngestSettings {
  /** A batch of this many lines is stored as soon as the one before it is. */
  readonly batchLines: number;
  /** What has come meanwhile is one batch, up to this many lines; then nothing more is read. Default: `batchLines`. */
  readonly mostLines?: number;
  /** The sender's longest silence. */
  readonly idleMs: number;
  /** Lines do not wait longer than this for a sender that pauses. Default: they wait. */
  readonly lingerMs?: number;
}

/** Small batches while the feed trickles, large ones (fewer row versions and commits a line) while it streams. */
export const INGEST_SETTINGS: IngestSettings = { batchLines: 1_000, mostLines: 10_000, idleMs: 30_000, lingerMs: 250 };

/** A refused line. `progress` says what of the request is stored all the same: the batches before this one. */
export class FeedProblem extends Problem {
  constructor(
    refusal: LineRefusal,
    private readonly progress: FeedAnswer,
  ) {
    const pointer = `/${refusal.line}${refusal.field === '' ? '' : `/${refusal.field}`}`;
    const kept = progress.accepted + progress.duplicates;
    super({
      status: refusal.status,
      code: refusal.code,
      detail: `line ${refusal.line}: ${refusal.detail}; ${kept === 0 ? 'nothing' : `${kept} lines before it`} stored`,
      errors: [{ pointer, code: refusal.code, message: refusal.detail }],
    });
  }

  override toDetails(instance: string): ProblemDetails & { readonly progress: FeedAnswer } {
    return { ...super.toDetails(instance), progress: this.progress };
  }
}

/** NDJSON of any length -> batches. While one is stored the next is read, and no more (back-pressure, not memory). */
@Injectable()
export class SpotStreamService {
  constructor(
    private readonly feed: SpotFeedService,
    private readonly tokens: TokenService,
    private readonly metrics: Metrics,
  ) {}

  /** @throws FeedProblem (400, 409, 413, 422), Problem 400 BATCH_EMPTY or 408 */
  async ingest(body: Readable, settings: IngestSettings = INGEST_SETTINGS): Promise<FeedAnswer> {
    const total = new Total();
    try {
      await this.storeAll(body, settings, total);
    } catch (error) {
      if (error instanceof LineRefused) throw new FeedProblem(error.refusal, total.answer());
      throw error;
    }
    if (total.batches === 0)
      throw new Problem({ status: 400, code: 'BATCH_EMPTY', detail: 'there is no line in the body' });
    return total.answer();
  }

  private async storeAll(body: Readable, settings: IngestSettings, total: Total): Promise<void> {
    const { batchLines, mostLines = batchLines, idleMs, lingerMs = idleMs } = settings;
    const reader = new LineReader(body, { idleMs, lingerMs }, lineParser(await this.tokens.names()));
    let storing: Promise<void> | undefined;
    let busy = false;
    const start = (lines: readonly SpotLine[]) => {
      busy = true;
      storing = this.storeBatch(lines).then((stored) => {
        total.add(stored);
        busy = false;
      });
      // Whoever waits for it hears of it; a reader that waits for the sender must not go on waiting.
      storing.catch((error: unknown) => reader.stop(error));
    };
    try {
      for (let state = 'full', lines: SpotLine[] = []; state !== 'end';) {
        state = await reader.fill(lines, () => (busy ? mostLines : batchLines));
        if (lines.length === 0 || (state === 'pause' && busy)) continue;
        await storing;
        start(lines);
        lines = [];
      }
    } finally {
      reader.close();
      // What was read first is decided first: a line refused while a batch is stored waits for that batch.
      await storing;
    }
  }

  private async storeBatch(lines: readonly SpotLine[]): Promise<StoredBatch> {
    const end = this.metrics.histogram('spot_batch_seconds', 'time to store one batch of the Spot feed').startTimer();
    const stored = await this.feed.store(lines);
    end();
    const outcomes = this.metrics.counter('spot_lines_total', 'lines of the Spot feed by what became of them', [
      'outcome',
    ]);
    outcomes.inc({ outcome: 'accepted' }, stored.accepted);
    outcomes.inc({ outcome: 'duplicate' }, stored.duplicates);
    outcomes.inc({ outcome: 'late' }, stored.late);
    outcomes.inc({ outcome: 'quarantined' }, stored.quarantined);
    outcomes.inc({ outcome: 'behind-a-gap' }, stored.ignored);
    return stored;
  }
}

/** The plain spelling by the scanner; everything else, and every error, by the full parser. */
export function lineParser(names: TokenNames): ReadLine {
  const scanner = new LineScanner(names);
  return (text, start, end, number) =>
    scanner.scan(text, start, end, number) ?? parseSpotLine(text.slice(start, end), number, names);
}

class Total {
  batches = 0;
  private accepted = 0;
  private duplicates = 0;
  private late = 0;
  private quarantined = 0;
  private readonly shards = new Map<number, ShardProgress>();
  private readonly gaps = new Map<number, { shard: number; expected: number; got: number }>();

  add(stored: StoredBatch): void {
    this.batches += 1;
    this.accepted += stored.accepted;
    this.duplicates += stored.duplicates;
    this.late += stored.late;
    this.quarantined += stored.quarantined;
    for (const shard of stored.shards) {
      this.shards.set(shard.shard, { shard: shard.shard, seq: Number(shard.seq), closedDay: shard.closedThrough });
      if (shard.gapExpected === null || shard.gapGot === null) this.gaps.delete(shard.shard);
      else
        this.gaps.set(shard.shard, {
          shard: shard.shard,
          expected: Number(shard.gapExpected),
          got: Number(shard.gapGot),
        });
    }
  }

  answer(): FeedAnswer {
    const { accepted, duplicates, late, quarantined } = this;
    const shards = [...this.shards.values()].sort((a, b) => a.shard - b.shard);
    const gaps = [...this.gaps.values()].sort((a, b) => a.shard - b.shard);
    return { accepted, duplicates, shards, late, quarantined, ...(gaps.length > 0 ? { gaps } : {}) };
  }
}
