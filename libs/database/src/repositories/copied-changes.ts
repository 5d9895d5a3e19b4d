import type { Transaction } from '../database.js';

const SIGNATURE = 'PGCOPY\n\xff\r\n\0';
const HEADER = SIGNATURE.length + 8;
const NEGATIVE = 0x4000;
const POSITIVE = 0;

/**
 * One change of the log, read from COPY's binary format where it lies in the buffer of the connection: the user's name is
 * `bytes[userFrom, userTo)`, the change itself is `count` groups of four decimal digits, 16 bits each from `groups` on,
 * of which the first stands for multiples of 10^(4 x `highest`). The same object for every line.
 */
export class CopiedChange {
  bytes: Buffer = Buffer.alloc(0);
  userFrom = 0;
  userTo = 0;
  ms = 0;
  negative = false;
  groups = 0;
  count = 0;
  highest = 0;

  /** @returns false when the bytes are the end of the rows */
  read(bytes: Buffer, start: number, to: number): boolean {
    const fields = int16(bytes, start);
    if (fields === -1) return false;
    if (fields !== 3) throw new Error('COPY: a change has three fields');
    this.bytes = bytes;
    this.userFrom = start + 6;
    this.userTo = this.userFrom + int32(bytes, start + 2);
    const ms = this.userTo;
    if (int32(bytes, ms) !== 4) throw new Error('COPY: a change has a millisecond');
    this.ms = int32(bytes, ms + 4);
    return this.readNumeric(ms + 12, ms + 12 + int32(bytes, ms + 8), to);
  }

  /** `numeric`: how many groups, place of the first, sign, places after the point (none in ours), groups. */
  private readNumeric(start: number, end: number, to: number): boolean {
    const { bytes } = this;
    this.count = int16(bytes, start);
    this.highest = int16(bytes, start + 2);
    const sign = int16(bytes, start + 4);
    this.negative = sign === NEGATIVE;
    this.groups = start + 8;
    if (end !== to || this.groups + 2 * this.count !== end) throw new Error('COPY: a change ends where its row ends');
    const isWhole = int16(bytes, start + 6) === 0 && this.highest - this.count >= -1;
    if ((sign !== NEGATIVE && sign !== POSITIVE) || !isWhole) {
      throw new Error('COPY: a change is a whole number');
    }
    return true;
  }
}

/**
 * Reads `COPY (SELECT user_id, ms, change …) TO STDOUT (FORMAT binary)` row by row (see `readCopy`). A stream that breaks off
 * throws: half of it is never all of it.
 */
export async function copiedChanges(
  tx: Transaction,
  copy: string,
  each: (change: CopiedChange) => void,
): Promise<void> {
  const change = new CopiedChange();
  let begun = false;
  let ended = false;
  await tx.copyRows(copy, (bytes, from, to) => {
    let start = from;
    if (!begun) {
      // The header comes with the first row, or with the end.
      if (bytes.toString('latin1', from, from + SIGNATURE.length) !== SIGNATURE) throw new Error('COPY: no header');
      start = from + HEADER + int32(bytes, from + SIGNATURE.length + 4);
      begun = true;
    }
    if (change.read(bytes, start, to)) each(change);
    else ended = true;
  });
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
