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

  constructor(readonly fields: number) {
    this.starts = new Int32Array(fields + 1);
  }

  from(field: number): number {
    return this.starts[field] as number;
  }

  to(field: number): number {
    return (this.starts[field + 1] as number) - 1;
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
    const { starts } = this;
    let field = 1;
    starts[0] = start;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte > NEWLINE || (byte !== TAB && byte !== NEWLINE)) continue;
      if (field > this.fields) throw new Error('COPY: a line has more fields than were asked for');
      starts[field] = at + 1;
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

function unescapeCopy(field: string): string {
  return field.replace(/\\(.)/g, (_all, letter: string) => ({ t: '\t', n: '\n', r: '\r' })[letter] ?? letter);
}
