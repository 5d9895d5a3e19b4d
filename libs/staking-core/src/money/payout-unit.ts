import { atoms } from './atoms.js';
import type { Atoms } from './atoms.js';
import { invariant } from './invariant.js';
import { isWholeNumber } from './whole-number.js';

export interface PayoutPrecision {
  /** Decimals of the token on its chain. */
  readonly decimals: number;
  /** Decimals the exchange's ledger keeps; never finer than the chain. */
  readonly payoutDecimals: number;
}

/** R20: how many atoms the smallest credit is: 10^(decimals - payoutDecimals). BNB 18/8 -> 10^10. */
export function payoutUnit(precision: PayoutPrecision): Atoms {
  const { decimals, payoutDecimals } = precision;
  invariant(isWholeNumber(decimals, 0, 77) && isWholeNumber(payoutDecimals, 0, 77), 'decimals are whole numbers', {
    decimals,
    payoutDecimals,
  });
  invariant(payoutDecimals <= decimals, 'the ledger cannot be finer than the chain', { decimals, payoutDecimals });
  return atoms(10n ** BigInt(decimals - payoutDecimals));
}

/** Rounds down to a whole number of payout units. */
export function cutToPayoutUnit(amount: Atoms, unit: Atoms): Atoms {
  invariant(unit > 0n, 'a payout unit is at least one atom', { unit });
  return atoms(amount - (amount % unit));
}
