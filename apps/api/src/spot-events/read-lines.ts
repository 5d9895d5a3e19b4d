import type { Readable } from 'node:stream';
import { Problem } from '@app/platform';
import { decodeUtf8 } from '../http/body-parsers.js';
import { refuser } from './spot-line.js';

const MAX_LINE_BYTES = 4096;
const NEWLINE = 0x0a;

export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/**
 * NDJSON bytes -> batches of lines. Nothing is read ahead while the caller works on a batch (the stream is paused), so
 * memory stays flat whatever the length. Blank lines are skipped, the last line needs no line end.
 * @throws Problem 408 when nothing arrives for `idleMs`; LineRefused for a line that is too long or not UTF-8
 */
export async function* readLineBatches(
  source: Readable,
  options: { readonly batchLines: number; readonly idleMs: number },
): AsyncGenerator<readonly NumberedLine[]> {
  let batch: NumberedLine[] = [];
  let number = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks(source, options.idleMs)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    rest = bytes.subarray(end);
    for (const text of textLines(bytes.subarray(0, end), number)) {
      number += 1;
      if (text.trim() !== '') batch.push({ number, text });
      if (batch.length === options.batchLines) {
        yield batch;
        batch = [];
      }
    }
    if (rest.length > MAX_LINE_BYTES) throw tooLong(number + 1);
  }
  for (const text of rest.length > 0 ? textLines(rest, number) : []) {
    number += 1;
    if (text.trim() !== '') batch.push({ number, text });
  }
  if (batch.length > 0) yield batch;
}

function textLines(bytes: Buffer, before: number): string[] {
  if (bytes.length === 0) return [];
  const lines = decoded(bytes, before).split('\n');
  if (lines.at(-1) === '') lines.pop();
  const long = lines.findIndex((line) => line.length > MAX_LINE_BYTES);
  if (long >= 0) throw tooLong(before + long + 1);
  return lines;
}

function decoded(bytes: Buffer, before: number): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw refuser(before + brokenLine(bytes))(400, 'BODY_INVALID', '', 'the line is not UTF-8');
  }
}

function brokenLine(bytes: Buffer): number {
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    try {
      decodeUtf8(bytes.subarray(start, end));
    } catch {
      return line;
    }
    line += 1;
    start = end + 1;
  }
  return line;
}

/** The source chunk by chunk, without destroying it at the end: the answer still has to go out on its socket. */
async function* chunks(source: Readable, idleMs: number): AsyncGenerator<Buffer> {
  const iterator = source.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await withinIdleTime(iterator.next(), idleMs);
      if (next.done) return;
      yield Buffer.isBuffer(next.value) ? next.value : Buffer.from(next.value as Uint8Array);
    }
  } finally {
    // Not awaited: after silence it would wait for the very chunk that did not come.
    void iterator.return?.();
  }
}

async function withinIdleTime<T>(work: Promise<T>, idleMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const detail = `nothing arrived for ${idleMs} ms`;
      reject(new Problem({ status: 408, code: 'REQUEST_TIMEOUT', detail, headers: { connection: 'close' } }));
    }, idleMs);
  });
  try {
    return await Promise.race([work, idle]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLong(line: number) {
  return refuser(line)(413, 'LINE_TOO_LONG', '', `a line has at most ${MAX_LINE_BYTES} bytes`);
}
