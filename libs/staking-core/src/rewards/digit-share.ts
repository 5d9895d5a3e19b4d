import { InvariantViolation } from '../money/invariant.js';

/** Seven decimal digits a limb: the sum of two dozen products of limbs stays below 2^53, where doubles are exact. */
const BASE = 10_000_000;
const DIGITS = 7;
/** Limbs of 78 digits, and of a product of two such numbers. */
const MOST = 12;
const ZERO = 48;

/**
 * R20 for very many stored rewards, without dividing and without a bigint each: a reward is whole units, not more than the
 * share of the pool, and not a unit less:
 *   0 <= weight x pool - reward x Q < unit x Q
 * Weights and rewards are read as decimal digits where they lie, and added up on the way.
 */
export class DigitShare {
  private readonly pool: Float64Array;
  private readonly qualifying: Float64Array;
  private readonly bound: Float64Array;
  private readonly weight = new Float64Array(MOST);
  private readonly reward = new Float64Array(MOST);
  private readonly weightSums = new Float64Array(MOST);
  private readonly rewardSums = new Float64Array(MOST);
  private readonly below: Float64Array;
  private readonly zeros: number;

  /** @param unit a power of ten */
  constructor(poolAtoms: bigint, qualifyingAtoms: bigint, unit: bigint) {
    this.pool = limbsOf(poolAtoms);
    this.qualifying = limbsOf(qualifyingAtoms);
    this.bound = limbsOf(unit * qualifyingAtoms);
    this.zeros = unit.toString().length - 1;
    const widest = this.pool.length > this.qualifying.length ? this.pool.length : this.qualifying.length;
    this.below = new Float64Array(MOST + widest + 1);
  }

  /** Whether the reward is the share of the weight; both are counted in the sums, whatever it is. */
  is(bytes: Uint8Array, weightFrom: number, weightTo: number, rewardFrom: number, rewardTo: number): boolean {
    const weights = read(bytes, weightFrom, weightTo, this.weight, this.weightSums);
    const rewards = read(bytes, rewardFrom, rewardTo, this.reward, this.rewardSums);
    if (!this.isWholeUnits(bytes, rewardFrom, rewardTo)) return false;
    return this.subtract(weights, rewards) && this.isBelowBound();
  }

  get weightAtoms(): bigint {
    return valueOf(this.weightSums);
  }

  get rewardAtoms(): bigint {
    return valueOf(this.rewardSums);
  }

  private isWholeUnits(bytes: Uint8Array, from: number, to: number): boolean {
    if (bytes[from] === ZERO) return true;
    if (to - from <= this.zeros) return false;
    for (let at = to - this.zeros; at < to; at += 1) if (bytes[at] !== ZERO) return false;
    return true;
  }

  /** weight x pool - reward x Q, limb by limb. @returns false when it is below zero */
  private subtract(weights: number, rewards: number): boolean {
    const { below, pool, qualifying, weight, reward } = this;
    let carry = 0;
    for (let limb = 0; limb < below.length; limb += 1) {
      let sum = carry;
      for (let one = limb < pool.length ? 0 : limb - pool.length + 1; one < weights && one <= limb; one += 1)
        sum += (weight[one] as number) * (pool[limb - one] as number);
      for (
        let one = limb < qualifying.length ? 0 : limb - qualifying.length + 1;
        one < rewards && one <= limb;
        one += 1
      )
        sum -= (reward[one] as number) * (qualifying[limb - one] as number);
      carry = (sum / BASE) | 0;
      let rest = sum - carry * BASE;
      if (rest < 0) {
        rest += BASE;
        carry -= 1;
      }
      below[limb] = rest;
    }
    return carry === 0;
  }

  private isBelowBound(): boolean {
    const { below, bound } = this;
    for (let limb = (below.length > bound.length ? below.length : bound.length) - 1; limb >= 0; limb -= 1) {
      const difference = (below[limb] ?? 0) - (bound[limb] ?? 0);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }
}

/** Limbs of the digits, lowest first, added to the sums as well. @returns how many */
function read(bytes: Uint8Array, from: number, to: number, limbs: Float64Array, sums: Float64Array): number {
  if (from >= to || to - from > limbs.length * DIGITS) {
    throw new InvariantViolation('a number has 1 to 84 digits', { digits: String(to - from) });
  }
  let count = 0;
  for (let end = to; end > from; end -= DIGITS) {
    let value = 0;
    for (let at = end - DIGITS > from ? end - DIGITS : from; at < end; at += 1) {
      const digit = (bytes[at] as number) - ZERO;
      if (!(digit >= 0 && digit <= 9)) throw new InvariantViolation('a number is made of digits');
      value = value * 10 + digit;
    }
    limbs[count] = value;
    sums[count] = (sums[count] as number) + value;
    count += 1;
  }
  return count;
}

function limbsOf(value: bigint): Float64Array {
  const digits = new TextEncoder().encode(value.toString());
  const limbs = new Float64Array(2 * MOST);
  const count = read(digits, 0, digits.length, limbs, new Float64Array(limbs.length));
  return limbs.slice(0, count);
}

/** Up to 9 x 10^8 limbs of each place add up exactly. */
function valueOf(sums: Float64Array): bigint {
  let value = 0n;
  for (let limb = sums.length - 1; limb >= 0; limb -= 1) value = value * 10_000_000n + BigInt(sums[limb] as number);
  return value;
}
