/** No value was kept for the key. */
export const NONE = -1;

/** Of a cell: two halves of the hash, the value, one left free, so that no cell lies on two lines of the processor's cache. */
const CELL = 4;
const VALUE = 2;

/**
 * A number that is not negative by key, for very many keys. A key is kept as 64 bits of its hash, whatever its length: 16
 * bytes a cell and at most 54 a key. Among ten million keys, one that is not there is taken for one that is once in 10^12
 * times. One cell, one look into memory: with keys in no order, that is what a look costs.
 */
export class HashedKeys {
  private count = 0;
  private cells = new Int32Array(CELL * 1_024).fill(NONE);
  /** Hash of the key that was looked at last. */
  private low = 0;
  private high = 0;

  /** Keys so far. */
  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return this.cells.byteLength;
  }

  /** The key is `bytes[start, end)`. */
  get(bytes: Uint8Array, start: number, end: number): number {
    this.hash(bytes, start, end);
    return this.cells[this.probe(this.low, this.high) + VALUE] as number;
  }

  set(bytes: Uint8Array, start: number, end: number, value: number): void {
    this.hash(bytes, start, end);
    // Three of five cells at most, so that a free one is near.
    if (5 * CELL * this.count >= 3 * this.cells.length) this.grow();
    this.put(this.low, this.high, value);
  }

  /** Two polynomials of the bytes, each product exact before it is cut to 32 bits. */
  private hash(bytes: Uint8Array, start: number, end: number): void {
    let low = 17;
    let high = 0x5bd1;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      low = (low * 0x1b873 + byte) | 0;
      high = (high * 0x5bd1f + byte) | 0;
    }
    this.low = mixed(low);
    this.high = mixed(high);
  }

  private put(low: number, high: number, value: number): void {
    const at = this.probe(low, high);
    if (this.cells[at + VALUE] === NONE) this.count += 1;
    this.cells[at] = low;
    this.cells[at + 1] = high;
    this.cells[at + VALUE] = value;
  }

  /** Where the key is, or the free cell where it belongs. */
  private probe(low: number, high: number): number {
    const { cells } = this;
    const mask = cells.length - 1;
    let at = ((low ^ (high >>> 7)) * CELL) & mask;
    while (cells[at + VALUE] !== NONE && (cells[at] !== low || cells[at + 1] !== high)) at = (at + CELL) & mask;
    return at;
  }

  private grow(): void {
    const { cells } = this;
    this.count = 0;
    this.cells = new Int32Array(2 * cells.length).fill(NONE);
    for (let at = 0; at < cells.length; at += CELL) {
      const value = cells[at + VALUE] as number;
      if (value !== NONE) this.put(cells[at] as number, cells[at + 1] as number, value);
    }
  }
}

/** One to one on 32 bits: what is read from the low bits depends on all of them. */
export function mixed(value: number): number {
  const bits = ((value ^ (value >>> 16)) * 0x5bd1f) | 0;
  return bits ^ (bits >>> 13);
}
