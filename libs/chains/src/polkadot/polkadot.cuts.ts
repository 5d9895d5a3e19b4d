/**
 * Where the books of Polkadot are read. Any final block would do: rewards are events. The first block of each UTC hour is
 * taken, so that two observers cut at the same places, a midnight is always a cut, and a payout made shortly after
 * midnight is seen long before the settlement needs it.
 */
import type { BlockStamp } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { PolkadotClient } from './polkadot.client.js';
import { badAnswer, type Header } from './polkadot.decode.js';
import { firstLater, narrow, type Search } from './polkadot.search.js';

export const HOUR_MS = 3_600_000n;
/** Block 0 and what a chain was started from have no time of their own. */
export const LOWEST = 1n;

const hourOf = (stamp: BlockStamp): bigint => stamp.timeMs / HOUR_MS;

/**
 * Throws unless every stamp is final and on the chain that this endpoint serves: `NOT_FINAL` above the final height,
 * `BLOCK_UNKNOWN` when another block (or time) stands at that height.
 */
export async function requireFinal(client: PolkadotClient, stamps: readonly BlockStamp[]): Promise<Header> {
  const final = await client.final();
  for (const stamp of stamps) {
    if (stamp.height > final.height) {
      throw new ChainError('NOT_FINAL', 'polkadot', `block ${stamp.height} is above the final block ${final.height}`);
    }
  }
  const found = await client.stampsAt(stamps.map((stamp) => stamp.height));
  for (const [i, stamp] of stamps.entries()) {
    if (found[i]?.hash !== stamp.hash || found[i]?.timeMs !== stamp.timeMs) {
      throw new ChainError('BLOCK_UNKNOWN', 'polkadot', `block ${stamp.height} ${stamp.hash} is not on this chain`);
    }
  }
  return final;
}

/** The first block of the UTC hour of `final`; null when that hour is the chain's first. */
export async function lastCutBefore(client: PolkadotClient, final: BlockStamp): Promise<BlockStamp | null> {
  const { height, found } = await firstLater(hours(client, hourOf(final)), LOWEST, final.height);
  return height === LOWEST ? null : found;
}

/** The first block of a later UTC hour than `after`'s, at or below `final`; null when the chain is not there yet. */
export async function nextCutAfter(
  client: PolkadotClient,
  after: BlockStamp,
  final: BlockStamp,
): Promise<BlockStamp | null> {
  if (final.height <= after.height || hourOf(final) <= hourOf(after)) return null;
  const high = { height: final.height, found: final };
  return (await narrow(hours(client, hourOf(after) + 1n), after.height, high)).found;
}

/** All cuts in `(from, to]`, `to` being the last. Throws `REFUSED` when an end is not a cut. */
export async function cutsBetween(client: PolkadotClient, from: BlockStamp, to: BlockStamp): Promise<BlockStamp[]> {
  if (from.height >= to.height)
    throw new ChainError('REFUSED', 'polkadot', 'observing goes forward from a cut to a later one');
  const [parent] = from.height > LOWEST ? await client.stampsAt([from.height - 1n]) : [];
  if (parent === undefined || hourOf(parent) >= hourOf(from)) throw notACut(from);
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

function hours(client: PolkadotClient, hour: bigint): Search<BlockStamp> {
  return {
    probe: async (heights) => {
      const stamps = await client.stampsAt(heights);
      for (const [i, stamp] of stamps.entries()) {
        const earlier = stamps[i - 1];
        if (earlier !== undefined && earlier.timeMs > stamp.timeMs) {
          throw badAnswer(`block ${stamp.height} is older than block ${earlier.height} below it`);
        }
      }
      return stamps;
    },
    later: (stamp) => hourOf(stamp) >= hour,
  };
}

function notACut(stamp: BlockStamp): ChainError {
  return new ChainError('REFUSED', 'polkadot', `block ${stamp.height} is not the first block of a UTC hour`);
}
