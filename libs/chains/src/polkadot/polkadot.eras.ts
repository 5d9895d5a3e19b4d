import type { BlockStamp } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { read, type PolkadotClient } from './polkadot.client.js';
import { LOWEST } from './polkadot.cuts.js';
import { badAnswer, fields, whole } from './polkadot.decode.js';
import type { Plain } from './polkadot.plain.js';
import { firstLater } from './polkadot.search.js';

export interface EraAt {
  readonly index: bigint;
  /** When the era began, by the chain's own record; null in its very first block on some runtimes. */
  readonly startMs: bigint | null;
}

/** The era that earns: `activeEra`. (`currentEra` is the planned one, whose exposures may not exist yet.) */
export async function activeEraAt(client: PolkadotClient, hash: string): Promise<EraAt> {
  return decodeActiveEra(await client.value(hash, read('staking', 'activeEra')));
}

export function decodeActiveEra(value: Plain): EraAt {
  if (value === null) throw badAnswer('the chain has no active era');
  const { index, start } = fields(value, 'the active era');
  return {
    index: whole(index, 'an era'),
    startMs: start === null || start === undefined ? null : whole(start, 'the start of an era'),
  };
}

/**
 * When era `era` began (UTC ms), seen from a block at or after that. The chain keeps only the running era's start, so the
 * first block of the era is looked for: it needs the state of about as many days as the era is old (`STATE_PRUNED`).
 */
export async function eraStart(client: PolkadotClient, era: bigint, seenFrom: BlockStamp): Promise<bigint> {
  const fact = `start of era ${era}`;
  const known = client.memory.facts.get(fact);
  if (typeof known === 'bigint') return known;
  const probe = async (heights: readonly bigint[]): Promise<readonly EraAt[]> => {
    const hashes = await client.hashesAt(heights);
    return (await client.perBlock(hashes, read('staking', 'activeEra'))).map(decodeActiveEra);
  };
  const first = await firstLater({ probe, later: (found) => found.index >= era }, LOWEST, seenFrom.height);
  const start = await startOf(client, era, first);
  client.memory.facts.set(fact, start);
  return start;
}

async function startOf(
  client: PolkadotClient,
  era: bigint,
  first: { readonly height: bigint; readonly found: EraAt },
): Promise<bigint> {
  const { height, found } = first;
  if (found.index === era && found.startMs !== null) return found.startMs;
  // An era that was over within its first block, or the chain's very first: it began with that block.
  const [stamp] = await client.stampsAt([height]);
  if (stamp === undefined) throw badAnswer('a block is missing');
  if (height > LOWEST || found.index === era) return stamp.timeMs;
  throw new ChainError('STATE_PRUNED', 'polkadot', `era ${era} began before the first block that is known`);
}
