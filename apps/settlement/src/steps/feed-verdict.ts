import type { ShardProgress } from '@app/database';
import { nextDay, type UtcDay } from '@app/staking-core';

export type FeedVerdict =
  | { readonly kind: 'closed'; readonly setAside: readonly ShardProgress[] }
  | { readonly kind: 'open'; readonly waitingFor: string };

/**
 * R2, R26: whether the feed has said everything about a day. Every shard must have closed it. A shard with a hole is
 * left out only when all others have closed the day after as well: they have then waited a whole day for it, in the
 * feed's own time. Pure.
 */
export function feedVerdict(shards: readonly ShardProgress[], day: UtcDay): FeedVerdict {
  const closed = (shard: ShardProgress, upTo: UtcDay): boolean =>
    shard.closedThrough !== null && shard.closedThrough >= upTo;
  if (shards.length === 0) return { kind: 'open', waitingFor: 'the feed: no shard has said anything yet' };
  const open = shards.filter((shard) => !closed(shard, day));
  if (open.length === 0) return { kind: 'closed', setAside: [] };
  const others = shards.filter((shard) => !open.includes(shard));
  const allGapped = open.every((shard) => shard.gapExpected !== null);
  if (allGapped && others.length > 0 && others.every((shard) => closed(shard, nextDay(day)))) {
    return { kind: 'closed', setAside: open };
  }
  return { kind: 'open', waitingFor: `the feed: ${open.map(told).join(', ')} has not closed ${day}` };
}

function told(shard: ShardProgress): string {
  return shard.gapExpected === null
    ? `shard ${shard.shard}`
    : `shard ${shard.shard} (misses line ${shard.gapExpected})`;
}
