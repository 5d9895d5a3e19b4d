import { InvariantViolation } from '../money/invariant.js';

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
export const NO_NOTE = -1;

/**
 * Exact sums of `number x factor` by key, for as many lines as come: numbers are read as groups of decimal digits where they
 * lie, keys are compared as bytes, and everything is kept in typed arrays, so that a line leaves nothing behind for the
 * garbage collector. Widens by itself to the widest number seen; 78 digits are no limit.
 *
 * A sum is stored as limbs of base 10^8, each within [-10^8, 10^8] and with a sign of its own. One addition computes
 * limb + digits x factor + carry < 8.65e15 in a double, which is exact, and truncates: whichever way the quotient is
 * rounded, quotient x base + rest is the same number.
 */
export class KeyedSums {
  private capacity = 1_024;
  private width = 4;
  private count = 0;
  private keyBytes = new Uint8Array(16 * 1_024);
  private keyEnd = new Float64Array(this.capacity + 1);
  private limbs = new Float64Array(this.capacity * this.width);
  private notes = new Int32Array(this.capacity).fill(NO_NOTE);
  private table = new Int32Array(2 * this.capacity).fill(-1);

  /** Keys so far. */
  get size(): number {
    return this.count;
  }

  /** Memory held, without what growing takes for a moment. */
  get bytes(): number {
    return (
      this.keyBytes.byteLength +
      this.keyEnd.byteLength +
      this.limbs.byteLength +
      this.notes.byteLength +
      this.table.byteLength
    );
  }

  /** The key's place, made when it is new. The key is `bytes[start, end)`. */
  place(bytes: Uint8Array, start: number, end: number): number {
    const at = this.probe(bytes, start, end);
    const found = this.table[at] as number;
    if (found >= 0) return found;
    const place = this.count;
    this.count += 1;
    this.table[at] = place;
    this.storeKey(place, bytes, start, end);
    if (this.count === this.capacity) this.grow();
    return place;
  }

  /** The key's place, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.table[this.probe(bytes, start, end)] as number;
  }

  /** A small number that goes with the key. */
  note(place: number): number {
    return this.notes[place] as number;
  }

  setNote(place: number, note: number): void {
    this.notes[place] = note;
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
    const top = (place + 1) * this.width - 1;
    let limb = place * this.width + (lowest >> 1);
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
    const first = place * this.width;
    let sum = 0n;
    for (let limb = first + this.width - 1; limb >= first; limb -= 1) {
      const value = this.limbs[limb] as number;
      if (sum !== 0n) sum = sum * 100_000_000n + BigInt(value);
      else if (value !== 0) sum = BigInt(value);
    }
    return sum;
  }

  /** Where the key is in the table, or the free place where it belongs. */
  private probe(bytes: Uint8Array, start: number, end: number): number {
    const { table, keyBytes, keyEnd } = this;
    const mask = table.length - 1;
    let at = hashOf(bytes, start, end) & mask;
    for (;;) {
      const place = table[at] as number;
      if (place < 0) return at;
      let key = place === 0 ? 0 : (keyEnd[place - 1] as number);
      if ((keyEnd[place] as number) - key === end - start) {
        let byte = start;
        while (byte < end && bytes[byte] === keyBytes[key]) {
          byte += 1;
          key += 1;
        }
        if (byte === end) return at;
      }
      at = (at + 1) & mask;
    }
  }

  private storeKey(place: number, bytes: Uint8Array, start: number, end: number): void {
    let at = place === 0 ? 0 : (this.keyEnd[place - 1] as number);
    while (at + end - start > this.keyBytes.length) this.keyBytes = larger(this.keyBytes, 2 * this.keyBytes.length);
    for (let byte = start; byte < end; byte += 1) {
      this.keyBytes[at] = bytes[byte] as number;
      at += 1;
    }
    this.keyEnd[place] = at;
  }

  private grow(): void {
    this.capacity *= 2;
    this.keyEnd = larger(this.keyEnd, this.capacity + 1);
    this.limbs = larger(this.limbs, this.capacity * this.width);
    const notes = new Int32Array(this.capacity).fill(NO_NOTE);
    notes.set(this.notes);
    this.notes = notes;
    this.table = new Int32Array(2 * this.capacity).fill(-1);
    for (let place = 0; place < this.count; place += 1) {
      const start = place === 0 ? 0 : (this.keyEnd[place - 1] as number);
      this.table[this.probe(this.keyBytes, start, this.keyEnd[place] as number)] = place;
    }
  }

  /** Rows move apart; what stood in the highest limb of all is still below one limb and stays where it is. */
  private widen(digits: number): void {
    let width = this.width;
    while ((width - ROOM) * DIGITS < digits) width += 1;
    const wider = new Float64Array(this.capacity * width);
    for (let place = 0; place < this.count; place += 1) {
      wider.set(this.limbs.subarray(place * this.width, (place + 1) * this.width), place * width);
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

/** A polynomial of the bytes, with the high bits mixed down: the table takes the low ones. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 17;
  for (let at = start; at < end; at += 1) hash = (hash * 31 + (bytes[at] as number)) | 0;
  hash ^= hash >>> 15;
  return (hash ^ (hash >>> 7)) >>> 0;
}

function larger<T extends Uint8Array | Float64Array>(array: T, length: number): T {
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}
