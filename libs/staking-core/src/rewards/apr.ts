import { Decimal } from 'decimal.js';
import type { Atoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';

/** One settled day as far as the rate is concerned. */
export interface PaidDay {
  readonly paidAtoms: Atoms;
  /** Q of the day. */
  readonly qualifyingAtoms: Atoms;
}

export interface Apr {
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** As a fraction of one, rounded down to 8 decimals: "0.03127154" is 3.127154 %. */
  readonly text: string;
}

const APR_DECIMALS = 8;

/** Rates are for display (R1): cut, never rounded up, with room for the digits of two 78-digit amounts. */
const Rate = Decimal.clone({ precision: 200, rounding: Decimal.ROUND_DOWN });

/** R30: what was paid x 365 / qualifying weight-days, over the days given (trailing seven, or one for today's). What is
 *  shown is what was paid. Null: nobody qualified on any of these days, so there is no rate (and not a rate of zero). */
export function aprOf(days: readonly PaidDay[]): Apr | null {
  const paid = days.reduce((sum, day) => sum + day.paidAtoms, 0n);
  const weightDays = days.reduce((sum, day) => sum + day.qualifyingAtoms, 0n);
  if (weightDays === 0n) return null;
  const numerator = paid * 365n;
  return { numerator, denominator: weightDays, text: ratioText(numerator, weightDays, APR_DECIMALS) };
}

/** numerator / denominator as a decimal string, rounded down, with exactly `decimals` digits. */
export function ratioText(numerator: bigint, denominator: bigint, decimals: number): string {
  invariant(numerator >= 0n && denominator > 0n, 'a ratio of amounts is not negative', { numerator, denominator });
  invariant(decimals >= 1, 'a rate has decimals', { decimals });
  return new Rate(numerator.toString()).div(denominator.toString()).toFixed(decimals, Decimal.ROUND_DOWN);
}
