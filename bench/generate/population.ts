import { SeededRandom } from './seeded-random.js';
import { BNB, NEAR, TOKENS, WIDE } from './tokens.js';

/** `[from, to)` in milliseconds of the measured day; below 0 and above the day are other days. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface BenchUser {
  readonly index: number;
  readonly name: string;
  readonly owner: string | null;
  /** When the switch counts; null: never switched on. */
  readonly on: Span | null;
  /** R6 cuts of the day; `token` null: of every token. */
  readonly cuts: readonly (Span & { readonly token: number | null; readonly reason: 'TOKEN_OFF' | 'BANNED' })[];
}

export const DAY_LENGTH = 86_400_000;
const NOON = DAY_LENGTH / 2;
const ALWAYS: Span = { from: -30 * DAY_LENGTH, to: Infinity };
/** One position (user, token) per slot; the first users are the odd ones every set must have, however small. */
const HELD = 3;
const NEAR_WHALE = 0;
export const HOT_USER = 1;
const WIDE_GIANT = 2;

/**
 * Who exists and what they hold at 00:00. Positions are numbered: user i has 3i, 3i+1 and 3i+2; the holders of WIDE come
 * after all others. Everything follows from the seed.
 */
export class Population {
  readonly positions: number;
  readonly tokenOf: Uint8Array;
  readonly opening: bigint[];
  /** Positions that trade during the day, the busiest first. */
  readonly active: number[] = [];
  /** Positions of which the core speaks for the first time during the day (R26). */
  readonly newborn: number[] = [];
  readonly quarantined: number[] = [];
  private readonly wideHolders: number[] = [];
  private readonly random: SeededRandom;

  constructor(
    readonly users: number,
    readonly seed: number,
  ) {
    this.random = new SeededRandom(seed);
    for (let user = WIDE_GIANT; user < users; user += 500) this.wideHolders.push(user);
    this.positions = users * HELD + this.wideHolders.length;
    this.tokenOf = new Uint8Array(this.positions);
    this.opening = new Array<bigint>(this.positions);
    for (let user = 0; user < users; user += 1) this.endow(user);
    this.wideHolders.forEach((user, index) => {
      const position = users * HELD + index;
      this.tokenOf[position] = WIDE;
      // 78 digits for one, sixty and fewer for the others: the sum must still fit the column.
      this.opening[position] =
        user === WIDE_GIANT ? 7n * 10n ** 77n + this.low(30) : 10n ** BigInt(31 + (index % 29)) + this.low(30);
      if (index % 5 === 0) this.active.push(position);
    });
  }

  /** The hot account's BNB. */
  get hot(): number {
    return HOT_USER * HELD;
  }

  userOf(position: number): number {
    const wide = position - this.users * HELD;
    return wide < 0 ? Math.floor(position / HELD) : this.wideHolders[wide]!;
  }

  /** Taking part is decided by the index alone, so that no order of calls matters. */
  user(index: number): BenchUser {
    const kind = index < 20 ? 999 : new SeededRandom(this.seed ^ Math.imul(index + 1, 0x9e3779b1)).below(1_000);
    const owner = kind >= 30 && index % 400 < 2 && index >= 400 ? `owner${Math.floor(index / 400)}` : null;
    return { index, name: `u${index}`, owner, on: switchOf(kind), cuts: cutsOf(kind) };
  }

  private endow(user: number): void {
    const base = user * HELD;
    const others = TOKENS.length - 2;
    const second = 1 + this.random.below(others);
    const third = 1 + ((second - 1 + 1 + this.random.below(others - 1)) % others);
    this.tokenOf[base] = BNB;
    this.tokenOf[base + 1] = user === NEAR_WHALE ? NEAR : second;
    this.tokenOf[base + 2] = user === NEAR_WHALE ? NEAR + 1 : third;
    for (let slot = 0; slot < HELD; slot += 1) this.opening[base + slot] = this.balance(user, base + slot);
    const trades = user < 20 ? user < 3 : this.random.fraction() < 0.2;
    for (let slot = 0; slot < HELD; slot += 1) {
      const position = base + slot;
      if (trades) this.active.push(position);
      else if (user >= 20 && this.random.below(1_000) === 0) this.newborn.push(position);
      else if (user >= 20 && this.random.below(2_000) === 0) this.quarantined.push(position);
    }
  }

  private balance(user: number, position: number): bigint {
    const { minimum, cap, decimals } = TOKENS[this.tokenOf[position]!]!;
    const first = position % HELD === 0;
    if (user === NEAR_WHALE && this.tokenOf[position] === NEAR) return 50_000_000n * 10n ** 24n + this.low(23);
    if (first && user >= 3 && user < 20) {
      return [minimum, minimum - 1n, minimum + 1n, cap, cap - 1n, cap + 1n, 0n, 1n][user % 8]!;
    }
    // One in a hundred holds exactly ten: equal weights, equal rewards.
    if (first && user >= 20 && user % 100 < 1) return 10n * 10n ** BigInt(decimals);
    // Pareto(1.16): a few hold most of it; about two in a hundred are below the minimum.
    const size = Math.min(1e5, (1 - this.random.fraction()) ** (-1 / 1.16));
    return (minimum * BigInt(Math.round(size * 980_000))) / 1_000_000n + this.low(decimals - 3);
  }

  /** A random tail, so that amounts are not round. */
  private low(digits: number): bigint {
    const wide = (BigInt(this.random.bits()) << 32n) | BigInt(this.random.bits());
    return digits <= 0 ? 0n : wide % 10n ** BigInt(digits);
  }
}

function switchOf(kind: number): Span | null {
  if (kind < 10) return null;
  // Off at noon (R5), on at the next 00:00 (R4), off at 18:00 after a month, on since this very 00:00.
  if (kind < 30) return { from: ALWAYS.from, to: NOON };
  if (kind < 34) return { from: DAY_LENGTH, to: Infinity };
  if (kind < 38) return { from: ALWAYS.from, to: 64_800_123 };
  if (kind < 48) return { from: 0, to: Infinity };
  return ALWAYS;
}

function cutsOf(kind: number): BenchUser['cuts'] {
  if (kind === 50) return [{ token: null, reason: 'BANNED', from: 30_000_001, to: Infinity }];
  if (kind === 51) return [{ token: BNB, reason: 'TOKEN_OFF', from: 21_600_000, to: NOON + 3_600_000 }];
  if (kind === 52) return [{ token: null, reason: 'BANNED', from: -5 * DAY_LENGTH, to: -4 * DAY_LENGTH }];
  return [];
}
