import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ChainStore } from '../chain-store.js';
import { NodeError, nodeMethods, RpcFront } from '../rpc-front.js';
import { readRecording, type Recording } from './recording.js';
import { shiftClock, timeOf } from './shift-clock.js';

const DAY_MS = 86_400_000;

export interface ReplayOptions {
  /** Keeps how far the replay has come, so that a killed one goes on. */
  readonly stateDir: string;
  readonly port?: number;
  /** When the replayed days begin, unix seconds, a midnight; an existing replay keeps its own. */
  readonly genesisTime: number;
  readonly log?: (line: string) => void;
}

interface Progress {
  readonly genesisTime: number;
  readonly throughMs: number;
}

/**
 * A recorded run of a real staking chain, given out again block by block as the local world's time passes. It is a replay:
 * what happened has happened, it takes no transactions.
 */
export class ReplayChain {
  private constructor(
    private readonly recording: Recording,
    private readonly store: ChainStore,
    private readonly front: RpcFront,
    private readonly file: string,
    private progress: Progress,
  ) {}

  static async open(options: ReplayOptions): Promise<ReplayChain> {
    if (options.genesisTime % (DAY_MS / 1000) !== 0) throw new Error('a replay begins at a midnight (UTC)');
    mkdirSync(options.stateDir, { recursive: true });
    const file = path.join(options.stateDir, 'replay.json');
    const progress = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as Progress)
      : { genesisTime: options.genesisTime, throughMs: 0 };
    const original = readRecording();
    const recording = shiftClock(original, progress.genesisTime * 1000 - original.startsAtMs);
    const store = new ChainStore(recording.genesis, 0);
    const known = new Set(recording.blocks.flatMap((block) => block.extrinsics));
    const front = await RpcFront.start(
      nodeMethods(store, {
        submit: (bytes) => Promise.reject(refusalOf(known.has(bytes))),
        pending: () => [],
      }),
      options.port,
    );
    options.log?.(`Polkadot: a replay of ${recording.about}`);
    const chain = new ReplayChain(recording, store, front, file, progress);
    chain.showThrough(progress.throughMs);
    return chain;
  }

  get url(): string {
    return this.front.url;
  }

  get genesisHash(): string {
    return this.recording.genesis.genesisHash;
  }

  get validators(): readonly string[] {
    return this.recording.validators;
  }

  get custody(): bigint {
    return BigInt(this.recording.treasury.custody);
  }

  /** Time of the last block that was recorded. */
  get endsAtMs(): number {
    const last = this.recording.blocks.at(-1);
    return last === undefined ? 0 : timeOf(last);
  }

  get headHeight(): number {
    return this.store.headHeight;
  }

  /** The extrinsics of the block that was recorded for a time, out yet or not. */
  recordedAt(unixMs: number): readonly string[] {
    return this.recording.blocks.find((block) => timeOf(block) === unixMs)?.extrinsics ?? [];
  }

  /** Gives out everything up to a time; all of it is final. Nothing happens when it is out already. */
  advanceTo(unixMs: number): void {
    if (unixMs <= this.progress.throughMs) return;
    this.progress = { ...this.progress, throughMs: unixMs };
    writeFileSync(`${this.file}.new`, JSON.stringify(this.progress));
    renameSync(`${this.file}.new`, this.file);
    this.showThrough(unixMs);
  }

  /** Gives out one more block, whenever it is. */
  advanceOneBlock(): void {
    const next = this.recording.blocks[this.store.headHeight - 1];
    if (next !== undefined) this.advanceTo(timeOf(next));
  }

  stop(): Promise<void> {
    return this.front.stop();
  }

  /** The first block is always out: a chain has one. */
  private showThrough(unixMs: number): void {
    for (const block of this.recording.blocks.slice(this.store.headHeight - 1)) {
      if (this.store.headHeight > 1 && timeOf(block) > unixMs) return;
      this.store.add(block);
    }
  }
}

function refusalOf(recorded: boolean): NodeError {
  if (recorded) return new NodeError(1013, 'Transaction Already Imported');
  return new NodeError(1010, 'Invalid Transaction', 'Transaction call is not expected: this is a replay');
}
