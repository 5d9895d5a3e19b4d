import { createHash } from 'node:crypto';

import { VersionedTransaction } from '@solana/web3.js';

import { encodeBase58 } from '@app/chains';
import type { BankAccount } from './bank-process.js';
import type { Effects, PaidReward, RanTransaction } from './bank-run.js';
import type { ChainEvent } from './chain-events.js';
import { FIRST_EPOCH, FIRST_SLOT, SLOT_MS, START_SLOT, blockHeightAt, epochOf, isSkipped } from './sol-constants.js';

export interface LedgerTransaction extends RanTransaction {
  readonly signature: string;
  readonly slot: bigint;
  /** Place within its block. */
  readonly index: number;
  readonly addresses: readonly string[];
  readonly fee: bigint;
}

/** Two answers about one address: what it held from a slot on. null: nothing. */
interface Version {
  readonly slot: bigint;
  readonly account: BankAccount | null;
}

/** What the chain remembers of itself: every block that something happened in, and every account it ever changed. */
export class Ledger {
  readonly genesisHash: string;
  headSlot = START_SLOT;
  readonly delinquent = new Set<number>();
  private readonly versions = new Map<string, Version[]>();
  private readonly bySignature = new Map<string, LedgerTransaction>();
  private readonly byAddress = new Map<string, LedgerTransaction[]>();
  private readonly bySlot = new Map<bigint, LedgerTransaction[]>();
  private readonly rewardsByEpoch = new Map<bigint, Map<string, PaidReward>>();
  private readonly stakesByEpoch = new Map<bigint, readonly bigint[]>();
  /** Slots of events with the digest of everything up to them: what a block's hash is made of. */
  private readonly digests: { readonly slot: bigint; readonly digest: string }[] = [];

  constructor(readonly genesisSeconds: bigint) {
    this.genesisHash = hash58(`soft-staking local solana chain, born ${genesisSeconds}`);
  }

  apply(event: ChainEvent | null, effects: Effects, digest: string): void {
    this.headSlot = effects.slot;
    this.digests.push({ slot: effects.slot, digest });
    for (const { slot, address, account } of effects.written) {
      const key = encodeBase58(address);
      const versions = this.versions.get(key) ?? [];
      versions.push({ slot, account });
      this.versions.set(key, versions);
    }
    for (const ran of effects.ran) this.addTransaction(effects.slot, ran);
    if (effects.epochStakes !== null) this.stakesByEpoch.set(epochOf(effects.slot), effects.epochStakes);
    if (event?.t === 'epoch') {
      const rewards = new Map(effects.rewards.map((one) => [encodeBase58(one.address), one]));
      this.rewardsByEpoch.set(BigInt(event.epoch) - 1n, rewards);
    }
    if (event?.t === 'delinquent') {
      if (event.delinquent) this.delinquent.add(event.validator);
      else this.delinquent.delete(event.validator);
    }
  }

  /** Unix seconds of a slot, as `getBlockTime` says them. */
  blockTime(slot: bigint): bigint {
    return this.genesisSeconds + ((slot - FIRST_SLOT) * SLOT_MS) / 1000n;
  }

  /** The newest slot whose time is not after `ms`. */
  slotAt(ms: bigint): bigint {
    return FIRST_SLOT + (ms - this.genesisSeconds * 1000n) / SLOT_MS;
  }

  hasBlock(slot: bigint): boolean {
    return slot >= START_SLOT && slot <= this.headSlot && !isSkipped(slot);
  }

  blockhash(slot: bigint): string {
    let low = 0;
    let high = this.digests.length; // the last event at or before the slot
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.digests[middle]?.slot ?? 0n) <= slot) low = middle + 1;
      else high = middle;
    }
    return hash58(`${this.genesisHash} ${slot} ${this.digests[low - 1]?.digest ?? ''}`);
  }

  /** The slot of a recent blockhash, or null when it is none of the newest `blocks` blocks. */
  slotOfBlockhash(blockhash: string, blocks: bigint): bigint | null {
    const lowest = blockHeightAt(this.headSlot) - blocks;
    for (let slot = this.headSlot; slot >= START_SLOT && blockHeightAt(slot) >= lowest; slot -= 1n) {
      if (!isSkipped(slot) && this.blockhash(slot) === blockhash) return slot;
    }
    return null;
  }

  /** undefined: nothing that the ledger follows. */
  accountAt(address: string, slot: bigint): BankAccount | null | undefined {
    const versions = this.versions.get(address);
    if (versions === undefined) return undefined;
    return versions.findLast((one) => one.slot <= slot)?.account ?? null;
  }

  addresses(): readonly string[] {
    return [...this.versions.keys()];
  }

  transaction(signature: string): LedgerTransaction | undefined {
    return this.bySignature.get(signature);
  }

  /** Oldest first. */
  transactionsOf(address: string): readonly LedgerTransaction[] {
    return this.byAddress.get(address) ?? [];
  }

  transactionsIn(slot: bigint): readonly LedgerTransaction[] {
    return this.bySlot.get(slot) ?? [];
  }

  rewardsOf(epoch: bigint): ReadonlyMap<string, PaidReward> | undefined {
    return this.rewardsByEpoch.get(epoch);
  }

  epochStakes(slot: bigint): readonly bigint[] {
    for (let epoch = epochOf(slot); epoch >= FIRST_EPOCH; epoch -= 1n) {
      const stakes = this.stakesByEpoch.get(epoch);
      if (stakes !== undefined) return stakes;
    }
    return [];
  }

  private addTransaction(slot: bigint, ran: RanTransaction): void {
    const parsed = VersionedTransaction.deserialize(ran.bytes);
    const sum = (all: readonly bigint[]): bigint => all.reduce((total, one) => total + one, 0n);
    const fee = sum(ran.pre) - sum(ran.post);
    if (fee === 0n) return; // the Bank did not even take it in
    const inBlock = this.bySlot.get(slot) ?? [];
    const one: LedgerTransaction = {
      ...ran,
      fee,
      slot,
      index: inBlock.length,
      signature: encodeBase58(parsed.signatures[0] ?? Buffer.alloc(0)),
      addresses: parsed.message.staticAccountKeys.map((key) => key.toBase58()),
    };
    this.bySlot.set(slot, [...inBlock, one]);
    this.bySignature.set(one.signature, one);
    for (const address of one.addresses) {
      const list = this.byAddress.get(address) ?? [];
      list.push(one);
      this.byAddress.set(address, list);
    }
  }
}

const hash58 = (text: string): string => encodeBase58(createHash('sha256').update(text).digest());
