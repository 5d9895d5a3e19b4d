import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

import type { Act } from './infractions.js';

/** One block: with the state before it, these fields decide everything about it. */
export interface RecordedBlock {
  readonly height: string;
  readonly timeNs: string;
  /** Base64, in the block's order. */
  readonly txs: readonly string[];
  readonly acts: readonly Act[];
  /** Of the block, to see that a replay came to the same. */
  readonly hash: string;
}

/**
 * The chain's memory: lines that are on disk (fsync) before anyone outside may see their blocks. A last line torn by a
 * crash is cut off: its block was never shown to anyone.
 */
export class BlockRecord {
  private constructor(
    private readonly fd: number,
    readonly blocks: readonly RecordedBlock[],
  ) {}

  static open(file: string): BlockRecord {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = whole.split('\n').filter((line) => line !== '');
    const fd = openSync(file, 'a');
    if (whole.length < text.length) ftruncateSync(fd, Buffer.byteLength(whole));
    return new BlockRecord(
      fd,
      lines.map((line) => JSON.parse(line) as RecordedBlock),
    );
  }

  append(blocks: readonly RecordedBlock[]): void {
    if (blocks.length === 0) return;
    writeSync(this.fd, blocks.map((block) => `${JSON.stringify(block)}\n`).join(''));
    fsyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}
