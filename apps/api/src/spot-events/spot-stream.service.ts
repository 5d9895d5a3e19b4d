import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Metrics, Problem, type ProblemDetails } from '@app/platform';
import { TokenService } from '../tokens/token.service.js';
import { readLineBatches } from './read-lines.js';
import { LineRefused, parseSpotLine, type LineRefusal, type TokenNames } from './spot-line.js';
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
  readonly batchLines: number;
  readonly idleMs: number;
}

export const INGEST_SETTINGS: IngestSettings = { batchLines: 5_000, idleMs: 30_000 };

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

/** NDJSON of any length -> batches, each stored before the next is read (back-pressure instead of memory). */
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
      const names = await this.tokens.names();
      for await (const batch of readLineBatches(body, settings)) {
        total.add(await this.storeBatch(batch, names));
      }
    } catch (error) {
      if (error instanceof LineRefused) throw new FeedProblem(error.refusal, total.answer());
      throw error;
    }
    if (total.batches === 0)
      throw new Problem({ status: 400, code: 'BATCH_EMPTY', detail: 'there is no line in the body' });
    return total.answer();
  }

  private async storeBatch(
    batch: readonly { readonly number: number; readonly text: string }[],
    names: TokenNames,
  ): Promise<StoredBatch> {
    const end = this.metrics.histogram('spot_batch_seconds', 'time to store one batch of the Spot feed').startTimer();
    const stored = await this.feed.store(batch.map(({ text, number }) => parseSpotLine(text, number, names)));
    end();
    const lines = this.metrics.counter('spot_lines_total', 'lines of the Spot feed by what became of them', [
      'outcome',
    ]);
    lines.inc({ outcome: 'accepted' }, stored.accepted);
    lines.inc({ outcome: 'duplicate' }, stored.duplicates);
    lines.inc({ outcome: 'late' }, stored.late);
    lines.inc({ outcome: 'quarantined' }, stored.quarantined);
    lines.inc({ outcome: 'behind-a-gap' }, stored.ignored);
    return stored;
  }
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
