import { InvariantViolation } from '../money/invariant.js';
import { HashedKeys, NONE } from './hashed-keys.js';
import type { KeyHashes } from './key-hashes.js';

/** Eight decimal digits a limb: a limb times the milliseconds of a day stays below 2^53 = 9.007e15, where doubles are exact. */
const BASE = 100_000_000;
const DIGITS = 8;
/** A factor has at most eight digits, and up to ten million products are added: two limbs above the widest number. */
const ROOM = 2;
const LARGEST_FACTOR = 86_400_000;
/** Two groups make a limb. */
const GROUP = 10_000;
const GROUP_DIGITS = 4;
/** No note was left. */
export const NO_NOTE = NONE;

/**
 * Exact sums of `number x factor` by key, for as many lines as come: numbers are read as groups of decimal digits where they
 * lie, keys are known by their hash, and everything is kept in typed arrays, so that a line leaves nothing behind for the
 * garbage collector. Widens by itself to the widest number seen; 78 digits are no limit.
 *
 * A sum is stored as limbs of base 10^8, each within [-10^8, 10^8] and with a sign of its own. One addition computes
 * limb + digits x factor + carry < 8.65e15 in a double, which is exact, and truncates: whichever way the quotient is
 * rounded, quotient x base + rest is the same number.
 */
export class KeyedSums {
  private capacity = 1_024;
  /** Limbs of a sum; in front of them stands the key's note. */
  private width = 4;
  private count = 0;
  private readonly keys = new HashedKeys();
  private limbs = new Float64Array(this.capacity * (this.width + 1));

  /** Keys so far. */
  get size(): number {
    return this.count;
  }

  /** Memory held, without what growing takes for a moment. */
  get bytes(): number {
    return this.keys.bytes + this.limbs.byteLength;
  }

  /** The key's place, made when it is new. The key is `bytes[start, end)`. */
  place(bytes: Uint8Array, start: number, end: number): number {
    const found = this.keys.get(bytes, start, end);
    if (found !== NONE) return found;
    const place = this.count;
    this.count += 1;
    if (this.count > this.capacity) this.grow();
    this.keys.set(bytes, start, end, place);
    this.setNote(place, NO_NOTE);
    return place;
  }

  /** The key's place, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.keys.get(bytes, start, end);
  }

  /** The place of each key, or -1. */
  findEach(hashes: KeyHashes, places: Int32Array): void {
    this.keys.getEach(hashes, places);
  }

  /** The note of each of the first `count` places that is not -1; see `HashedKeys.getEach`. */
  notesOf(places: Int32Array, count: number, notes: Int32Array): void {
    const { limbs } = this;
    const row = this.width + 1;
    for (let at = 0; at < count; at += 1) {
      const place = places[at] as number;
      notes[at] = place < 0 ? NO_NOTE : (limbs[place * row] as number);
    }
  }

  /** A small number that goes with the key. */
  note(place: number): number {
    return this.limbs[place * (this.width + 1)] as number;
  }

  setNote(place: number, note: number): void {
    this.limbs[place * (this.width + 1)] = note;
  }

  /**
   * Adds `number x factor`; the number comes in `count` groups of four decimal digits, two bytes each (the higher first) from
   * `start` on: the first stands for multiples of 10^(4 x `highest`), the next for 10^(4 x (`highest` - 1)), and so on.
   * @param factor a whole number of milliseconds, at most a day either way
   */
  add(place: number, bytes: Uint8Array, start: number, count: number, highest: number, factor: number): void {
    if (!(factor <= LARGEST_FACTOR && factor >= -LARGEST_FACTOR)) {
      throw new InvariantViolation('a factor is at most the milliseconds of a day', { factor: String(factor) });
    }
    const lowest = highest - count + 1;
    if (lowest < 0)
      throw new InvariantViolation('a number is whole', { highest: String(highest), count: String(count) });
    if ((this.width - ROOM) * DIGITS < (highest + 1) * GROUP_DIGITS) this.widen((highest + 1) * GROUP_DIGITS);
    const { limbs } = this;
    const first = place * (this.width + 1) + 1;
    const top = first + this.width - 1;
    let limb = first + (lowest >> 1);
    let carry = 0;
    let at = start + 2 * (count - 1);
    // Of two groups in a limb the first one may be the higher one alone.
    let isHigher = (lowest & 1) === 1;
    while (at >= start) {
      let digits = isHigher ? 0 : groupAt(bytes, at);
      if (!isHigher) at -= 2;
      isHigher = false;
      if (at >= start) digits += groupAt(bytes, at) * GROUP;
      at -= 2;
      const sum = (limbs[limb] as number) + digits * factor + carry;
      carry = (sum / BASE) | 0;
      limbs[limb] = sum - carry * BASE;
      limb += 1;
    }
    while (carry !== 0 && limb < top) {
      const sum = (limbs[limb] as number) + carry;
      carry = (sum / BASE) | 0;
      limbs[limb] = sum - carry * BASE;
      limb += 1;
    }
    if (carry !== 0) limbs[top] = (limbs[top] as number) + carry;
  }

  /** The key's sum. */
  sum(place: number): bigint {
    const first = place * (this.width + 1) + 1;
    let sum = 0n;
    for (let limb = first + this.width - 1; limb >= first; limb -= 1) {
      const value = this.limbs[limb] as number;
      if (sum !== 0n) sum = sum * 100_000_000n + BigInt(value);
      else if (value !== 0) sum = BigInt(value);
    }
    return sum;
  }

  /** The limbs of the key's sum, the lowest first, each with a sign of its own. */
  copyLimbs(place: number, into: Float64Array): void {
    const first = place * (this.width + 1) + 1;
    if (this.width > into.length) throw new InvariantViolation('a sum is wider than there is room for');
    for (let limb = 0; limb < this.width; limb += 1) into[limb] = this.limbs[first + limb] as number;
  }

  private grow(): void {
    this.capacity *= 2;
    const limbs = new Float64Array(this.capacity * (this.width + 1));
    limbs.set(this.limbs);
    this.limbs = limbs;
  }

  /** Rows move apart; what stood in the highest limb of all is still below one limb and stays where it is. */
  private widen(digits: number): void {
    let width = this.width;
    while ((width - ROOM) * DIGITS < digits) width += 1;
    const wider = new Float64Array(this.capacity * (width + 1));
    const row = this.width + 1;
    for (let place = 0; place < this.count; place += 1) {
      wider.set(this.limbs.subarray(place * row, (place + 1) * row), place * (width + 1));
    }
    this.limbs = wider;
    this.width = width;
  }
}

function groupAt(bytes: Uint8Array, at: number): number {
  const group = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (!(group < GROUP)) throw new InvariantViolation('a group is four digits', { group: String(group) });
  return group;
}
