import fc from 'fast-check';
import { atoms, signedAtoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import type { TokenRules } from '../tokens/token-rules.js';
import { DAY_MS, dayStartMs, utcDay } from '../time/utc-day.js';
import type { BalanceChange } from '../balances/day-integral.js';

/** The day all examples play on, and its first millisecond. */
export const D = utcDay('2026-11-19');
export const START = dayStartMs(D);
export const END = START + DAY_MS;
export const HOUR = 3_600_000n;
export const MINUTE = 60_000n;

/** Whole tokens of 18 decimals: `bnb(1n, 2n)` is half a BNB. */
export function bnb(numerator: bigint, denominator = 1n): Atoms {
  return atoms((numerator * 10n ** 18n) / denominator);
}

export const BNB_RULES: TokenRules = {
  token: 'BNB',
  decimals: 18,
  payoutDecimals: 8,
  minAtoms: bnb(1n, 2n),
  capAtoms: bnb(1_000n),
  releaseDays: 1,
  feeBps: 0,
  countedBalance: 'free',
  maxDailyRatePpb: 550_000n,
  trendMultiple: 5,
  rulesVersion: '2026-01',
};

export const NEAR_RULES: TokenRules = {
  ...BNB_RULES,
  token: 'NEAR',
  decimals: 24,
  minAtoms: atoms(100n * 10n ** 24n),
  capAtoms: atoms(50_000n * 10n ** 24n),
};

/** Small numbers, so that roundings and equalities happen all the time. */
export const PENNY_RULES: TokenRules = {
  ...BNB_RULES,
  token: 'PENNY',
  decimals: 2,
  payoutDecimals: 1,
  minAtoms: atoms(5n),
  capAtoms: atoms(60n),
};

export function anyAtoms(max = 10n ** 30n): fc.Arbitrary<Atoms> {
  return fc.bigInt({ min: 0n, max }).map(atoms);
}

/** A day's changes that never take a balance below zero: balances first, then their differences. */
export function anyDay(maxChanges = 12): fc.Arbitrary<{ opening: Atoms; changes: BalanceChange[] }> {
  const step = fc.record({
    ms: fc.bigInt({ min: 0n, max: DAY_MS - 1n }),
    balance: fc.bigInt({ min: 0n, max: 1_000n }),
  });
  return fc
    .record({ opening: fc.bigInt({ min: 0n, max: 1_000n }), steps: fc.array(step, { maxLength: maxChanges }) })
    .map(({ opening, steps }) => {
      const inOrder = [...steps].sort((a, b) => (a.ms < b.ms ? -1 : a.ms > b.ms ? 1 : 0));
      let before = opening;
      const changes = inOrder.map(({ ms, balance }, index) => {
        const deltaAtoms = signedAtoms(balance - before);
        before = balance;
        return { atMs: START + ms, seq: BigInt(index + 1), deltaAtoms };
      });
      return { opening: atoms(opening), changes };
    });
}

/** The same elements in another order. */
export function shuffled<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
}
