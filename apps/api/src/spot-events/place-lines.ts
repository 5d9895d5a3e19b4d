import { feedPlace } from '@app/staking-core';
import type { FeedShard } from '@app/database';
import { refuser, type SpotLine } from './spot-line.js';

export interface Gap {
  readonly shard: number;
  readonly expected: bigint;
  readonly got: bigint;
}

export interface PlacedLines {
  /** In the order given; contiguous within each shard. */
  readonly accepted: readonly SpotLine[];
  /** At or below the watermark: to be compared with the log. */
  readonly replayed: readonly SpotLine[];
  /** Repeated within this batch, with the same content. */
  readonly repeated: number;
  /** Behind a hole: not stored, to be sent again. */
  readonly ignored: number;
  readonly gaps: readonly Gap[];
}

/** R26: where each line of a batch stands against its shard's watermark. Lines behind a hole are left out.
 *  @throws LineRefused 409 SEQ_CONFLICT for one number with two contents in the batch */
export function placeLines(lines: readonly SpotLine[], shards: readonly FeedShard[]): PlacedLines {
  const fresh = new Map(shards.map(({ shard, seq }) => [shard, { before: Number(seq), lines: [] as SpotLine[] }]));
  const holes = new Map<number, number>();
  const accepted: SpotLine[] = [];
  const replayed: SpotLine[] = [];
  let repeated = 0;
  let ignored = 0;
  for (const line of lines) {
    const shard = fresh.get(line.shard)!;
    const last = shard.before + shard.lines.length;
    if (line.seq === last + 1) {
      shard.lines.push(line);
      accepted.push(line);
    } else if (feedPlace(BigInt(last), BigInt(line.seq)) === 'gap') {
      ignored += 1;
      const nearest = holes.get(line.shard);
      if (nearest === undefined || line.seq < nearest) holes.set(line.shard, line.seq);
    } else if (line.seq <= shard.before) {
      replayed.push(line);
    } else {
      const first = shard.lines[line.seq - shard.before - 1]!;
      if (!sameContent(first, line)) throw conflict(line);
      repeated += 1;
    }
  }
  const gaps = [...holes].flatMap(([shard, got]) => {
    const { before, lines: taken } = fresh.get(shard)!;
    const expected = before + taken.length + 1;
    return got > expected ? [{ shard, expected: BigInt(expected), got: BigInt(got) }] : [];
  });
  return { accepted, replayed, repeated, ignored, gaps };
}

export function conflict(line: SpotLine) {
  return refuser(line.line)(
    409,
    'SEQ_CONFLICT',
    'seq',
    `shard ${line.shard} has said something else under number ${line.seq} before`,
  );
}

function sameContent(a: SpotLine, b: SpotLine): boolean {
  if (a.kind === 'mark' || b.kind === 'mark') return a.kind === b.kind && a.day === b.day;
  return (
    a.user === b.user &&
    a.token === b.token &&
    a.atMs === b.atMs &&
    a.deltaAtoms === b.deltaAtoms &&
    a.freeAtoms === b.freeAtoms &&
    a.lockedAtoms === b.lockedAtoms &&
    a.cause === b.cause
  );
}
