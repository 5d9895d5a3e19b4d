import { amountOf } from './amounts.js';
import { SeededRandom } from './seeded-random.js';
import { BNB } from './tokens.js';

/** Two parallel streams, so that closing a day takes a mark from both. */
export const FEED_SHARDS = 2;

export type Role =
  | 'idle'
  | 'minnow'
  | 'day-trader'
  | 'heavy-trader'
  | 'whale'
  | 'sells-to-zero'
  | 'switches-off-at-noon'
  | 'undecided'
  | 'late-opt-in'
  | 'banned'
  | 'moves-away'
  | 'under-minimum'
  | 'at-minimum'
  | 'over-cap'
  | 'at-cap'
  | 'restricted-region'
  | 'never-opts-in'
  | 'open-orders'
  | 'shared-owner'
  | 'deposits-at-2359'
  | 'hour-gamer'
  | 'auto-subscriber';

export interface Holding {
  readonly token: string;
  readonly free: bigint;
  readonly locked: bigint;
}

export interface Person {
  readonly id: string;
  readonly role: Role;
  readonly region: string;
  /** Several accounts of one owner share one cap (R10). */
  readonly owner?: string;
  readonly shard: number;
  readonly holdings: readonly Holding[];
}

interface Character {
  readonly role: Role;
  readonly free: string;
  readonly locked?: string;
  readonly region?: string;
  readonly owner?: string;
}

/** The first users are always the same people; who follows is drawn. Limits in mind: minimum 0.5, cap 1,000 BNB. */
const CHARACTERS: readonly Character[] = [
  { role: 'idle', free: '12.5' },
  { role: 'day-trader', free: '48.12345678' },
  { role: 'heavy-trader', free: '420.000000000000000001' },
  { role: 'whale', free: '12000.123456789012345678' },
  { role: 'sells-to-zero', free: '75.5' },
  { role: 'switches-off-at-noon', free: '88.8' },
  { role: 'banned', free: '60.25' },
  { role: 'under-minimum', free: '0.4999' },
  { role: 'at-minimum', free: '0.5' },
  { role: 'over-cap', free: '1500' },
  { role: 'at-cap', free: '1000' },
  { role: 'restricted-region', free: '250', region: 'US' },
  { role: 'never-opts-in', free: '310.75' },
  { role: 'open-orders', free: '60', locked: '40' },
  { role: 'shared-owner', free: '700', owner: 'o1' },
  { role: 'shared-owner', free: '400', owner: 'o1' },
  { role: 'shared-owner', free: '0.3', owner: 'o1' },
  { role: 'deposits-at-2359', free: '2' },
  { role: 'auto-subscriber', free: '180.000000001' },
  { role: 'undecided', free: '33.3' },
  { role: 'late-opt-in', free: '95' },
  { role: 'moves-away', free: '140' },
  { role: 'hour-gamer', free: '0.6' },
];

const REGIONS = ['DE', 'FR', 'BR', 'JP', 'AU', 'ZA'] as const;

/**
 * Everybody with an account here, with what they own when the books open. Same seed and number: same people; a larger
 * number adds people and leaves the others as they were. 200 users own about 30,000 BNB.
 */
export function castOf(seed: number, users: number): Person[] {
  return Array.from({ length: users }, (_unused, index) => personAt(seed, index));
}

function personAt(seed: number, index: number): Person {
  const id = `u${index + 1}`;
  const random = new SeededRandom('person', seed, id);
  const character = CHARACTERS[index];
  const region = character?.region ?? random.pick(REGIONS);
  const shard = feedShardOf(id);
  if (!character) {
    const { role, free } = drawn(random);
    return { id, role, region, shard, holdings: [{ token: BNB.symbol, free, locked: 0n }] };
  }
  const holding: Holding = {
    token: BNB.symbol,
    free: amountOf(character.free, BNB.decimals),
    locked: amountOf(character.locked ?? '0', BNB.decimals),
  };
  const owner = character.owner === undefined ? {} : { owner: character.owner };
  return { id, role: character.role, region, ...owner, shard, holdings: [holding] };
}

/** Seven of ten hold and do nothing, two trade, one holds next to nothing (some of them under the minimum). */
function drawn(random: SeededRandom): { role: Role; free: bigint } {
  const dice = random.int(1, 10);
  if (dice === 1) return { role: 'minnow', free: rounded(random, amountOf('0.01', 18) + random.below(10n ** 18n)) };
  const free = rounded(random, paretoBalance(random));
  return { role: dice <= 3 ? 'day-trader' : 'idle', free };
}

/** Pareto with exponent 1 in whole numbers: smallest / u, cut at 900 BNB so that the tail stays below the cap. */
function paretoBalance(random: SeededRandom): bigint {
  const smallest = amountOf('12', 18);
  const balance = (smallest * 1_000_000_007n) / (1n + random.below(1_000_000_007n));
  const largest = amountOf('900', 18);
  return balance > largest ? largest - random.below(largest / 3n) : balance;
}

/** Keeps 8 to 18 decimals: real balances are not round, and not all equally fine. */
function rounded(random: SeededRandom, atoms: bigint): bigint {
  const unit = 10n ** random.below(11n);
  return (atoms / unit) * unit;
}

/** A user's events all travel in one shard: only there is their order certain. */
export function feedShardOf(user: string): number {
  let sum = 0;
  for (const byte of Buffer.from(user, 'utf8')) sum = (sum * 31 + byte) % 65_521;
  return sum % FEED_SHARDS;
}
