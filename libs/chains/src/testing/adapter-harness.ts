import type { ChainAdapter, SignedTransaction, Step, TransactionSigner } from '../chain-adapter.js';
import type { ProxiedCall } from './fault-proxy.js';

/**
 * What a chain brings so that its adapter can be held against the contract of the port. The chain behind it is a real
 * one (or the nearest thing to it that runs here); the verbs make things happen on it. A verb that the chain's model
 * does not have (Cosmos has no reorganisation, Solana cannot jail) is null, and its tests are skipped.
 */
export interface AdapterHarness {
  /** The plain endpoint of the chain; the suite puts fault proxies before it. */
  readonly url: string;
  /** A new adapter over these endpoints. Two must give the same answers. `required`: money reads need two that agree. */
  open(urls: readonly string[], options?: { readonly timeoutMs?: number; readonly confirm?: 'required' }): ChainAdapter;
  /** The account under test: it has liquid coins and no stake yet, or (where stake warms up) stake that earns already. */
  readonly signer: TransactionSigner;
  /** Two validators that earn. */
  readonly validators: readonly [string, string];
  /** Odd amounts above 2^53 where the chain's decimals allow; each may be delegated, the first several times over. */
  readonly amounts: readonly [bigint, bigint];

  /** Whether any final block can be a cut (Polkadot); else the blocks between two cuts must be refused. */
  readonly anyFinalBlockIsACut: boolean;
  /** Rewards accrue block by block (Cosmos): what a validator earned before it was jailed in a period stays earned. */
  readonly earnsInEveryBlock?: boolean;

  /** All stake is one position, whatever validators it stands behind (Polkadot's stash); else one for each validator. */
  readonly onePositionForAll?: boolean;

  /** Lives on to the next cut, with a reward for all who stake; the cut is final afterwards. */
  advancePeriod(): Promise<void>;
  /** Takes what waits into the chain, without making it final. */
  include(): Promise<void>;
  /** Makes everything so far final. */
  finalize(): Promise<void>;
  /** Other people stake and unstake. */
  foreignTraffic(): Promise<void>;
  /** So that the validator earns nothing at the end of this period. */
  readonly jail: ((validator: string) => Promise<void>) | null;
  /** Replaces what is not final; our own transactions fall out of it. */
  readonly reorg: (() => Promise<void>) | null;
  readonly stallFinality: (() => Promise<void>) | null;
  readonly resumeFinality: (() => Promise<void>) | null;

  readonly faults: {
    /** An endpoint that no longer moves on: rewrites "newest" in a call to what is newest now. */
    freeze(): Promise<(call: ProxiedCall) => ProxiedCall>;
    /** The node's words for a state that it has thrown away, and the methods that read state. */
    readonly pruned: { readonly code: number; readonly message: string };
    readonly stateMethods: readonly string[];
    /** Alters every amount in a result of `stateMethods`. */
    alterAmounts(change: (amount: bigint) => bigint): (call: ProxiedCall, result: unknown) => unknown;
    readonly broadcastMethod: string;
  };
  /** The chain takes no transactions: it gives out again what was recorded. Absent: it lives. */
  readonly replay?: ReplayFacts;
  close(): Promise<void>;
}

/** What stands in for operations of ours where the chain is a replay of a recorded run. */
export interface ReplayFacts {
  /** With this code every broadcast of something new is rejected. */
  readonly refusal: string;
  /** Transactions of our account that were recorded, oldest first, with the steps that they were of; all succeeded. */
  readonly recorded: readonly { readonly step: Step; readonly signed: SignedTransaction }[];
  /** The key that signed them. */
  readonly signer: TransactionSigner;
}
