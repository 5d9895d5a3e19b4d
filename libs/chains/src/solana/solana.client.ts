import { ChainError } from '../chain-error.js';
import type { JsonRpcEndpoint, RpcCall } from '../rpc/json-rpc.endpoint.js';
import { RpcAnswerError } from '../rpc/rpc-fault.js';
import { numberText } from '../rpc/lossless.js';
import {
  badAnswer,
  decodeAccount,
  decodeBlock,
  decodeReward,
  decodeSignatures,
  decodeTransaction,
  decodeVoteAccounts,
  inContext,
  record,
  rows,
  text,
  whole,
  type Block,
  type ChainTransaction,
  type InflationReward,
  type RawAccount,
  type SignatureRow,
  type VoteAccount,
} from './solana.decode.js';
import type { FinalFacts } from './solana.facts.js';

export type Commitment = 'finalized' | 'confirmed';

export interface SignatureStatus {
  readonly slot: bigint;
  readonly final: boolean;
}

export interface Simulated {
  /** The chain's words; null: it would succeed. */
  readonly failure: string | null;
  readonly units: bigint;
}

/** Signatures that one call gives at most. */
const PAGE = 1_000;
const LARGEST_HISTORY = 200;
/** Accounts that one call takes at most. */
const ACCOUNTS_A_CALL = 100;

/**
 * Thin typed calls to one endpoint of a Solana node. Lives for one piece of work and one abort signal; what is final can
 * be kept from one piece to the next (`facts`), per endpoint, since it never changes.
 */
export class SolanaClient {
  constructor(
    private readonly rpc: JsonRpcEndpoint,
    private readonly signal: AbortSignal,
    readonly facts: FinalFacts,
  ) {}

  async genesisHash(): Promise<string> {
    return text(await this.call('getGenesisHash', []), 'the genesis hash');
  }

  /** The newest slot of a commitment; a final one has a block. */
  async slot(commitment: Commitment | 'processed'): Promise<bigint> {
    return whole(await this.call('getSlot', [{ commitment }]), 'a slot');
  }

  async finalBlockHeight(): Promise<bigint> {
    return whole(await this.call('getBlockHeight', [{ commitment: 'finalized' }]), 'a block height');
  }

  async blockTimeMs(slot: bigint): Promise<bigint> {
    return whole(await this.call('getBlockTime', [Number(slot)]), 'a block time') * 1000n;
  }

  /** Throws `BLOCK_UNKNOWN` where there is none: not yet, or the slot was skipped. */
  async block(slot: bigint, commitment: Commitment = 'finalized', withRewards = false): Promise<Block> {
    const [block] = await this.blocks([slot], commitment, withRewards);
    if (block === undefined) throw badAnswer('a block is missing');
    return block;
  }

  async blocks(slots: readonly bigint[], commitment: Commitment = 'finalized', withRewards = false): Promise<Block[]> {
    const config = {
      commitment,
      transactionDetails: 'none',
      rewards: withRewards,
      maxSupportedTransactionVersion: 0,
    };
    const raw = await this.batch(slots.map((slot) => ({ method: 'getBlock', params: [Number(slot), config] })));
    return raw.map((one, i) => {
      const slot = slots[i] ?? 0n;
      if (one === null) throw new ChainError('BLOCK_UNKNOWN', 'solana', `no block in slot ${slot}`);
      return decodeBlock(slot, one);
    });
  }

  /** Final slots that have a block, from `from` on. */
  async slotsWithBlocks(from: bigint, limit: number): Promise<bigint[]> {
    const raw = await this.call('getBlocksWithLimit', [Number(from), limit, { commitment: 'finalized' }]);
    const found = rows(raw, 'slots').map((one) => whole(one, 'a slot'));
    if (found.some((slot, i) => slot < from || slot <= (found[i - 1] ?? -1n)))
      throw badAnswer('slots are out of order');
    return found;
  }

  async epochSchedule(): Promise<Readonly<Record<'slotsPerEpoch' | 'firstNormalEpoch' | 'firstNormalSlot', bigint>>> {
    const raw = record(await this.call('getEpochSchedule', []), 'the epoch schedule');
    const of = (name: string): bigint => whole(raw[name], name);
    return {
      slotsPerEpoch: of('slotsPerEpoch'),
      firstNormalEpoch: of('firstNormalEpoch'),
      firstNormalSlot: of('firstNormalSlot'),
    };
  }

  /** Every transaction that ever named the address, oldest first. */
  async signatures(address: string, commitment: Commitment): Promise<SignatureRow[]> {
    const found: SignatureRow[] = [];
    for (let page = 0; page < LARGEST_HISTORY; page += 1) {
      const before = found.at(-1)?.txid;
      const config = { commitment, limit: PAGE, ...(before === undefined ? {} : { before }) };
      const some = decodeSignatures(await this.call('getSignaturesForAddress', [address, config]));
      found.push(...some);
      if (some.length < PAGE) return found.reverse();
    }
    throw badAnswer(`${address} has more than ${LARGEST_HISTORY * PAGE} transactions`);
  }

  async signaturesOfAll(addresses: readonly string[], commitment: Commitment): Promise<SignatureRow[]> {
    const config = { commitment, limit: PAGE };
    const raw = await this.batch(
      addresses.map((address) => ({ method: 'getSignaturesForAddress', params: [address, config] })),
    );
    const found: SignatureRow[] = [];
    for (const [i, one] of raw.entries()) {
      const some = decodeSignatures(one);
      found.push(...(some.length < PAGE ? some.reverse() : await this.signatures(addresses[i] ?? '', commitment)));
    }
    return found;
  }

  /** Throws `STATE_PRUNED` when the node lists a transaction that it no longer has. */
  async transactions(txids: readonly string[], commitment: Commitment): Promise<ChainTransaction[]> {
    const missing = txids.filter((txid) => !this.facts.transactions.has(txid));
    const config = { commitment, encoding: 'base64', maxSupportedTransactionVersion: 0 };
    const raw = await this.batch(missing.map((txid) => ({ method: 'getTransaction', params: [txid, config] })));
    const found = new Map<string, ChainTransaction>();
    for (const [i, one] of raw.entries()) {
      const txid = missing[i] ?? '';
      if (one === null) throw new ChainError('STATE_PRUNED', 'solana', `the node lists ${txid}, and no longer has it`);
      const transaction = decodeTransaction(txid, one);
      if (commitment === 'finalized') this.facts.keepTransaction(transaction);
      found.set(txid, transaction);
    }
    return txids.map((txid) => {
      const one = this.facts.transactions.get(txid) ?? found.get(txid);
      if (one === undefined) throw badAnswer('a transaction is missing');
      return one;
    });
  }

  /**
   * What the accounts were paid for an epoch; null: nothing, or not yet.
   * @param complete the payout is long over: null is nothing, for ever
   */
  async inflationRewards(
    epoch: bigint,
    addresses: readonly string[],
    complete: boolean,
  ): Promise<(InflationReward | null)[]> {
    const { rewards } = this.facts;
    const keyOf = (address: string): string => `${epoch}:${address}`;
    const missing = addresses.filter((one) => !rewards.has(keyOf(one)));
    const asked = await this.askRewards(epoch, missing);
    const fresh = new Map(missing.map((one, i) => [one, asked[i] ?? null]));
    for (const [one, reward] of fresh) if (complete || reward !== null) rewards.set(keyOf(one), reward);
    return addresses.map((one) => rewards.get(keyOf(one)) ?? fresh.get(one) ?? null);
  }

  private async askRewards(epoch: bigint, addresses: readonly string[]): Promise<(InflationReward | null)[]> {
    const calls: RpcCall[] = [];
    for (let at = 0; at < addresses.length; at += ACCOUNTS_A_CALL) {
      const some = addresses.slice(at, at + ACCOUNTS_A_CALL);
      calls.push({ method: 'getInflationReward', params: [some, { epoch: Number(epoch), commitment: 'finalized' }] });
    }
    const raw = await this.batch(calls);
    const found = raw.flatMap((one) => rows(one, 'inflation rewards').map((each) => decodeReward(epoch, each)));
    if (found.length !== addresses.length) throw badAnswer('inflation rewards are missing');
    return found;
  }

  /** As they are in the newest final state, with the slot of that. */
  async accounts(
    addresses: readonly string[],
  ): Promise<{ readonly slot: bigint; readonly accounts: (RawAccount | null)[] }> {
    const found: (RawAccount | null)[] = [];
    const slots: bigint[] = [];
    for (let at = 0; at < addresses.length; at += ACCOUNTS_A_CALL) {
      const some = addresses.slice(at, at + ACCOUNTS_A_CALL);
      const config = { commitment: 'finalized', encoding: 'base64' };
      const { slot, value } = inContext(await this.call('getMultipleAccounts', [some, config]), 'accounts');
      const raw = rows(value, 'accounts');
      if (raw.length !== some.length) throw badAnswer('accounts are missing');
      slots.push(slot);
      found.push(...raw.map(decodeAccount));
    }
    return { slot: slots.reduce((a, b) => (a < b ? a : b), slots[0] ?? 0n), accounts: found };
  }

  /** Validators and the epoch they are told for. */
  async voteAccounts(): Promise<{ readonly epoch: bigint; readonly accounts: VoteAccount[] }> {
    const [votes, info] = await this.batch([
      { method: 'getVoteAccounts', params: [{ commitment: 'finalized' }] },
      { method: 'getEpochInfo', params: [{ commitment: 'finalized' }] },
    ]);
    return {
      epoch: whole(record(info, 'the epoch')['epoch'], 'an epoch'),
      accounts: decodeVoteAccounts(votes),
    };
  }

  async stakeParameters(): Promise<{ readonly minimumDelegation: bigint; readonly rent: bigint }> {
    const [minimum, rent] = await this.batch([
      { method: 'getStakeMinimumDelegation', params: [{ commitment: 'finalized' }] },
      { method: 'getMinimumBalanceForRentExemption', params: [200] },
    ]);
    return {
      minimumDelegation: whole(inContext(minimum, 'the minimum delegation').value, 'the minimum delegation'),
      rent: whole(rent, 'the rent of a stake account'),
    };
  }

  /** null: the endpoint knows nothing of it. */
  async status(txid: string): Promise<SignatureStatus | null> {
    const raw = await this.call('getSignatureStatuses', [[txid], { searchTransactionHistory: true }]);
    const [status] = rows(inContext(raw, 'statuses').value, 'statuses');
    if (status === null) return null;
    const row = record(status, 'a status');
    const final = row['confirmationStatus'] === 'finalized' || row['confirmations'] === null;
    return { slot: whole(row['slot'], 'the slot of a status'), final };
  }

  async simulate(bytes: Buffer): Promise<Simulated> {
    const config = { encoding: 'base64', commitment: 'confirmed', sigVerify: false, replaceRecentBlockhash: true };
    const raw = await this.call('simulateTransaction', [bytes.toString('base64'), config]);
    const value = record(inContext(raw, 'a simulation').value, 'a simulation');
    const failure =
      value['err'] === null ? null : JSON.stringify(value['err'], (_, one: unknown) => numberText(one) ?? one);
    return { failure, units: whole(value['unitsConsumed'], 'compute units') };
  }

  async send(bytes: Buffer): Promise<string> {
    const config = { encoding: 'base64', maxRetries: 0, preflightCommitment: 'confirmed' };
    return text(await this.call('sendTransaction', [bytes.toString('base64'), config]), 'a transaction id');
  }

  private async call(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.rpc.call(method, params, this.signal).catch((error: unknown) => {
      throw meaning(error);
    });
  }

  private async batch(calls: readonly RpcCall[]): Promise<unknown[]> {
    if (calls.length === 0) return [];
    return this.rpc.batch(calls, this.signal).catch((error: unknown) => {
      throw meaning(error);
    });
  }
}

/** Agave's own error codes, where the shared words do not know them. */
const MEANINGS: Readonly<Record<string, ChainError['code']>> = {
  '-32001': 'STATE_PRUNED', // block cleaned up
  '-32004': 'BLOCK_UNKNOWN', // block not available for slot
  '-32005': 'UNREACHABLE', // node is behind
  '-32007': 'BLOCK_UNKNOWN', // slot was skipped, or missing due to ledger jump
  '-32009': 'BLOCK_UNKNOWN', // slot was skipped, or missing in long-term storage
  '-32011': 'STATE_PRUNED', // transaction history is not available from this node
  '-32014': 'BLOCK_UNKNOWN', // block status not available yet
  '-32016': 'NOT_FINAL', // minimum context slot has not been reached
};

function meaning(error: unknown): unknown {
  if (!(error instanceof RpcAnswerError)) return error;
  const code = MEANINGS[error.body.code];
  return code === undefined || code === error.code
    ? error
    : new ChainError(code, 'solana', error.message, { cause: error });
}
