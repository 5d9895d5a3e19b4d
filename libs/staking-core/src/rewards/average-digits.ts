import { InvariantViolation } from '../money/invariant.js';
import type { KeyedSums } from './keyed-sums.js';

/** As in `KeyedSums`: eight decimal digits a limb. */
const BASE = 100_000_000;
const DIGITS = 8;
const DAY = 86_400_000;
const ZERO = 48;
/** Limbs of 78 digits times the milliseconds of a day, and room above for the sums. */
const MOST = 16;

/**
 * `averageFromNow` as the decimal digits that it is compared by, without a bigint: (now x counted + changes) / day, rounded
 * down. The digits are `bytes[start, end)`, no zeros in front, until the next call.
 *
 * Exact in doubles: limb + limb x milliseconds + carry < 8.65e15, and rest of a division x 10^8 + limb < 8.64e15, both below
 * 2^53; a quotient that was rounded the wrong way is put right by its rest.
 */
export class AverageDigits {
  readonly bytes = new Uint8Array(MOST * DIGITS);
  readonly end = MOST * DIGITS;
  start = this.end;
  private readonly limbs = new Float64Array(MOST);

  /**
   * @param place the account's sum of changes; -1: it has none
   * @param counted milliseconds of the day in which the balance counts; the balance now is the digits `now[from, to)`
   */
  work(sums: KeyedSums, place: number, counted: number, now: Uint8Array, from: number, to: number): void {
    if (from >= to || to - from > (MOST - 2) * DIGITS) throw new InvariantViolation('a balance has 1 to 112 digits');
    this.limbs.fill(0);
    if (place >= 0) sums.copyLimbs(place, this.limbs);
    this.addBalance(counted, now, from, to);
    this.divide();
    this.write();
  }

  private addBalance(counted: number, now: Uint8Array, from: number, to: number): void {
    const { limbs } = this;
    let carry = 0;
    let end = to;
    for (let limb = 0; limb < MOST; limb += 1) {
      const digits = end > from ? limbAt(now, end - DIGITS > from ? end - DIGITS : from, end) : 0;
      end -= DIGITS;
      const sum = (limbs[limb] as number) + digits * counted + carry;
      carry = (sum / BASE) | 0;
      let rest = sum - carry * BASE;
      if (rest < 0) {
        rest += BASE;
        carry -= 1;
      }
      limbs[limb] = rest;
    }
    if (carry !== 0) throw new InvariantViolation('a balance went below zero');
  }

  private divide(): void {
    const { limbs } = this;
    let rest = 0;
    for (let limb = MOST - 1; limb >= 0; limb -= 1) {
      const value = rest * BASE + (limbs[limb] as number);
      if (value === 0) continue;
      let quotient = (value / DAY) | 0;
      rest = value - quotient * DAY;
      if (rest < 0) {
        rest += DAY;
        quotient -= 1;
      }
      limbs[limb] = quotient;
    }
  }

  private write(): void {
    const { limbs, bytes } = this;
    let highest = MOST - 1;
    while (highest > 0 && limbs[highest] === 0) highest -= 1;
    let at = this.end;
    for (let limb = 0; limb <= highest; limb += 1) {
      let value = limbs[limb] as number;
      for (let digit = 0; limb < highest ? digit < DIGITS : value > 0 || at === this.end; digit += 1) {
        const tenth = (value / 10) | 0;
        at -= 1;
        bytes[at] = ZERO + value - tenth * 10;
        value = tenth;
      }
    }
    this.start = at;
  }
}

function limbAt(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (!(digit >= 0 && digit <= 9)) throw new InvariantViolation('a number is made of digits');
    value = value * 10 + digit;
  }
  return value;
}
