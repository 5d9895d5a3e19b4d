import type { BlockStamp } from '../chain-adapter.js';
import type { PolkadotClient } from './polkadot.client.js';
import type { ChainEvent } from './polkadot.codec.js';
import { badAnswer } from './polkadot.decode.js';

/** One block in which something happened that names one of the accounts looked for. */
export interface BlockEvents {
  readonly at: BlockStamp;
  readonly parentHash: string;
  readonly events: readonly ChainEvent[];
}

const BLOCKS_AT_ONCE = 200n;

/**
 * The events of all blocks in `(after, to]` that name any of `accounts`. Everybody may pay out our rewards, so every block
 * is looked at; only those are decoded whose bytes hold one of the accounts.
 */
export async function eventsNaming(
  client: PolkadotClient,
  accounts: readonly string[],
  after: bigint,
  to: bigint,
): Promise<BlockEvents[]> {
  const needles = accounts.map((one) => one.slice(2));
  const found: BlockEvents[] = [];
  for (let from = after + 1n; from <= to; from += BLOCKS_AT_ONCE) {
    const last = from + BLOCKS_AT_ONCE - 1n < to ? from + BLOCKS_AT_ONCE - 1n : to;
    const heights = Array.from({ length: Number(last - from) + 1 }, (_, i) => from + BigInt(i));
    const hashes = await client.hashesAt(heights);
    for (const [i, raw] of (await rawEvents(client, hashes)).entries()) {
      const [height, hash] = [heights[i], hashes[i]];
      if (raw === null || height === undefined || hash === undefined) continue;
      if (needles.some((one) => raw.includes(one))) found.push(await eventsOfBlock(client, height, hash, raw));
    }
  }
  return found;
}

/** All events of one block. */
export async function blockEvents(client: PolkadotClient, height: bigint, hash: string): Promise<BlockEvents> {
  const [raw] = await rawEvents(client, [hash]);
  return eventsOfBlock(client, height, hash, raw ?? null);
}

async function rawEvents(client: PolkadotClient, hashes: readonly string[]): Promise<(string | null)[]> {
  const [first] = hashes;
  if (first === undefined) return [];
  const key = (await client.codecAt(first)).key('system', 'events');
  return client.storage(hashes.map((hash) => [key, hash]));
}

async function eventsOfBlock(
  client: PolkadotClient,
  height: bigint,
  hash: string,
  raw: string | null,
): Promise<BlockEvents> {
  const [header] = await client.headers([hash]);
  const [at] = await client.stampsOf([hash], [height]);
  if (header?.height !== height || at === undefined) throw badAnswer(`block ${hash} is not at height ${height}`);
  // A runtime upgrade writes the block's events before it takes effect: they are in the types of the parent.
  const codec = await client.codecAt(header.parentHash);
  return { at, parentHash: header.parentHash, events: codec.events(raw) };
}
