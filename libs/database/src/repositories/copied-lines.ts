import { KEYS_AT_ONCE } from '@app/staking-core';
import type { Transaction } from '../database.js';

const TAB = 9;
const NEWLINE = 10;
const BACKSLASH = 92;
const LETTER_N = 78;

/**
 * One line of COPY's text format where it lies in the buffer of the connection: field `n` is `bytes[from(n), to(n))`.
 * The same object for every line, so a reader copies what it wants to keep.
 */
export class CopiedLine {
  bytes: Buffer = Buffer.alloc(0);
  private readonly starts: Int32Array;
  /** Where in `starts` the line is that is looked at, of several. */
  private base = 0;

  /** @param lines how many are kept */
  constructor(
    readonly fields: number,
    lines = 1,
  ) {
    this.starts = new Int32Array(lines * (fields + 1));
  }

  /** Looks at line `n` of those that were split. */
  look(n: number): this {
    this.base = n * (this.fields + 1);
    return this;
  }

  from(field: number): number {
    return this.starts[this.base + field] as number;
  }

  to(field: number): number {
    return (this.starts[this.base + field + 1] as number) - 1;
  }

  isNull(field: number): boolean {
    const start = this.from(field);
    return this.to(field) - start === 2 && this.bytes[start] === BACKSLASH && this.bytes[start + 1] === LETTER_N;
  }

  text(field: number): string {
    const text = this.bytes.toString('utf8', this.from(field), this.to(field));
    return text.includes('\\') ? unescapeCopy(text) : text;
  }

  /** Digits only. */
  bigint(field: number): bigint {
    return BigInt(this.bytes.toString('latin1', this.from(field), this.to(field)));
  }

  textOrNull(field: number): string | null {
    return this.isNull(field) ? null : this.text(field);
  }

  bigintOrNull(field: number): bigint | null {
    return this.isNull(field) ? null : this.bigint(field);
  }

  /** Whether two fields are the same bytes. */
  same(one: number, other: number): boolean {
    let left = this.from(one);
    let right = this.from(other);
    const end = this.to(one);
    if (end - left !== this.to(other) - right) return false;
    for (; left < end; left += 1, right += 1) if (this.bytes[left] !== this.bytes[right]) return false;
    return true;
  }

  /** Finds the fields of the line at `start`. @returns where the next line starts, or -1 when this one is not all there */
  split(bytes: Buffer, start: number): number {
    const { starts, base } = this;
    let field = 1;
    starts[base] = start;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte > NEWLINE || (byte !== TAB && byte !== NEWLINE)) continue;
      if (field > this.fields) throw new Error('COPY: a line has more fields than were asked for');
      starts[base + field] = at + 1;
      field += 1;
      if (byte === NEWLINE) {
        if (field !== this.fields + 1) throw new Error('COPY: a line has fewer fields than were asked for');
        this.bytes = bytes;
        return at + 1;
      }
    }
    return -1;
  }
}

/** Reads rows line by line (see `readCopy`). A stream that breaks off throws: half of it is never all of it. */
export async function copiedLines(
  tx: Transaction,
  copy: string,
  fields: number,
  each: (line: CopiedLine) => void,
): Promise<void> {
  const line = new CopiedLine(fields);
  await tx.copyRows(copy, (bytes, from, to) => {
    if (line.split(bytes, from) !== to) throw new Error('COPY: a row is not one line');
    each(line);
  });
}

/** The same with up to `KEYS_AT_ONCE` lines together. @param take is told how many there are to `look` at */
export async function copiedLinesTogether(
  tx: Transaction,
  copy: string,
  fields: number,
  take: (line: CopiedLine, count: number) => void,
): Promise<void> {
  const line = new CopiedLine(fields, KEYS_AT_ONCE);
  let count = 0;
  const takeAll = (): void => {
    if (count > 0) take(line, count);
    count = 0;
  };
  const each = (bytes: Buffer, from: number, to: number): void => {
    if (line.look(count).split(bytes, from) !== to) throw new Error('COPY: a row is not one line');
    count += 1;
    if (count === KEYS_AT_ONCE) takeAll();
  };
  await tx.copyRows(copy, each, takeAll);
}

function unescapeCopy(field: string): string {
  return field.replace(/\\(.)/g, (_all, letter: string) => ({ t: '\t', n: '\n', r: '\r' })[letter] ?? letter);
}
