import { createHash } from 'node:crypto';

import { VersionedTransaction } from '@solana/web3.js';

import type { BankAccount, BankProcess } from './bank-process.js';
import type { ChainEvent } from './chain-events.js';
import { devKey } from './dev-keys.js';
import { encodeVoteState, genesisAccounts, type ValidatorSpec, type VoteState } from './genesis-accounts.js';
import { START_SLOT, STAKE_HISTORY, STAKE_PROGRAM, epochOf, firstSlotOf, liveSlotFrom } from './sol-constants.js';
import { delegationOf, effectiveStake, historyOf } from './stake-activation.js';

export interface RanTransaction {
  readonly bytes: Buffer;
  readonly error: string | null;
  readonly logs: readonly string[];
  readonly units: bigint;
  readonly keys: readonly Buffer[];
  readonly pre: readonly bigint[];
  readonly post: readonly bigint[];
}

export interface PaidReward {
  readonly address: Buffer;
  readonly amount: bigint;
  readonly postBalance: bigint;
  readonly slot: bigint;
  readonly commission: number;
  readonly type: 'Staking' | 'Voting';
}

/** What an event did, in the order in which it did it. */
export interface Effects {
  /** The newest slot the event made. */
  readonly slot: bigint;
  readonly written: readonly {
    readonly slot: bigint;
    readonly address: Buffer;
    readonly account: BankAccount | null;
  }[];
  readonly ran: readonly RanTransaction[];
  readonly rewards: readonly PaidReward[];
  /** Effective stake by validator, from this epoch on; only at a boundary. */
  readonly epochStakes: readonly bigint[] | null;
}

export const NO_EFFECTS = { written: [], ran: [], rewards: [], epochStakes: null };

/** One life of a Bank: takes events one after the other. A new Bank given the same events does the same. */
export class BankRun {
  private readonly votes: VoteState[];
  private readonly stakes = new Map<string, Buffer>();
  private slot = START_SLOT;

  private constructor(
    readonly bank: BankProcess,
    validators: readonly ValidatorSpec[],
    private readonly genesisSeconds: bigint,
    private readonly blockTime: (slot: bigint) => bigint,
  ) {
    this.votes = validators.map((spec, i) => ({
      node: devKey(`validator-${i}`).publicKey,
      commission: spec.commission,
      credits: [],
    }));
  }

  /** Brings a fresh Bank to the start of our chain. */
  static async begin(
    bank: BankProcess,
    validators: readonly ValidatorSpec[],
    genesisSeconds: bigint,
    blockTime: (slot: bigint) => bigint,
  ): Promise<{ run: BankRun; effects: Effects }> {
    const run = new BankRun(bank, validators, genesisSeconds, blockTime);
    const accounts = genesisAccounts(validators);
    await bank.open(accounts);
    await run.moveTo(START_SLOT, true);
    for (const one of accounts) if (one.owner.equals(STAKE_PROGRAM.toBuffer())) run.remember(one.address);
    const written = await run.read([...accounts.map((one) => one.address), STAKE_HISTORY.toBuffer()], START_SLOT);
    const effects = { ...NO_EFFECTS, slot: START_SLOT, written, epochStakes: await run.epochStakes() };
    return { run, effects };
  }

  execute(event: ChainEvent): Promise<Effects> {
    switch (event.t) {
      case 'transactions':
        return this.transactions(BigInt(event.slot), event.txs);
      case 'epoch':
        return this.boundary(BigInt(event.epoch), event.credits.map(BigInt));
      case 'commission':
        return this.commission(BigInt(event.slot), event.validator, event.commission);
      case 'votes':
        return this.castVotes(BigInt(event.slot), event.validator, BigInt(event.credits));
      case 'delinquent':
      case 'head':
        return Promise.resolve({ ...NO_EFFECTS, slot: BigInt(event.slot) });
    }
  }

  private async transactions(slot: bigint, txs: readonly string[]): Promise<Effects> {
    await this.moveTo(slot);
    const ran: RanTransaction[] = [];
    const touched = new Map<string, Buffer>();
    for (const one of txs) {
      const bytes = Buffer.from(one, 'base64');
      const keys = VersionedTransaction.deserialize(bytes).message.staticAccountKeys.map((key) => key.toBuffer());
      const pre = await this.bank.accounts(keys);
      const { error, logs, units } = await this.bank.run(bytes);
      const post = await this.bank.accounts(keys);
      for (const [i, key] of keys.entries()) {
        if (post[i]?.owner.equals(STAKE_PROGRAM.toBuffer()) === true) this.remember(key);
        if (!sameAccount(pre[i] ?? null, post[i] ?? null)) touched.set(key.toString('hex'), key);
      }
      const lamports = (all: readonly (BankAccount | null)[]): bigint[] =>
        all.map((account) => account?.lamports ?? 0n);
      ran.push({ bytes, error, logs, units, keys, pre: lamports(pre), post: lamports(post) });
    }
    return { ...NO_EFFECTS, slot, written: await this.read([...touched.values()], slot), ran };
  }

  /** Credits, the first block (validators are paid), the next block (stakes are paid; one partition). */
  private async boundary(epoch: bigint, credits: readonly bigint[]): Promise<Effects> {
    for (const i of this.votes.keys()) await this.addCredits(i, epoch - 1n, credits[i] ?? 0n);
    const first = liveSlotFrom(firstSlotOf(epoch));
    const payout = liveSlotFrom(first + 1n);
    const votes = this.votes.map((_, i) => devKey(`vote-${i}`).publicKey.toBuffer());
    const stakes = [...this.stakes.values()];
    const votesBefore = await this.bank.accounts(votes);
    // Where the first slot has no block, the Bank must still not run ahead of it: its second block pays the stakes.
    await this.moveTo(firstSlotOf(epoch));
    const votesAfter = await this.read([...votes, STAKE_HISTORY.toBuffer()], first);
    const epochStakes = await this.epochStakes();
    const stakesBefore = await this.bank.accounts(stakes);
    await this.moveTo(payout);
    const stakesAfter = await this.read(stakes, payout);
    const rewards: PaidReward[] = [];
    const note = (
      address: Buffer,
      i: number | undefined,
      type: PaidReward['type'],
      before: bigint,
      after: bigint,
      slot: bigint,
    ): void => {
      if (after === before || i === undefined) return;
      const commission = this.votes[i]?.commission ?? 0;
      rewards.push({ address, amount: after - before, postBalance: after, slot, commission, type });
    };
    for (const [i, address] of votes.entries()) {
      note(address, i, 'Voting', votesBefore[i]?.lamports ?? 0n, votesAfter[i]?.account?.lamports ?? 0n, first);
    }
    for (const [i, { address, account }] of stakesAfter.entries()) {
      const delegation = account && delegationOf(account.data);
      const voter = delegation && votes.findIndex((vote) => vote.equals(delegation.voter));
      note(address, voter ?? undefined, 'Staking', stakesBefore[i]?.lamports ?? 0n, account?.lamports ?? 0n, payout);
    }
    return { slot: payout, written: [...votesAfter, ...stakesAfter], ran: [], rewards, epochStakes };
  }

  private async commission(slot: bigint, validator: number, commission: number): Promise<Effects> {
    const vote = this.votes[validator];
    if (vote === undefined) throw new Error(`there is no validator ${validator}`);
    this.votes[validator] = { ...vote, commission };
    await this.writeVote(validator);
    return { ...NO_EFFECTS, slot, written: await this.read([devKey(`vote-${validator}`).publicKey.toBuffer()], slot) };
  }

  private async castVotes(slot: bigint, validator: number, credits: bigint): Promise<Effects> {
    await this.addCredits(validator, epochOf(slot), credits);
    return { ...NO_EFFECTS, slot, written: await this.read([devKey(`vote-${validator}`).publicKey.toBuffer()], slot) };
  }

  private async addCredits(validator: number, epoch: bigint, earned: bigint): Promise<void> {
    const vote = this.votes[validator];
    if (vote === undefined || earned === 0n) return;
    const last = vote.credits.at(-1);
    const before = last?.[1] ?? 0n;
    const credits =
      last?.[0] === epoch
        ? [...vote.credits.slice(0, -1), [epoch, before + earned, last[2]] as const]
        : [...vote.credits, [epoch, before + earned, before] as const];
    this.votes[validator] = { ...vote, credits: credits.slice(-64) };
    await this.writeVote(validator);
  }

  /** The vote account with its new content and its old lamports. */
  private async writeVote(validator: number): Promise<void> {
    const address = devKey(`vote-${validator}`).publicKey.toBuffer();
    const [account] = await this.bank.accounts([address]);
    const vote = this.votes[validator];
    if (!account || vote === undefined) throw new Error(`the vote account of validator ${validator} is gone`);
    await this.bank.set(address, { ...account, data: encodeVoteState(vote) });
  }

  private async epochStakes(): Promise<bigint[]> {
    const [history] = await this.bank.accounts([STAKE_HISTORY.toBuffer()]);
    const entries = history ? historyOf(history.data) : [];
    const accounts = await this.bank.accounts([...this.stakes.values()]);
    const delegations = accounts.flatMap((account) => (account && delegationOf(account.data)) || []);
    const epoch = epochOf(this.slot);
    return this.votes.map((_, i) => {
      const vote = devKey(`vote-${i}`).publicKey.toBuffer();
      return delegations
        .filter((one) => one.voter.equals(vote))
        .reduce((sum, one) => sum + effectiveStake(one, epoch, entries), 0n);
    });
  }

  private async moveTo(slot: bigint, first = false): Promise<void> {
    if (slot <= this.slot && !(first && slot === START_SLOT)) return;
    await this.bank.warp(slot);
    this.slot = slot;
    const epoch = epochOf(slot);
    const epochStart = epoch === epochOf(START_SLOT) ? this.genesisSeconds : this.blockTime(firstSlotOf(epoch));
    await this.bank.clock({ slot, epoch, epochStart, time: this.blockTime(slot) });
  }

  private async read(
    addresses: readonly Buffer[],
    slot: bigint,
  ): Promise<{ slot: bigint; address: Buffer; account: BankAccount | null }[]> {
    const accounts = await this.bank.accounts(addresses);
    return addresses.map((address, i) => ({ slot, address, account: accounts[i] ?? null }));
  }

  private remember(stake: Buffer): void {
    this.stakes.set(stake.toString('hex'), stake);
  }
}

/** Chained over all events: the same digest means the same chain up to here. */
export function digestOf(before: string, event: ChainEvent, effects: Effects): string {
  const hash = createHash('sha256').update(before).update(JSON.stringify(event));
  for (const { slot, address, account } of effects.written) {
    hash.update(`${slot} ${address.toString('hex')} ${account?.lamports ?? 'gone'}`).update(account?.data ?? '');
  }
  for (const one of effects.ran) hash.update(one.error ?? 'ok');
  for (const one of effects.rewards) hash.update(`${one.address.toString('hex')} ${one.amount}`);
  return hash.digest('hex');
}

function sameAccount(a: BankAccount | null, b: BankAccount | null): boolean {
  if (a === null || b === null) return a === b;
  return a.lamports === b.lamports && a.owner.equals(b.owner) && a.data.equals(b.data);
}
