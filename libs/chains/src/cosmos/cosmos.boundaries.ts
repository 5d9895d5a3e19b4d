/**
 * Where the books of the Cosmos Hub are cut: at the last block of a UTC day. Rewards accrue in every block, so any block
 * would do; this one makes a period the day itself. That a block is the last of its day shows when the next one is final.
 *
 * A committed block is final (CometBFT). Ours is the one before the newest: its successor carries the signatures that
 * commit it and the hash of the state after it.
 */
import type { BlockStamp } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { CosmosClient } from './cosmos.client.js';
import { badAnswer } from './cosmos.decode.js';
import { stampOf, type Header } from './cosmos.header.js';

const NS_PER_MS = 1_000_000n;
/** Headers asked for in one round of a search: one batch. */
const PROBES = 8n;

/** Cuts between periods of this length, counted from 1970: UTC days. */
export function periodIndex(at: { readonly timeMs: bigint } | Header, periodMs: bigint): bigint {
  return ('timeNs' in at ? at.timeNs / NS_PER_MS : at.timeMs) / periodMs;
}

export async function finalAndHead(client: CosmosClient): Promise<{ readonly final: Header; readonly head: Header }> {
  const head = await client.newest();
  if (head.height < 2n) throw new ChainError('NOT_FINAL', 'cosmos', 'the chain has no second block yet');
  const final = await client.header(head.height - 1n);
  if (head.lastHash !== final.hash) throw badAnswer(`block ${head.height} does not follow block ${final.height}`);
  return { final, head };
}

/**
 * Throws unless every stamp is final and on the chain that this endpoint serves: `NOT_FINAL` above the final height,
 * `BLOCK_UNKNOWN` when another block (or time) stands at that height.
 */
export async function requireFinal(client: CosmosClient, stamps: readonly BlockStamp[]): Promise<Header> {
  const { final } = await finalAndHead(client);
  for (const stamp of stamps) {
    if (stamp.height > final.height) {
      throw new ChainError('NOT_FINAL', 'cosmos', `block ${stamp.height} is above the final block ${final.height}`);
    }
  }
  const headers = await client.headers(stamps.map((stamp) => stamp.height));
  for (const [i, stamp] of stamps.entries()) {
    const header = headers[i];
    if (header?.hash !== stamp.hash || stampOf(header).timeMs !== stamp.timeMs) {
      throw new ChainError('BLOCK_UNKNOWN', 'cosmos', `block ${stamp.height} ${stamp.hash} is not on this chain`);
    }
  }
  return final;
}

/** The last block of an earlier period than `final`'s; null when that period is the chain's first. */
export async function lastCutBefore(
  client: CosmosClient,
  final: BlockStamp,
  periodMs: bigint,
  initialHeight: bigint,
): Promise<BlockStamp | null> {
  const period = periodIndex(final, periodMs);
  let high = await client.header(final.height);
  // Gallop down to a block of an earlier period, so that a chain of 30 million blocks is not searched from its genesis.
  for (let step = 1n; high.height > initialHeight; step *= 8n) {
    const height = final.height - step > initialHeight ? final.height - step : initialHeight;
    const low = await client.header(height);
    requireOrder(low, high);
    if (periodIndex(low, periodMs) < period) {
      const first = await firstWhere(client, low, high, (one) => periodIndex(one, periodMs) >= period);
      return stampOf(await client.header(first.height - 1n));
    }
    high = low;
  }
  return null;
}

/** The last block of the next period after `after`'s that has blocks; null while no later block is final. */
export async function nextCutAfter(
  client: CosmosClient,
  after: BlockStamp,
  final: BlockStamp,
  periodMs: bigint,
): Promise<BlockStamp | null> {
  if (final.height <= after.height + 1n) return null;
  const [next, high] = await client.headers([after.height + 1n, final.height]);
  if (next === undefined || high === undefined) throw badAnswer('a header is missing');
  requireOrder(next, high);
  const period = periodIndex(next, periodMs);
  if (periodIndex(high, periodMs) <= period) return null;
  const first = await firstWhere(client, next, high, (one) => periodIndex(one, periodMs) > period);
  return stampOf(await client.header(first.height - 1n));
}

/** All cuts in `(from, to]`, `to` being the last. Throws `REFUSED` when an end is not a cut. */
export async function cutsBetween(
  client: CosmosClient,
  from: BlockStamp,
  to: BlockStamp,
  final: Header,
  periodMs: bigint,
): Promise<BlockStamp[]> {
  if (from.height >= to.height) {
    throw new ChainError('REFUSED', 'cosmos', 'observing goes forward from a cut to a later one');
  }
  if (to.height >= final.height) throw notACut(to);
  await requireCut(client, from, periodMs);
  await requireCut(client, to, periodMs);
  const cuts: BlockStamp[] = [];
  for (let at = from; at.height < to.height;) {
    const next = await nextCutAfter(client, at, stampOf(final), periodMs);
    if (next === null) throw notACut(to);
    cuts.push(next);
    at = next;
  }
  if (cuts.at(-1)?.hash !== to.hash) throw notACut(to);
  return cuts;
}

async function requireCut(client: CosmosClient, stamp: BlockStamp, periodMs: bigint): Promise<void> {
  const next = await client.header(stamp.height + 1n);
  if (periodIndex(next, periodMs) <= periodIndex(stamp, periodMs)) throw notACut(stamp);
}

function notACut(stamp: BlockStamp): ChainError {
  return new ChainError('REFUSED', 'cosmos', `block ${stamp.height} is not known to be the last block of its period`);
}

/** The lowest block in `(low, high]` for which it holds, given that it holds for `high`, and from then on. */
export async function firstWhere(
  client: CosmosClient,
  low: Header,
  high: Header,
  holds: (header: Header) => boolean,
): Promise<Header> {
  while (high.height - low.height > 1n) {
    const gap = high.height - low.height;
    const parts = gap < PROBES ? gap : PROBES;
    const heights: bigint[] = [];
    for (let i = 1n; i < parts; i++) heights.push(low.height + (gap * i) / parts);
    for (const probe of await client.headers(heights)) {
      requireOrder(low, probe);
      requireOrder(probe, high);
      if (holds(probe)) {
        high = probe;
        break;
      }
      low = probe;
    }
  }
  return high;
}

function requireOrder(earlier: Header, later: Header): void {
  if (earlier.timeNs > later.timeNs) {
    throw badAnswer(`block ${later.height} is older than block ${earlier.height} below it`);
  }
}
