import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/** One mined block: with the parent's state these three fields decide its hash. */
export interface RecordedBlock {
  readonly number: number;
  readonly timestamp: number;
  /** Signed transactions as broadcast, in block order, hex. */
  readonly txs: readonly string[];
  readonly hash: string;
}

type Line = ({ kind: 'block' } & RecordedBlock) | { kind: 'rollback'; to: number };

/**
 * The chain's memory: an append-only file of lines, on disk (fsync) before anyone outside may see the block. A reorg
 * appends a `rollback` line and the blocks that replace the dropped ones. A last line torn by a crash is cut off: its
 * block was never shown to anyone.
 */
export class BlockRecord {
  private constructor(
    private readonly fd: number,
    private readonly kept: RecordedBlock[],
  ) {}

  static open(file: string): BlockRecord {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const blocks: RecordedBlock[] = [];
    for (const line of whole.split('\n')) {
      if (line !== '') apply(blocks, JSON.parse(line) as Line);
    }
    const fd = openSync(file, 'a');
    if (whole.length < text.length) ftruncateSync(fd, Buffer.byteLength(whole));
    return new BlockRecord(fd, blocks);
  }

  /** Blocks 1..n of the chain as it stands, oldest first (genesis is not a line). */
  get blocks(): readonly RecordedBlock[] {
    return this.kept;
  }

  append(blocks: readonly RecordedBlock[]): void {
    this.write(blocks.map((block) => ({ kind: 'block', ...block })));
  }

  /** Forgets every block above `to` and takes `blocks` in their place, in one write. */
  replaceAfter(to: number, blocks: readonly RecordedBlock[]): void {
    this.write([{ kind: 'rollback', to }, ...blocks.map((block): Line => ({ kind: 'block', ...block }))]);
  }

  close(): void {
    closeSync(this.fd);
  }

  private write(lines: readonly Line[]): void {
    writeSync(this.fd, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    fsyncSync(this.fd);
    for (const line of lines) apply(this.kept, line);
  }
}

function apply(blocks: RecordedBlock[], line: Line): void {
  if (line.kind === 'rollback') {
    blocks.length = line.to;
    return;
  }
  const { number, timestamp, txs, hash } = line;
  if (number !== blocks.length + 1) throw new Error(`block record: block ${number} follows block ${blocks.length}`);
  blocks.push({ number, timestamp, txs, hash });
}
