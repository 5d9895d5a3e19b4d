/**
 * Where the books of BNB Smart Chain can be read whole: after the breathe block, the first block of a UTC day
 * (timestamp / 86,400 differs from its parent's). Its last transactions pay out the fees of the day before, so the
 * state *after* it is the cut (bnb-chain/bsc, consensus/parlia/feynmanfork.go, isBreatheBlock).
 *
 * Several blocks share a second, so blocks are found by number, never by time.
 */
import type { BlockStamp } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { BnbClient } from './bnb.client.js';
import { badAnswer, stampOf, type Header } from './bnb.decode.js';

export const DAY_SECONDS = 86_400n;
/** Headers asked for in one round of the search. */
const PROBES = 12n;

export function dayIndex(block: Header | BlockStamp): bigint {
  return 'seconds' in block ? block.seconds / DAY_SECONDS : block.timeMs / 1000n / DAY_SECONDS;
}

/**
 * Throws unless every stamp is final and on the chain that this endpoint serves: `NOT_FINAL` above the final height,
 * `BLOCK_UNKNOWN` when another block (or time) stands at that height.
 */
export async function requireFinal(client: BnbClient, stamps: readonly BlockStamp[]): Promise<Header> {
  const final = await client.finalHeader();
  for (const stamp of stamps) {
    if (stamp.height > final.height) {
      throw new ChainError('NOT_FINAL', 'bnb', `block ${stamp.height} is above the final block ${final.height}`);
    }
  }
  const headers = await client.headers(stamps.map((stamp) => stamp.height));
  for (const [i, stamp] of stamps.entries()) {
    const header = headers[i];
    if (header?.hash !== stamp.hash || header.seconds * 1000n !== stamp.timeMs) {
      throw new ChainError('BLOCK_UNKNOWN', 'bnb', `block ${stamp.height} ${stamp.hash} is not on this chain`);
    }
  }
  return final;
}

/** The first block of the UTC day of `final`; null when that day is the chain's first. */
export async function lastCutBefore(client: BnbClient, final: BlockStamp): Promise<BlockStamp | null> {
  const day = dayIndex(final);
  if (final.height === 0n) return null;
  let high = await client.header(final.height);
  // Gallop down to a block of an earlier day, so that a chain of 60 million blocks is not searched from its genesis.
  for (let step = 1n; ; step *= 8n) {
    const height = final.height > step ? final.height - step : 0n;
    const low = await client.header(height);
    requireOrder(low, high);
    if (dayIndex(low) < day) return stampOf(await firstOfDay(client, low, high, day));
    if (height === 0n) return null;
    high = low;
  }
}

/** The first block of a later UTC day than `after`'s, at or below `final`; null when the chain is not there yet. */
export async function nextCutAfter(
  client: BnbClient,
  after: BlockStamp,
  final: BlockStamp,
): Promise<BlockStamp | null> {
  if (final.height <= after.height || dayIndex(final) <= dayIndex(after)) return null;
  const [low, high] = await client.headers([after.height, final.height]);
  if (low === undefined || high === undefined) throw badAnswer('a header is missing');
  return stampOf(await firstOfDay(client, low, high, dayIndex(after) + 1n));
}

/** All cuts in `(from, to]`, `to` being the last. Throws `REFUSED` when an end is not a cut. */
export async function cutsBetween(client: BnbClient, from: BlockStamp, to: BlockStamp): Promise<BlockStamp[]> {
  if (from.height >= to.height)
    throw new ChainError('REFUSED', 'bnb', 'observing goes forward from a cut to a later one');
  await requireCut(client, from);
  const cuts: BlockStamp[] = [];
  for (let at = from; at.height < to.height;) {
    const next = await nextCutAfter(client, at, to);
    if (next === null) throw notACut(to);
    cuts.push(next);
    at = next;
  }
  if (cuts.at(-1)?.hash !== to.hash) throw notACut(to);
  return cuts;
}

async function requireCut(client: BnbClient, stamp: BlockStamp): Promise<void> {
  if (stamp.height === 0n) throw notACut(stamp);
  const parent = await client.header(stamp.height - 1n);
  if (dayIndex(parent) >= dayIndex(stamp)) throw notACut(stamp);
}

function notACut(stamp: BlockStamp): ChainError {
  return new ChainError('REFUSED', 'bnb', `block ${stamp.height} is not the first block of a UTC day`);
}

/** The lowest block in `(low, high]` whose day is `day` or later. */
async function firstOfDay(client: BnbClient, low: Header, high: Header, day: bigint): Promise<Header> {
  while (high.height - low.height > 1n) {
    const gap = high.height - low.height;
    const parts = gap < PROBES ? gap : PROBES;
    const heights: bigint[] = [];
    for (let i = 1n; i < parts; i++) heights.push(low.height + (gap * i) / parts);
    for (const probe of await client.headers(heights)) {
      requireOrder(low, probe);
      requireOrder(probe, high);
      if (dayIndex(probe) >= day) {
        high = probe;
        break;
      }
      low = probe;
    }
  }
  return high;
}

function requireOrder(earlier: Header, later: Header): void {
  if (earlier.seconds > later.seconds)
    throw badAnswer(`block ${later.height} is older than block ${earlier.height} below it`);
}
