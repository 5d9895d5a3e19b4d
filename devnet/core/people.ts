import { amountOf } from './amounts.js';
import { SeededRandom } from './seeded-random.js';
import { LISTED, listedToken, scaled, sizeIn, type ListedToken } from './tokens.js';

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
  /** In sizes of BNB, or as a part of the limit that `of` names. */
  readonly free: string;
  readonly of?: 'minimum' | 'cap';
  readonly locked?: string;
  readonly region?: string;
  readonly owner?: string;
}

/**
 * The first users are always the same people, with every token; who follows is drawn. In BNB, with its minimum of 0.5
 * and cap of 1,000, those at the limits have 0.4999, 0.5, 1,500, 1,000, and 700 + 400 + 0.3.
 */
const CHARACTERS: readonly Character[] = [
  { role: 'idle', free: '12.5' },
  { role: 'day-trader', free: '48.12345678' },
  { role: 'heavy-trader', free: '420.000000000000000001' },
  { role: 'whale', free: '12000.123456789012345678' },
  { role: 'sells-to-zero', free: '75.5' },
  { role: 'switches-off-at-noon', free: '88.8' },
  { role: 'banned', free: '60.25' },
  { role: 'under-minimum', free: '0.9998', of: 'minimum' },
  { role: 'at-minimum', free: '1', of: 'minimum' },
  { role: 'over-cap', free: '1.5', of: 'cap' },
  { role: 'at-cap', free: '1', of: 'cap' },
  { role: 'restricted-region', free: '250', region: 'US' },
  { role: 'never-opts-in', free: '310.75' },
  { role: 'open-orders', free: '60', locked: '40' },
  { role: 'shared-owner', free: '0.7', of: 'cap', owner: 'o1' },
  { role: 'shared-owner', free: '0.4', of: 'cap', owner: 'o1' },
  { role: 'shared-owner', free: '0.0003', of: 'cap', owner: 'o1' },
  { role: 'deposits-at-2359', free: '2' },
  { role: 'auto-subscriber', free: '180.000000001' },
  { role: 'undecided', free: '33.3' },
  { role: 'late-opt-in', free: '95' },
  { role: 'moves-away', free: '140' },
  { role: 'hour-gamer', free: '0.6' },
];

const REGIONS = ['DE', 'FR', 'BR', 'JP', 'AU', 'ZA'] as const;

/** Of ten who are drawn, so many hold a token other than BNB. */
const HOLD_OF_TEN = 6;

/**
 * Everybody with an account here, with what they own when the books open. Same seed and number: same people; a larger
 * number adds people and leaves the others as they were, and so does another token. 200 users own about 30,000 BNB.
 */
export function castOf(seed: number, users: number, tokens: readonly string[] = [...LISTED.keys()]): Person[] {
  return Array.from({ length: users }, (_unused, index) => personAt(seed, index, tokens.map(listedToken)));
}

function personAt(seed: number, index: number, tokens: readonly ListedToken[]): Person {
  const id = `u${index + 1}`;
  const random = new SeededRandom('person', seed, id);
  const character = CHARACTERS[index];
  const region = character?.region ?? random.pick(REGIONS);
  const shard = feedShardOf(id);
  if (!character) {
    const dice = random.int(1, 10);
    const role = dice === 1 ? 'minnow' : dice <= 3 ? 'day-trader' : 'idle';
    const holdings = tokens.flatMap((token) => {
      // Whoever comes here has BNB; of the others each has some. One more token changes nobody's purse of another.
      const draws = token.symbol === 'BNB' ? random : new SeededRandom('person', seed, id, token.symbol);
      if (token.symbol !== 'BNB' && !draws.chance(HOLD_OF_TEN, 10)) return [];
      const free = role === 'minnow' ? minnowBalance(draws, token) : paretoBalance(draws, token);
      return [{ token: token.symbol, free: rounded(draws, free, token), locked: 0n }];
    });
    return { id, role, region, shard, holdings };
  }
  const holdings = tokens.map((token) => ({
    token: token.symbol,
    free: character.of ? partOf(token, character.of, character.free) : sizeIn(token, character.free),
    locked: sizeIn(token, character.locked ?? '0'),
  }));
  const owner = character.owner === undefined ? {} : { owner: character.owner };
  return { id, role: character.role, region, ...owner, shard, holdings };
}

function partOf(token: ListedToken, limit: 'minimum' | 'cap', part: string): bigint {
  const decimals = 4;
  return (amountOf(token[limit], token.decimals) * amountOf(part, decimals)) / 10n ** BigInt(decimals);
}

/** Seven of ten hold and do nothing, two trade, one holds next to nothing (some of them under the minimum). */
function minnowBalance(random: SeededRandom, token: ListedToken): bigint {
  const minimum = amountOf(token.minimum, token.decimals);
  return minimum / 50n + random.below(2n * minimum);
}

/** Pareto with exponent 1 in whole numbers: smallest / u, cut at 900 BNB so that the tail stays below the cap. */
function paretoBalance(random: SeededRandom, token: ListedToken): bigint {
  const smallest = amountOf('12', 18);
  const balance = (smallest * 1_000_000_007n) / (1n + random.below(1_000_000_007n));
  const largest = amountOf('900', 18);
  return scaled(token, balance > largest ? largest - random.below(largest / 3n) : balance);
}

/** Keeps 8 decimals up to all there are: real balances are not round, and not all equally fine. */
function rounded(random: SeededRandom, atoms: bigint, { decimals }: ListedToken): bigint {
  const unit = 10n ** random.below(BigInt(Math.max(1, decimals - 7)));
  return (atoms / unit) * unit;
}

/** A user's events all travel in one shard: only there is their order certain. */
export function feedShardOf(user: string): number {
  let sum = 0;
  for (const byte of Buffer.from(user, 'utf8')) sum = (sum * 31 + byte) % 65_521;
  return sum % FEED_SHARDS;
}
