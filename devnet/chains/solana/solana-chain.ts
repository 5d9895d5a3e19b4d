import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { VersionedTransaction } from '@solana/web3.js';

import { decodeBase58, encodeBase58 } from '@app/chains';
import { BankProcess, type BankAccount, type BankOutcome } from './bank-process.js';
import { BankRun, digestOf, type Effects } from './bank-run.js';
import { claimChain, releaseChain } from './chain-claim.js';
import { EventRecord, type ChainEvent } from './chain-events.js';
import { devKey } from './dev-keys.js';
import { DEFAULT_VALIDATORS, type ValidatorSpec } from './genesis-accounts.js';
import { Ledger } from './ledger.js';
import { BLOCKHASH_BLOCKS, FINAL_LAG, START_SLOT, epochOf, isSkipped, liveSlotFrom } from './sol-constants.js';

export interface SolanaChainFiles {
  /** Everything the chain has to remember; made if missing. */
  readonly stateDir: string;
  /** Unix seconds of the first slot. Only for a new chain: an existing one keeps the time it was born at. */
  readonly genesisTime: number;
  /** The project's root; the working directory if absent. */
  readonly root?: string;
  readonly log?: (line: string) => void;
}

/**
 * One local Solana chain: a real Bank in a child process, the record it can be brought back from, and the ledger of
 * what happened. Slots go by without cost; the Bank is moved for transactions and at the boundaries of epochs.
 */
export class SolanaChain {
  readonly validators: readonly ValidatorSpec[] = DEFAULT_VALIDATORS;
  /** Broadcast and not yet in a block, in order of arrival. */
  private readonly pool = new Map<string, Buffer>();
  private queue: Promise<unknown> = Promise.resolve();
  private pinnedFinal: bigint | null = null;
  private stopped = false;
  private readonly killOnExit = (): void => this.run?.bank.kill();

  private constructor(
    readonly stateDir: string,
    private readonly options: SolanaChainFiles,
    readonly ledger: Ledger,
    private readonly record: EventRecord,
    private run: BankRun | null,
  ) {}

  /** Starts the chain of `stateDir`, or brings it back by replay. Throws if a live process already runs it. */
  static async open(options: SolanaChainFiles): Promise<SolanaChain> {
    const stateDir = path.resolve(options.stateDir);
    mkdirSync(stateDir, { recursive: true });
    claimChain(stateDir);
    const ledger = new Ledger(BigInt(genesisOf(stateDir, options.genesisTime)));
    const record = EventRecord.open(path.join(stateDir, 'events.jsonl'));
    const chain = new SolanaChain(stateDir, options, ledger, record, null);
    process.on('exit', chain.killOnExit);
    try {
      await chain.replay((event, effects, digest) => ledger.apply(event, effects, digest));
      return chain;
    } catch (error) {
      await chain.stop();
      throw error;
    }
  }

  get isNew(): boolean {
    return this.record.events.length === 0;
  }

  get bankPid(): number | undefined {
    return this.run?.bank.pid;
  }

  get headMs(): bigint {
    return this.ledger.blockTime(this.ledger.headSlot) * 1000n;
  }

  get finalSlot(): bigint {
    const slot = this.pinnedFinal ?? this.ledger.headSlot - FINAL_LAG;
    if (slot <= START_SLOT) return START_SLOT;
    return isSkipped(slot) ? slot - 1n : slot;
  }

  /** Takes a transaction into the pool. Known bytes change nothing. */
  submit(bytes: Buffer): string {
    const [signature] = VersionedTransaction.deserialize(bytes).signatures;
    if (signature === undefined) throw new Error('a transaction has a signature');
    const txid = encodeBase58(signature);
    if (this.ledger.transaction(txid) === undefined) this.pool.set(txid, bytes);
    return txid;
  }

  isWaiting(signature: string): boolean {
    return this.pool.has(signature);
  }

  /** The next block, with everything that waits and has not expired; null when nothing does. */
  include(): Promise<void> {
    return this.exclusively(() => this.includeNow());
  }

  /** So many slots in which nothing happens; enough of them make everything so far final. */
  passSlots(count: bigint): Promise<void> {
    return this.exclusively(() => this.advanceNow(liveSlotFrom(this.ledger.headSlot + count)));
  }

  /** Lives on to the newest slot that has begun at `ms`, through all epoch boundaries on the way. */
  advanceTo(ms: bigint): Promise<void> {
    return this.exclusively(async () => {
      const slot = this.ledger.slotAt(ms);
      if (slot <= this.ledger.headSlot) return;
      await this.includeNow();
      await this.advanceNow(isSkipped(slot) ? slot - 1n : slot);
    });
  }

  /** Goes to the first two slots of the next epoch: the boundary and the whole payout. */
  nextEpoch(): Promise<void> {
    return this.exclusively(async () => {
      await this.includeNow();
      await this.boundary();
    });
  }

  setCommission(validator: number, commission: number): Promise<void> {
    return this.exclusively(() => {
      const slot = `${liveSlotFrom(this.ledger.headSlot + 1n)}`;
      return this.happen({ t: 'commission', slot, validator, commission });
    });
  }

  /** A delinquent validator earns no credits from the next boundary on, until it votes again. */
  setDelinquent(validator: number, delinquent: boolean): Promise<void> {
    return this.exclusively(() => {
      const slot = `${liveSlotFrom(this.ledger.headSlot + 1n)}`;
      return this.happen({ t: 'delinquent', slot, validator, delinquent });
    });
  }

  /** Votes in the middle of an epoch, as credits: what `DeactivateDelinquent` wants to see of another validator. */
  castVotes(validator: number, credits: bigint): Promise<void> {
    return this.exclusively(() => {
      const slot = `${liveSlotFrom(this.ledger.headSlot + 1n)}`;
      return this.happen({ t: 'votes', slot, validator, credits: `${credits}` });
    });
  }

  /** Holds `finalized` where it is while slots go on; `false` lets it catch up. */
  holdFinality(held: boolean): void {
    this.pinnedFinal = held ? this.finalSlot : null;
  }

  /** What the account is at a slot. The Bank is asked about what the ledger does not follow (programs, sysvars). */
  async accountAt(address: string, slot: bigint): Promise<BankAccount | null> {
    const known = this.ledger.accountAt(address, slot);
    if (known !== undefined) return known;
    return this.exclusively(async () => (await this.live().bank.accounts([decodeBase58(address)]))[0] ?? null);
  }

  simulate(bytes: Buffer): Promise<BankOutcome> {
    return this.exclusively(() => this.live().bank.simulate(bytes));
  }

  minimumDelegation(): Promise<BankOutcome> {
    return this.exclusively(() => this.live().bank.minimumDelegation(devKey('faucet').publicKey.toBuffer()));
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.queue;
    process.removeListener('exit', this.killOnExit);
    await this.run?.bank.end();
    this.record.close();
    releaseChain(this.stateDir);
  }

  private async includeNow(): Promise<void> {
    const slot = liveSlotFrom(this.ledger.headSlot + 1n);
    if (epochOf(slot) !== epochOf(this.ledger.headSlot)) await this.boundary();
    // What arrives while the block is being made waits for the next one.
    const waiting = [...this.pool];
    const txs: string[] = [];
    for (const [, bytes] of waiting) {
      const { recentBlockhash } = VersionedTransaction.deserialize(bytes).message;
      // One that is too old falls out of the pool, as it does from every validator's.
      if (this.ledger.slotOfBlockhash(recentBlockhash, BLOCKHASH_BLOCKS) !== null) txs.push(bytes.toString('base64'));
    }
    if (txs.length > 0) {
      await this.happen({ t: 'transactions', slot: `${liveSlotFrom(this.ledger.headSlot + 1n)}`, txs });
    }
    for (const [signature] of waiting) this.pool.delete(signature);
  }

  private async advanceNow(slot: bigint): Promise<void> {
    while (epochOf(this.ledger.headSlot) < epochOf(slot)) await this.boundary();
    if (slot > this.ledger.headSlot) await this.happen({ t: 'head', slot: `${slot}` });
  }

  private boundary(): Promise<void> {
    const epoch = epochOf(this.ledger.headSlot) + 1n;
    const credits = this.validators.map((spec, i) => `${this.ledger.delinquent.has(i) ? 0n : spec.credits}`);
    return this.happen({ t: 'epoch', epoch: `${epoch}`, credits });
  }

  /** Makes it happen in the Bank, then on disk, then in the ledger: nobody sees what a kill could undo. */
  private async happen(event: ChainEvent): Promise<void> {
    const effects = await this.live().execute(event);
    const digest = digestOf(this.record.events.at(-1)?.digest ?? '', event, effects);
    this.record.append({ event, digest });
    this.ledger.apply(event, effects, digest);
  }

  private async replay(see: (event: ChainEvent | null, effects: Effects, digest: string) => void): Promise<void> {
    const root = this.options.root ?? process.cwd();
    const bank = await BankProcess.start(root);
    const { run, effects } = await BankRun.begin(bank, this.validators, this.ledger.genesisSeconds, (slot) =>
      this.ledger.blockTime(slot),
    );
    this.run = run;
    see(null, effects, '');
    let before = '';
    for (const [i, { event, digest }] of this.record.events.entries()) {
      const again = await run.execute(event);
      if (digestOf(before, event, again) !== digest) {
        throw new Error(`replay of event ${i} (${event.t}) did something else than is recorded`);
      }
      see(event, again, digest);
      before = digest;
    }
  }

  /** One piece of work after the other; a Bank that has died is replaced first, and once more when it dies on the way. */
  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    const next = this.queue.then(async () => {
      if (this.stopped) throw new Error('the chain has been stopped');
      if (!this.live().bank.alive) await this.revive();
      try {
        return await work();
      } catch (error) {
        if (this.live().bank.alive) throw error;
        await this.revive();
        return work();
      }
    });
    this.queue = next.catch(() => undefined);
    return next;
  }

  private async revive(): Promise<void> {
    this.options.log?.('the Bank ended; bringing it back from the record');
    await this.replay(() => undefined);
  }

  private live(): BankRun {
    if (this.run === null) throw new Error('the chain has no Bank');
    return this.run;
  }
}

function genesisOf(stateDir: string, genesisTime: number): number {
  const file = path.join(stateDir, 'genesis.json');
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, JSON.stringify({ genesisTime }));
    renameSync(`${file}.new`, file);
  }
  return (JSON.parse(readFileSync(file, 'utf8')) as { genesisTime: number }).genesisTime;
}
