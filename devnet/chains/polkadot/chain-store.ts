import { ChainState } from './chain-state.js';
import type { LocalBlock, LocalGenesis } from './local-block.js';

/** The state that the chain is started from stands at this height; the first block is the next. */
export const FIRST_HEIGHT = 1;

/** The chain as far as it has been made public: blocks, states and how far it is final. */
export class ChainStore {
  private readonly byHash = new Map<string, number>();
  private readonly blocks: LocalBlock[] = [];
  private readonly state: ChainState;
  private heldAt: number | null = null;

  constructor(
    readonly genesis: LocalGenesis,
    /** The head is not final; the block below it is. 0: every block is final at once. */
    private readonly behindHead = 1,
    private readonly first = FIRST_HEIGHT,
  ) {
    this.state = new ChainState(genesis.state, first);
    this.byHash.set(genesis.genesisHash, first);
  }

  get headHeight(): number {
    return this.first + this.blocks.length;
  }

  get finalHeight(): number {
    return this.heldAt ?? Math.max(this.first, this.headHeight - this.behindHead);
  }

  add(block: LocalBlock): void {
    if (block.number !== this.headHeight + 1)
      throw new Error(`block ${block.number} cannot follow block ${this.headHeight}`);
    this.blocks.push(block);
    this.byHash.set(block.hash, block.number);
    this.state.apply(block.number, block.changes);
  }

  /** Takes everything above `height` back; nothing of it may have been final. */
  truncate(height: number): void {
    if (height < this.finalHeight) throw new Error(`block ${height + 1} is final`);
    for (const block of this.blocks.splice(height - this.first)) this.byHash.delete(block.hash);
    this.state.truncate(height);
  }

  stallFinality(): void {
    this.heldAt = this.finalHeight;
  }

  resumeFinality(): void {
    this.heldAt = null;
  }

  /** null: there is no such block. */
  hashAt(height: number): string | null {
    if (height === 0 || height === this.first) return this.genesis.genesisHash;
    return this.blockAt(height)?.hash ?? null;
  }

  heightOf(hash: string): number | null {
    return this.byHash.get(hash) ?? null;
  }

  blockAt(height: number): LocalBlock | null {
    return this.blocks[height - this.first - 1] ?? null;
  }

  valueAt(height: number, key: string): string | null {
    return this.state.get(key, height);
  }

  keysAt(height: number, prefix: string, count: number, start: string): string[] {
    return this.state.keys(prefix, count, start, height);
  }
}
