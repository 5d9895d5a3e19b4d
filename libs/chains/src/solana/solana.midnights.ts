import { dayEndMs, dayOf, dayStartMs } from '@app/staking-core';

import type { BlockStamp } from '../chain-adapter.js';
import type { SolanaClient } from './solana.client.js';
import { badAnswer, type Block } from './solana.decode.js';

/** Slots without a block in a row that are looked through. */
const LOOK_BACK = 32n;

/**
 * The first block of the UTC day after `after`'s: with a cut there, each day is told in the morning that follows it, and
 * not when its epoch ends.
 * @returns null while no such block is final
 */
export async function midnightAfter(client: SolanaClient, after: BlockStamp, final: BlockStamp): Promise<Block | null> {
  const midnightMs = dayEndMs(dayOf(after.timeMs));
  return final.timeMs < midnightMs ? null : firstBlockFrom(client, midnightMs, after, final);
}

/** The first block of `final`'s own day, if it lies after `since`. */
export async function midnightBefore(
  client: SolanaClient,
  final: BlockStamp,
  since: BlockStamp,
): Promise<Block | null> {
  const midnightMs = dayStartMs(dayOf(final.timeMs));
  return since.timeMs >= midnightMs ? null : firstBlockFrom(client, midnightMs, since, final);
}

/** Whether the block is the first one of its day: the block before it is of another. */
export async function isMidnight(client: SolanaClient, stamp: BlockStamp): Promise<boolean> {
  const from = stamp.height > LOOK_BACK ? stamp.height - LOOK_BACK : 0n;
  const slots = await client.slotsWithBlocks(from, Number(stamp.height - from) + 1);
  const before = slots.filter((slot) => slot < stamp.height).at(-1);
  if (before === undefined) return false;
  return (await client.blockTimeMs(before)) < dayStartMs(dayOf(stamp.timeMs));
}

/** Search by time: first by proportion, as slots pass evenly, and by halves where they did not. */
async function firstBlockFrom(
  client: SolanaClient,
  midnightMs: bigint,
  low: BlockStamp,
  high: BlockStamp,
): Promise<Block> {
  const known = client.facts.midnights.get(midnightMs);
  if (known !== undefined) return known;
  let before = { slot: low.height, timeMs: low.timeMs };
  let found = { slot: high.height, timeMs: high.timeMs };
  // No block with an earlier time lies from here on up to `found`.
  let end = high.height;
  for (let step = 0; end - before.slot > 1n; step += 1) {
    const span = end - before.slot;
    const took = found.timeMs - before.timeMs;
    const share = step % 2 === 0 && took > 0n ? (span * (midnightMs - before.timeMs)) / took : span / 2n;
    const guess = before.slot + (share < 1n ? 1n : share >= span ? span - 1n : share);
    const [slot] = await client.slotsWithBlocks(guess, 1);
    if (slot === undefined || slot >= end) {
      end = guess;
      continue;
    }
    const timeMs = await client.blockTimeMs(slot);
    if (timeMs < before.timeMs || timeMs > found.timeMs) throw badAnswer(`slot ${slot} has a time out of order`);
    if (timeMs < midnightMs) before = { slot, timeMs };
    else {
      found = { slot, timeMs };
      end = slot;
    }
  }
  const block = await client.block(found.slot);
  client.facts.midnights.set(midnightMs, block);
  return block;
}
