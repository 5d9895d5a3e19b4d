import { KeyHash, type KeyHashes } from './key-hashes.js';

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
  private readonly hash = new KeyHash();

  /** Keys so far. */
  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return this.cells.byteLength;
  }

  /** The key is `bytes[start, end)`. */
  get(bytes: Uint8Array, start: number, end: number): number {
    const { low, high } = this.hash.of(bytes, start, end);
    return this.cells[this.probe(low, high) + VALUE] as number;
  }

  set(bytes: Uint8Array, start: number, end: number, value: number): void {
    const { low, high } = this.hash.of(bytes, start, end);
    // Three of five cells at most, so that a free one is near.
    if (5 * CELL * this.count >= 3 * this.cells.length) this.grow();
    this.put(low, high, value);
  }

  /**
   * The value of each key, or NONE. Cells are in no order, and one that is far away takes as long as a hundred additions:
   * all are touched first, none waiting for the one before it. Then each is asked whose it is.
   */
  getEach({ lows, highs, count }: KeyHashes, values: Int32Array): void {
    const { cells } = this;
    const mask = cells.length - 1;
    for (let key = 0; key < count; key += 1) {
      values[key] = cells[(home(lows[key] as number, highs[key] as number) & mask) + VALUE] as number;
    }
    for (let key = 0; key < count; key += 1) {
      values[key] = cells[this.probe(lows[key] as number, highs[key] as number) + VALUE] as number;
    }
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
    let at = home(low, high) & mask;
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

/** Where a key's cell is, if it is free and the table large enough. */
function home(low: number, high: number): number {
  return (low ^ (high >>> 7)) * CELL;
}
