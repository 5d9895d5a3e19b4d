import { NO_NOTE } from './keyed-sums.js';

/**
 * A small number by key for very many keys. A key is kept as 64 bits of its hash: 12 bytes a place and at most 40 a key,
 * whatever its length. Among ten million keys, one that is not there is taken for one that is once in 10^12 times.
 */
export class KeyedNotes {
  private count = 0;
  private first = new Int32Array(1_024);
  private second = new Int32Array(1_024);
  private notes = new Int32Array(1_024).fill(NO_NOTE);

  /** Keys so far. */
  get size(): number {
    return this.count;
  }

  /** The key is `bytes[start, end)`; `note` is not negative. */
  set(bytes: Uint8Array, start: number, end: number, note: number): void {
    // Three of five places at most, so that a free one is near.
    if (5 * this.count >= 3 * this.notes.length) this.grow();
    this.put(firstOf(bytes, start, end), secondOf(bytes, start, end), note);
  }

  /** NO_NOTE when there is none. */
  get(bytes: Uint8Array, start: number, end: number): number {
    return this.notes[this.probe(firstOf(bytes, start, end), secondOf(bytes, start, end))] as number;
  }

  private put(first: number, second: number, note: number): void {
    const at = this.probe(first, second);
    if (this.notes[at] === NO_NOTE) this.count += 1;
    this.first[at] = first;
    this.second[at] = second;
    this.notes[at] = note;
  }

  /** Where the key is, or the free place where it belongs. */
  private probe(first: number, second: number): number {
    const mask = this.notes.length - 1;
    let at = (first ^ (second >>> 7)) & mask;
    while (this.notes[at] !== NO_NOTE && (this.first[at] !== first || this.second[at] !== second)) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const { first, second, notes } = this;
    this.count = 0;
    this.first = new Int32Array(2 * notes.length);
    this.second = new Int32Array(2 * notes.length);
    this.notes = new Int32Array(2 * notes.length).fill(NO_NOTE);
    notes.forEach((note, at) => {
      if (note !== NO_NOTE) this.put(first[at] as number, second[at] as number, note);
    });
  }
}

/** Two polynomials of the bytes, each product exact before it is cut to 32 bits. */
function firstOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 17;
  for (let at = start; at < end; at += 1) hash = (hash * 0x1b873 + (bytes[at] as number)) | 0;
  return mixed(hash);
}

function secondOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x5bd1;
  for (let at = start; at < end; at += 1) hash = (hash * 0x5bd1f + (bytes[at] as number)) | 0;
  return mixed(hash);
}

/** One to one on 32 bits: what is read from the low bits depends on all of them. */
function mixed(value: number): number {
  const bits = ((value ^ (value >>> 16)) * 0x5bd1f) | 0;
  return bits ^ (bits >>> 13);
}
