/** When and how heavily a validator was slashed, found in the state itself: the count of its slashes grows at one block. */
import type { BlockStamp } from '../chain-adapter.js';
import type { CosmosClient } from './cosmos.client.js';
import { countSlashes, readAllPages } from './cosmos.cut.js';
import { badAnswer, type ChainEvent } from './cosmos.decode.js';
import type { Header } from './cosmos.header.js';
import { queries } from './cosmos.queries.js';
import type { ListedValidator } from './cosmos.validators.js';

export interface Slash {
  readonly validator: string;
  readonly height: bigint;
  /** Of the validator's stake, with 18 implied decimals. */
  readonly fraction: bigint;
}

/** Slashes of one validator in `(from, to]`, oldest first; `known` is their count at `from` where it was kept. */
export async function slashesBetween(
  client: CosmosClient,
  validator: string,
  from: BlockStamp,
  to: BlockStamp,
  known: bigint | undefined,
): Promise<Slash[]> {
  const first = await client.read(to, queries.slashes(validator));
  const all = await readAllPages(client, to, first, (key) => queries.slashes(validator, key));
  const last = BigInt(all.length);
  if (last === 0n) return [];
  const before = known ?? (await countSlashes(client, from, validator));
  if (before > last) throw badAnswer(`the slashes of ${validator} have become fewer`);
  const found: Slash[] = [];
  for (let nth = before + 1n; nth <= last; nth++) {
    const height = await heightOf(client, validator, nth, from.height, to.height);
    const one = all[Number(nth) - 1]; // a place in a list
    if (one === undefined) throw badAnswer(`slash ${nth} of ${validator} is missing`);
    found.push({ validator, height, fraction: one.fraction });
  }
  return found;
}

/** The lowest block with `nth` slashes. Needs the states in between: `STATE_PRUNED` without. */
async function heightOf(
  client: CosmosClient,
  validator: string,
  nth: bigint,
  from: bigint,
  to: bigint,
): Promise<bigint> {
  let [low, high] = [from, to];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    const at: BlockStamp = { height: middle, hash: '', timeMs: 0n }; // state is asked for by height
    if ((await countSlashes(client, at, validator)) >= nth) high = middle;
    else low = middle;
  }
  return high;
}

const REASONS: Readonly<Record<string, string>> = { missing_signature: 'downtime', double_sign: 'double-sign' };

/** What the validator was slashed for, by the block's own event. */
export function reasonOf(events: readonly ChainEvent[], validator: string, listed: readonly ListedValidator[]): string {
  const consensus = listed.find((one) => one.state.validator === validator)?.consensusAddress;
  const slash = events.find((one) => one.type === 'slash' && one.attributes.get('address') === consensus);
  const reason = slash?.attributes.get('reason') ?? '';
  return REASONS[reason] ?? 'slash';
}

/** The block of each height, asked for once. */
export class Blocks {
  private readonly headers = new Map<bigint, Header>();
  private readonly events = new Map<bigint, readonly ChainEvent[]>();

  constructor(private readonly client: CosmosClient) {}

  async header(height: bigint): Promise<Header> {
    const known = this.headers.get(height) ?? (await this.client.header(height));
    this.headers.set(height, known);
    return known;
  }

  async eventsOf(height: bigint): Promise<readonly ChainEvent[]> {
    const known = this.events.get(height) ?? (await this.client.blockEvents(height));
    this.events.set(height, known);
    return known;
  }
}
