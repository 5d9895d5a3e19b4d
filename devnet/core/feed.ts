import { faultPoint, Problem } from '@app/platform';
import type pg from 'pg';
import type { Patience } from './patience.js';
import { problemOf, type ServiceClient } from './service-client.js';

const LINES_A_REQUEST = 1_000;

export interface ShardDelivery {
  readonly shard: number;
  /** The receiver has everything up to here. */
  readonly seq: number;
  readonly requests: number;
  /** Lines it said it had before: what lost answers cost. */
  readonly duplicates: number;
}

interface Progress {
  readonly shard: number;
  readonly lastSeq: number;
  readonly toldSeq: number;
}

/**
 * Delivers the feed's outbox. The receiver's word is what counts: after each answer delivery goes on from the
 * watermark it named, forwards (lines of ours that a lost answer hid) as well as backwards (it filled no hole, or was
 * restored from an older backup). Lines stay for ever, so any point can be told again.
 */
export class FeedDelivery {
  constructor(
    private readonly pool: pg.Pool,
    private readonly service: ServiceClient,
    private readonly newPatience: () => Patience,
  ) {}

  async deliver(): Promise<ShardDelivery[]> {
    const { rows } = await this.pool.query<{ shard: number; last_seq: string; told_seq: string }>(
      'SELECT shard, last_seq::text, told_seq::text FROM sample_core.feed_shard ORDER BY shard',
    );
    const outcomes = await Promise.allSettled(
      rows.map((row) =>
        this.deliverShard({ shard: row.shard, lastSeq: Number(row.last_seq), toldSeq: Number(row.told_seq) }),
      ),
    );
    return outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
  }

  private async deliverShard(start: Progress): Promise<ShardDelivery> {
    const patience = this.newPatience();
    let { toldSeq } = start;
    let best = toldSeq;
    let requests = 0;
    let duplicates = 0;
    while (toldSeq < start.lastSeq) {
      const body = await this.linesAfter(start.shard, toldSeq);
      const answer = await this.service.send('POST', '/v1/spot-events', body, 'application/x-ndjson');
      requests += 1;
      if (answer.kind === 'again') {
        await patience.pause(answer.why);
        continue;
      }
      const told = watermarkOf(start.shard, answer.status, answer.json);
      if (told.seq > start.lastSeq) {
        throw refused(`shard ${start.shard} stands at ${told.seq} there, and our books end at ${start.lastSeq}`);
      }
      faultPoint('core.feed.answered');
      duplicates += told.duplicates;
      toldSeq = told.seq;
      await this.pool.query('UPDATE sample_core.feed_shard SET told_seq = $2 WHERE shard = $1', [start.shard, toldSeq]);
      if (toldSeq > best) {
        best = toldSeq;
        patience.renew();
      } else {
        await patience.pause(`shard ${start.shard} stays at ${toldSeq}`);
      }
    }
    return { shard: start.shard, seq: toldSeq, requests, duplicates };
  }

  private async linesAfter(shard: number, seq: number): Promise<string> {
    const { rows } = await this.pool.query<{ line: string }>(
      'SELECT line FROM sample_core.feed_line WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3',
      [shard, seq, LINES_A_REQUEST],
    );
    return rows.map(({ line }) => `${line}\n`).join('');
  }
}

const refused = (detail: string): Problem => new Problem({ status: 502, code: 'FEED_REFUSED', detail });

/** 200 and 202 name the watermark; a gap (202) means: from the expected line on again. Anything else is for people. */
function watermarkOf(shard: number, status: number, json: unknown): { seq: number; duplicates: number } {
  if (status !== 200 && status !== 202) {
    const { code, detail } = problemOf(json);
    throw refused(`${status} ${code}: ${detail}`);
  }
  const body = (json ?? {}) as { duplicates?: unknown; shards?: unknown; gaps?: unknown };
  const mine = entryOf(body.shards, shard);
  const gap = entryOf(body.gaps, shard);
  const duplicates = typeof body.duplicates === 'number' ? body.duplicates : 0;
  if (gap && isSeq(gap['expected']) && gap['expected'] > 0) return { seq: gap['expected'] - 1, duplicates };
  if (mine && isSeq(mine['seq'])) return { seq: mine['seq'], duplicates };
  throw refused(`the answer names no watermark for shard ${shard}`);
}

const isSeq = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function entryOf(list: unknown, shard: number): Record<string, unknown> | undefined {
  if (!Array.isArray(list)) return undefined;
  return (list as Record<string, unknown>[]).find((entry) => entry?.['shard'] === shard);
}
