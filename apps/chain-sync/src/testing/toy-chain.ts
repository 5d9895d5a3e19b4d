import { createHash } from 'node:crypto';
import type { BlockStamp } from '@app/chains';
import { atoms, DAY_MS, dayOf, instant, type Atoms } from '@app/staking-core';

export const COIN = 10n ** 18n;
export const TREASURY = '0x00000000000000000000000000000000000000aa';

export interface ToyTransaction {
  readonly txid: string;
  readonly nonce: bigint;
  readonly kind: 'delegate' | 'foreign';
  readonly validator: string;
  readonly amount: bigint;
}

export interface ToyState {
  readonly liquid: bigint;
  readonly nonce: bigint;
  readonly stake: ReadonlyMap<string, bigint>;
}

export interface ToyBlock extends BlockStamp {
  readonly transactions: readonly { readonly transaction: ToyTransaction; readonly succeeded: boolean }[];
  /** What each validator's stake earned: paid in the first block of a UTC day, for the day before. */
  readonly rewards: ReadonlyMap<string, bigint>;
  readonly state: ToyState;
}

/** How the network treats the next broadcast. */
export type BroadcastMode = 'accept' | 'drop-after-accept' | 'answer-lost' | 'never-arrives' | 'reject';

const BLOCK_MS = DAY_MS / 4n;
const FEE = 21_000n * 10n ** 9n;
const START = instant('2026-11-16T18:00:00.000Z');

/**
 * A chain in memory, small enough to see through: four blocks a day, rewards in the first block of a day, one account,
 * finality two blocks behind. It can reorg, stall, drop transactions and lie about nothing; same calls, same chain.
 */
export class ToyChain {
  readonly validators = ['val-a', 'val-b', 'val-c'];
  readonly jailed = new Set<string>();
  readonly minimumDelegation: Atoms = atoms(COIN);
  readonly broadcasts: BroadcastMode[] = [];
  /** Bytes that arrived anywhere, in order. */
  readonly received: string[] = [];
  finalityDepth = 2n;
  private blocks: ToyBlock[] = [];
  private pool = new Map<string, ToyTransaction>();
  private fork = 0;
  private stalledAt: bigint | null = null;

  constructor(liquid: bigint, stake: Readonly<Record<string, bigint>> = {}) {
    const state = { liquid, nonce: 0n, stake: new Map(Object.entries(stake)) };
    this.blocks.push({
      height: 0n,
      hash: this.hash(0n, 'genesis'),
      timeMs: START,
      transactions: [],
      rewards: new Map(),
      state,
    });
  }

  get head(): ToyBlock {
    return this.blocks.at(-1)!;
  }

  get final(): ToyBlock {
    const height = this.stalledAt ?? this.head.height - this.finalityDepth;
    return this.block(height > 0n ? height : 0n)!;
  }

  block(height: bigint): ToyBlock | undefined {
    return this.blocks[Number(height)];
  }

  blockOf(txid: string): ToyBlock | undefined {
    return this.blocks.find((block) => block.transactions.some(({ transaction }) => transaction.txid === txid));
  }

  isCut(block: ToyBlock): boolean {
    const parent = this.block(block.height - 1n);
    return parent !== undefined && dayOf(parent.timeMs) !== dayOf(block.timeMs);
  }

  stallFinality(): void {
    this.stalledAt = this.final.height;
  }

  resumeFinality(): void {
    this.stalledAt = null;
  }

  mine(count = 1): this {
    for (let i = 0; i < count; i += 1) this.mineOne();
    return this;
  }

  /** Four blocks: one more UTC day is over and paid. */
  mineDays(days: number): this {
    return this.mine(days * 4);
  }

  /** Other blocks in place of the last `depth`; what was in them waits in the pool again (or is lost). */
  reorg(depth: number, lose = false): this {
    const dropped = this.blocks.splice(this.blocks.length - depth, depth);
    this.fork += 1;
    if (!lose) {
      for (const { transaction } of dropped.flatMap((block) => block.transactions)) {
        this.pool.set(transaction.txid, transaction);
      }
    }
    return this.mine(depth);
  }

  arrive(transaction: ToyTransaction): void {
    if (transaction.nonce >= this.head.state.nonce) this.pool.set(transaction.txid, transaction);
  }

  knows(txid: string): boolean {
    return this.pool.has(txid) || this.blockOf(txid) !== undefined;
  }

  forgetPool(): void {
    this.pool.clear();
  }

  /** Somebody else uses the key: its next number is gone. */
  useNumberElsewhere(): void {
    const nonce = this.head.state.nonce;
    this.arrive({ txid: this.hash(nonce, 'foreign'), nonce, kind: 'foreign', validator: '', amount: 0n });
  }

  private mineOne(): void {
    const parent = this.head;
    const height = parent.height + 1n;
    const timeMs = parent.timeMs + BLOCK_MS;
    const stake = new Map(parent.state.stake);
    let { liquid, nonce } = parent.state;
    const transactions: { transaction: ToyTransaction; succeeded: boolean }[] = [];
    const foreignFirst = [...this.pool.values()].sort((a, b) =>
      a.kind === b.kind ? 0 : a.kind === 'foreign' ? -1 : 1,
    );
    for (
      let next = foreignFirst.find((one) => one.nonce === nonce);
      next;
      next = foreignFirst.find((one) => one.nonce === nonce)
    ) {
      const { validator, amount, kind } = next;
      const succeeded = kind === 'delegate' && !this.jailed.has(validator) && amount <= liquid - FEE;
      if (succeeded) {
        stake.set(validator, (stake.get(validator) ?? 0n) + amount);
        liquid -= amount;
      }
      liquid -= FEE;
      nonce += 1n;
      transactions.push({ transaction: next, succeeded: succeeded || kind === 'foreign' });
    }
    for (const [txid, waiting] of this.pool) if (waiting.nonce < nonce) this.pool.delete(txid);
    const rewards = new Map<string, bigint>();
    if (dayOf(timeMs) !== dayOf(parent.timeMs)) {
      for (const [validator, amount] of parent.state.stake)
        rewards.set(validator, this.rewardOf(validator, amount, timeMs));
    }
    for (const [validator, amount] of rewards) stake.set(validator, (stake.get(validator) ?? 0n) + amount);
    const hash = this.hash(height, parent.hash);
    this.blocks.push({ height, hash, timeMs, transactions, rewards, state: { liquid, nonce, stake } });
  }

  private rewardOf(validator: string, stake: bigint, timeMs: bigint): bigint {
    const odd = BigInt(validator.charCodeAt(validator.length - 1)) + ((timeMs / DAY_MS) % 7n);
    return stake / 10_000n + odd;
  }

  private hash(height: bigint, salt: string): string {
    return `0x${createHash('sha256').update(`${height}/${salt}/${this.fork}`).digest('hex')}`;
  }
}

export const TOY_FEE = FEE;
