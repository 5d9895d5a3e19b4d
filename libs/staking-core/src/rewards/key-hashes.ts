/** Keys that are looked up together: few enough that what was read for the first is still near when the last is done. */
export const KEYS_AT_ONCE = 512;

/**
 * 64 bits of hash of a key, whatever its length, in two halves: two polynomials of its bytes, each product exact before it
 * is cut to 32 bits, mixed.
 */
export class KeyHash {
  low = 0;
  high = 0;

  /** The key is `bytes[start, end)`. */
  of(bytes: Uint8Array, start: number, end: number): this {
    let low = 17;
    let high = 0x5bd1;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      low = (low * 0x1b873 + byte) | 0;
      high = (high * 0x5bd1f + byte) | 0;
    }
    this.low = mixed(low);
    this.high = mixed(high);
    return this;
  }
}

/** Hashes of up to `KEYS_AT_ONCE` keys, in the order they came. */
export class KeyHashes {
  readonly lows = new Int32Array(KEYS_AT_ONCE);
  readonly highs = new Int32Array(KEYS_AT_ONCE);
  private size = 0;
  private readonly hash = new KeyHash();

  get count(): number {
    return this.size;
  }

  clear(): void {
    this.size = 0;
  }

  /** The key is `bytes[start, end)`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.size === KEYS_AT_ONCE) throw new RangeError(`no more than ${KEYS_AT_ONCE} keys at once`);
    const { low, high } = this.hash.of(bytes, start, end);
    this.lows[this.size] = low;
    this.highs[this.size] = high;
    this.size += 1;
  }
}

/** One to one on 32 bits: what is read from the low bits depends on all of them. */
export function mixed(value: number): number {
  const bits = ((value ^ (value >>> 16)) * 0x5bd1f) | 0;
  return bits ^ (bits >>> 13);
}
