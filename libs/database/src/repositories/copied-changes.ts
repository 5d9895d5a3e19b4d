import { KEYS_AT_ONCE } from '@app/staking-core';
import type { Transaction } from '../database.js';

const SIGNATURE = 'PGCOPY\n\xff\r\n\0';
const HEADER = SIGNATURE.length + 8;
const NEGATIVE = 0x4000;
const POSITIVE = 0;

/**
 * Changes of the log, read from COPY's binary format where they lie in the buffer of the connection, up to `KEYS_AT_ONCE`
 * together. Of change `n` the user's name is `bytes[userFrom[n], userTo[n])`; the rest is there when `open(n)` was called:
 * the change itself is `groups` groups of four decimal digits, 16 bits each from `digits` on, of which the first stands for
 * multiples of 10^(4 x `highest`). The same object for all of them.
 */
export class CopiedChanges {
  bytes: Buffer = Buffer.alloc(0);
  count = 0;
  readonly userFrom = new Int32Array(KEYS_AT_ONCE);
  readonly userTo = new Int32Array(KEYS_AT_ONCE);
  private readonly ends = new Int32Array(KEYS_AT_ONCE);
  ms = 0;
  negative = false;
  digits = 0;
  groups = 0;
  highest = 0;

  /** @returns false when the bytes are the end of the rows */
  add(bytes: Buffer, start: number, to: number): boolean {
    const fields = int16(bytes, start);
    if (fields === -1) return false;
    if (fields !== 3) throw new Error('COPY: a change has three fields');
    this.bytes = bytes;
    this.userFrom[this.count] = start + 6;
    this.userTo[this.count] = start + 6 + int32(bytes, start + 2);
    this.ends[this.count] = to;
    this.count += 1;
    return true;
  }

  open(n: number): void {
    const { bytes } = this;
    const ms = this.userTo[n] as number;
    if (int32(bytes, ms) !== 4) throw new Error('COPY: a change has a millisecond');
    this.ms = int32(bytes, ms + 4);
    this.readNumeric(ms + 12, ms + 12 + int32(bytes, ms + 8), this.ends[n] as number);
  }

  /** `numeric`: how many groups, place of the first, sign, places after the point (none in ours), groups. */
  private readNumeric(start: number, end: number, to: number): void {
    const { bytes } = this;
    this.groups = int16(bytes, start);
    this.highest = int16(bytes, start + 2);
    const sign = int16(bytes, start + 4);
    this.negative = sign === NEGATIVE;
    this.digits = start + 8;
    if (end !== to || this.digits + 2 * this.groups !== end) throw new Error('COPY: a change ends where its row ends');
    const isWhole = int16(bytes, start + 6) === 0 && this.highest - this.groups >= -1;
    if ((sign !== NEGATIVE && sign !== POSITIVE) || !isWhole) {
      throw new Error('COPY: a change is a whole number');
    }
  }
}

/**
 * Reads `COPY (SELECT user_id, ms, change …) TO STDOUT (FORMAT binary)` where it lies (see `readCopy`). A stream that breaks off
 * throws: half of it is never all of it.
 */
export async function copiedChanges(
  tx: Transaction,
  copy: string,
  take: (changes: CopiedChanges) => void,
): Promise<void> {
  const changes = new CopiedChanges();
  let begun = false;
  let ended = false;
  const takeAll = (): void => {
    if (changes.count > 0) take(changes);
    changes.count = 0;
  };
  const each = (bytes: Buffer, from: number, to: number): void => {
    let start = from;
    if (!begun) {
      // The header comes with the first row, or with the end.
      if (bytes.toString('latin1', from, from + SIGNATURE.length) !== SIGNATURE) throw new Error('COPY: no header');
      start = from + HEADER + int32(bytes, from + SIGNATURE.length + 4);
      begun = true;
    }
    if (!changes.add(bytes, start, to)) ended = true;
    else if (changes.count === KEYS_AT_ONCE) takeAll();
  };
  await tx.copyRows(copy, each, takeAll);
  if (!ended) throw new Error('COPY: the rows have no end');
}

function int16(bytes: Buffer, at: number): number {
  return (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number);
}

function int32(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
