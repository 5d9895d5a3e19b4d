import type { Readable } from 'node:stream';
import { Problem } from '@app/platform';
import { decodeUtf8 } from '../http/body-parsers.js';
import { refuser, type SpotLine } from './spot-line.js';

const MAX_LINE_BYTES = 4096;
const NEWLINE = 0x0a;
const OPEN = 0x7b;

export interface ReadSettings {
  /** The sender's longest silence. */
  readonly idleMs: number;
  /** A pause of this length, and what has come so far need not wait for more. */
  readonly lingerMs: number;
}

/** What the line between `start` and `end` says; `number` counts from 1. @throws LineRefused */
export type ReadLine = (text: string, start: number, end: number, number: number) => SpotLine;

/**
 * NDJSON bytes -> lines, as many as are asked for: the stream stands still between two calls of `fill`, so memory stays
 * flat whatever the length. Blank lines are skipped, the last line needs no line end.
 */
export class LineReader {
  private readonly chunks: AsyncIterator<unknown>;
  private coming: Promise<IteratorResult<unknown>> | undefined;
  private interrupt: ((error: unknown) => void) | undefined;
  private text = '';
  private at = 0;
  private rest: Buffer = Buffer.alloc(0);
  private number = 0;
  private ended = false;
  private silentSince = 0;

  constructor(
    private readonly source: Readable,
    private readonly settings: ReadSettings,
    private readonly readLine: ReadLine,
  ) {
    // The source is not destroyed at the end: the answer still has to go out on its socket.
    this.chunks = source.iterator({ destroyOnReturn: false });
  }

  /**
   * Adds lines until there are `limit()` of them, the sender pauses (and there is at least one), or the end is reached.
   * @throws Problem 408 when nothing arrives for `idleMs`; LineRefused for a line that is too long, not UTF-8 or refused
   */
  async fill(lines: SpotLine[], limit: () => number): Promise<'full' | 'pause' | 'end'> {
    for (;;) {
      this.takeLines(lines, limit);
      if (lines.length >= limit()) return 'full';
      if (this.ended) return 'end';
      if (this.rest.length > MAX_LINE_BYTES) throw tooLong(this.number + 1);
      const next = await this.next(lines.length > 0);
      if (next === 'pause') return 'pause';
      this.takeChunk(next);
    }
  }

  /** Ends a `fill` that waits for the sender. */
  stop(error: unknown): void {
    this.interrupt?.(error);
  }

  /** What still comes is thrown away. */
  close(): void {
    // Not awaited: after silence it would wait for the very chunk that did not come.
    this.chunks.return?.().then(
      () => this.source.resume(),
      () => undefined,
    );
  }

  private takeLines(lines: SpotLine[], limit: () => number): void {
    const { text } = this;
    while (this.at < text.length && lines.length < limit()) {
      const start = this.at;
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      this.at = end + 1;
      this.number += 1;
      if (end - start > MAX_LINE_BYTES) throw tooLong(this.number);
      if (text.charCodeAt(start) === OPEN || text.slice(start, end).trim() !== '') {
        lines.push(this.readLine(text, start, end, this.number));
      }
    }
  }

  private takeChunk(next: IteratorResult<unknown>): void {
    this.coming = undefined;
    this.silentSince = 0;
    this.at = 0;
    if (next.done) {
      this.ended = true;
      this.text = decoded(this.rest, this.number);
      this.rest = Buffer.alloc(0);
      return;
    }
    const chunk = Buffer.isBuffer(next.value) ? next.value : Buffer.from(next.value as Uint8Array);
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.rest = bytes.subarray(end);
    this.text = decoded(bytes.subarray(0, end), this.number);
  }

  /** The next chunk, or `pause` when it takes long and somebody has a use for what there is. */
  private async next(maybePause: boolean): Promise<IteratorResult<unknown> | 'pause'> {
    const { idleMs, lingerMs } = this.settings;
    this.coming ??= this.chunks.next();
    this.silentSince ||= performance.now();
    const silent = performance.now() - this.silentSince;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.interrupt = reject;
        this.coming!.then(resolve, reject);
        if (maybePause && lingerMs < idleMs - silent) timer = setTimeout(() => resolve('pause'), lingerMs);
        else timer = setTimeout(() => reject(silence(idleMs)), idleMs - silent);
      });
    } finally {
      clearTimeout(timer);
      this.interrupt = undefined;
    }
  }
}

function silence(idleMs: number): Problem {
  const detail = `nothing arrived for ${idleMs} ms`;
  return new Problem({ status: 408, code: 'REQUEST_TIMEOUT', detail, headers: { connection: 'close' } });
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

function tooLong(line: number) {
  return refuser(line)(413, 'LINE_TOO_LONG', '', `a line has at most ${MAX_LINE_BYTES} bytes`);
}
