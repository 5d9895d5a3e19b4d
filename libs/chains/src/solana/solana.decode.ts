/** Pure: everything that a node says, as typed values. Whatever does not fit is `BAD_ANSWER`, never a default. */
import { VersionedTransaction } from '@solana/web3.js';

import { ChainError } from '../chain-error.js';
import { isRecord, numberText } from '../rpc/lossless.js';
import { decodeBase58, encodeBase58 } from './solana.base58.js';
import type { ClusterStake } from './solana.activation.js';
import {
  decodeInstruction,
  placeOf,
  STAKE_PROGRAM,
  type Instruction,
  type RawInstruction,
} from './solana.instructions.js';

export type Row = Readonly<Record<string, unknown>>;

export function badAnswer(detail: string): ChainError {
  return new ChainError('BAD_ANSWER', 'solana', detail);
}

/** An address as the product writes it. Throws `REFUSED`: it came from us, not from a node. */
export function publicKey(value: string, what: string): string {
  let bytes = 0;
  try {
    bytes = decodeBase58(value).length;
  } catch {
    // not base58: said below
  }
  if (bytes !== 32) throw new ChainError('REFUSED', 'solana', `${what} is no address: ${JSON.stringify(value)}`);
  return value;
}

export function whole(value: unknown, what: string): bigint {
  const digits = numberText(value);
  if (digits === null || !/^(0|[1-9]\d{0,19})$/.test(digits)) throw badAnswer(`${what} is no whole number`);
  return BigInt(digits);
}

export function record(value: unknown, what: string): Row {
  if (!isRecord(value)) throw badAnswer(`${what} is no object`);
  return value;
}

export function rows(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badAnswer(`${what} is no list`);
  return value;
}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw badAnswer(`${what} is no text`);
  return value;
}

/** The value of an answer with its context. */
export function inContext(value: unknown, what: string): { readonly slot: bigint; readonly value: unknown } {
  const answer = record(value, what);
  if (!('value' in answer)) throw badAnswer(`${what} has no value`);
  return {
    slot: whole(record(answer['context'], `the context of ${what}`)['slot'], 'a context slot'),
    value: answer['value'],
  };
}

export interface Block {
  readonly slot: bigint;
  readonly hash: string;
  readonly timeMs: bigint;
  readonly blockHeight: bigint;
  /** Only in the first block of an epoch, and only when rewards were asked for. */
  readonly rewardPartitions: bigint | null;
}

export function decodeBlock(slot: bigint, raw: unknown): Block {
  const block = record(raw, 'a block');
  if (numberText(block['blockTime']) === null) throw badAnswer(`block ${slot} has no time`);
  return {
    slot,
    hash: text(block['blockhash'], 'a block hash'),
    timeMs: whole(block['blockTime'], 'a block time') * 1000n,
    blockHeight: whole(block['blockHeight'], 'a block height'),
    rewardPartitions:
      numberText(block['numRewardPartitions']) === null ? null : whole(block['numRewardPartitions'], 'partitions'),
  };
}

export interface SignatureRow {
  readonly txid: string;
  readonly slot: bigint;
}

export function decodeSignatures(raw: unknown): SignatureRow[] {
  return rows(raw, 'the signatures of an address').map((one) => {
    const row = record(one, 'a signature');
    return { txid: text(row['signature'], 'a signature'), slot: whole(row['slot'], 'the slot of a signature') };
  });
}

export interface ChainTransaction {
  readonly txid: string;
  readonly slot: bigint;
  readonly timeMs: bigint;
  /** The chain's own words as JSON; null: it succeeded. */
  readonly failure: string | null;
  readonly feeAtoms: bigint;
  readonly feePayer: string;
  readonly signers: readonly string[];
  readonly before: ReadonlyMap<string, bigint>;
  readonly after: ReadonlyMap<string, bigint>;
  /** In the order of execution, inner ones after the one that called them; empty for one that failed. */
  readonly instructions: readonly Instruction[];
}

/** A transaction asked for in base64, with its meta. The bytes must carry the signature that was asked for. */
export function decodeTransaction(txid: string, raw: unknown): ChainTransaction {
  const answer = record(raw, 'a transaction');
  const meta = record(answer['meta'], 'the meta of a transaction');
  const [encoded, encoding] = rows(answer['transaction'], 'a transaction');
  if (encoding !== 'base64' || typeof encoded !== 'string') throw badAnswer('a transaction is not in base64');
  const parsed = parsedTransaction(Buffer.from(encoded, 'base64'));
  const [signature] = parsed.signatures;
  if (signature === undefined || encodeBase58(signature) !== txid)
    throw badAnswer(`asked for ${txid}, got another transaction`);
  const keys = keysOf(parsed, meta);
  const failure =
    meta['err'] === null ? null : JSON.stringify(meta['err'], (_, value: unknown) => numberText(value) ?? value);
  return {
    txid,
    slot: whole(answer['slot'], 'the slot of a transaction'),
    timeMs: whole(answer['blockTime'], 'the time of a transaction') * 1000n,
    failure,
    feeAtoms: whole(meta['fee'], 'a fee'),
    feePayer: keys[0] ?? '',
    signers: keys.slice(0, parsed.message.header.numRequiredSignatures),
    before: balances(keys, meta['preBalances']),
    after: balances(keys, meta['postBalances']),
    instructions: failure === null ? instructionsOf(parsed, keys, meta) : [],
  };
}

function parsedTransaction(bytes: Buffer): VersionedTransaction {
  try {
    return VersionedTransaction.deserialize(bytes);
  } catch {
    throw badAnswer('the bytes of a transaction cannot be read');
  }
}

function keysOf(parsed: VersionedTransaction, meta: Row): string[] {
  const keys = parsed.message.staticAccountKeys.map((key) => key.toBase58());
  if (parsed.message.addressTableLookups.length === 0) return keys;
  const loaded = record(meta['loadedAddresses'], 'the loaded addresses');
  const of = (name: string): string[] => rows(loaded[name], 'loaded addresses').map((one) => text(one, 'an address'));
  return [...keys, ...of('writable'), ...of('readonly')];
}

function balances(keys: readonly string[], raw: unknown): ReadonlyMap<string, bigint> {
  const amounts = rows(raw, 'the balances of a transaction');
  if (amounts.length !== keys.length) throw badAnswer(`${keys.length} accounts, but ${amounts.length} balances`);
  return new Map(keys.map((key, i) => [key, whole(amounts[i], 'a balance')]));
}

function instructionsOf(parsed: VersionedTransaction, keys: readonly string[], meta: Row): Instruction[] {
  const key = (i: number): string => {
    const found = keys[i];
    if (found === undefined) throw badAnswer(`an instruction names account ${i} of ${keys.length}`);
    return found;
  };
  const inner = new Map<number, RawInstruction[]>();
  for (const one of rows(meta['innerInstructions'] ?? [], 'inner instructions')) {
    const group = record(one, 'inner instructions');
    const list = rows(group['instructions'], 'inner instructions').map((raw): RawInstruction => {
      const row = record(raw, 'an inner instruction');
      return {
        program: key(placeOf(whole(row['programIdIndex'], 'a program index'))),
        accounts: rows(row['accounts'], 'accounts').map((i) => key(placeOf(whole(i, 'an account index')))),
        data: base58(row['data']),
      };
    });
    inner.set(placeOf(whole(group['index'], 'an instruction index')), list);
  }
  return parsed.message.compiledInstructions.flatMap((one, i) => {
    const outer = {
      program: key(one.programIdIndex),
      accounts: [...one.accountKeyIndexes].map(key),
      data: one.data,
    };
    return [outer, ...(inner.get(i) ?? [])].map(decoded);
  });
}

function decoded(raw: RawInstruction): Instruction {
  try {
    return decodeInstruction(raw);
  } catch (error) {
    if (error instanceof RangeError) throw badAnswer(`an instruction cannot be read: ${error.message}`);
    throw error;
  }
}

function base58(value: unknown): Buffer {
  try {
    return decodeBase58(typeof value === 'string' ? value : '?');
  } catch {
    throw badAnswer('an inner instruction is not in base58');
  }
}

export interface InflationReward {
  readonly amount: bigint;
  readonly postBalance: bigint;
  readonly slot: bigint;
  /** Percent that the validator kept; null where the chain no longer says. */
  readonly commission: bigint | null;
}

/** null: nothing was paid, or not yet. */
export function decodeReward(epoch: bigint, raw: unknown): InflationReward | null {
  if (raw === null) return null;
  const reward = record(raw, 'an inflation reward');
  if (whole(reward['epoch'], 'the epoch of a reward') !== epoch) throw badAnswer('a reward is of another epoch');
  return {
    amount: whole(reward['amount'], 'a reward'),
    postBalance: whole(reward['postBalance'], 'a balance after a reward'),
    slot: whole(reward['effectiveSlot'], 'the slot of a reward'),
    commission: numberText(reward['commission']) === null ? null : whole(reward['commission'], 'a commission'),
  };
}

/** Raw account: lamports and bytes; null: there is none. */
export interface RawAccount {
  readonly lamports: bigint;
  readonly owner: string;
  readonly data: Buffer;
}

export function decodeAccount(raw: unknown): RawAccount | null {
  if (raw === null) return null;
  const account = record(raw, 'an account');
  const [encoded, encoding] = rows(account['data'], 'the data of an account');
  if (encoding !== 'base64' || typeof encoded !== 'string') throw badAnswer('an account is not in base64');
  return {
    lamports: whole(account['lamports'], 'the lamports of an account'),
    owner: text(account['owner'], 'the owner of an account'),
    data: Buffer.from(encoded, 'base64'),
  };
}

/** What a stake account says of itself. */
export interface StakeAccountData {
  readonly lamports: bigint;
  readonly rent: bigint;
  readonly staker: string;
  readonly withdrawer: string;
  /** A lockup that could hold a withdrawal: any of its three fields is set. */
  readonly lockup: boolean;
  readonly delegation: {
    readonly voter: string;
    readonly stake: bigint;
    readonly activation: bigint;
    readonly deactivation: bigint;
  } | null;
}

/** Layout of StakeStateV2: tag u32, rent u64, staker, withdrawer, lockup (i64, u64, key), then voter, stake, epochs. */
export function decodeStakeAccount(account: RawAccount): StakeAccountData {
  const { data, owner, lamports } = account;
  if (owner !== STAKE_PROGRAM || data.length !== 200) throw badAnswer('a stake account is none');
  const tag = data.readUInt32LE(0);
  if (tag !== 1 && tag !== 2) throw badAnswer(`a stake account is in state ${tag}`);
  const key = (at: number): string => encodeBase58(data.subarray(at, at + 32));
  return {
    lamports,
    rent: data.readBigUInt64LE(4),
    staker: key(12),
    withdrawer: key(44),
    lockup: data.subarray(76, 124).some((byte) => byte !== 0),
    delegation:
      tag === 1
        ? null
        : {
            voter: key(124),
            stake: data.readBigUInt64LE(156),
            activation: data.readBigUInt64LE(164),
            deactivation: data.readBigUInt64LE(172),
          },
  };
}

/** The StakeHistory sysvar: up to 512 epochs, newest first. */
export function decodeStakeHistory(account: RawAccount | null): ReadonlyMap<bigint, ClusterStake> {
  const data = account?.data;
  if (data === undefined || data.length < 8) throw badAnswer('the stake history cannot be read');
  const count = data.readBigUInt64LE(0);
  if (count > 512n || BigInt(data.length) < 8n + count * 32n) throw badAnswer('the stake history is cut short');
  const found = new Map<bigint, ClusterStake>();
  for (let at = 8; at < 8 + placeOf(count) * 32; at += 32) {
    found.set(data.readBigUInt64LE(at), {
      effective: data.readBigUInt64LE(at + 8),
      activating: data.readBigUInt64LE(at + 16),
      deactivating: data.readBigUInt64LE(at + 24),
    });
  }
  return found;
}

/** Whether an epoch's rewards are still being paid out. A chain without the sysvar pays nothing in parts. */
export function decodePayoutActive(account: RawAccount | null): boolean {
  if (account === null) return false;
  if (account.data.length !== 81) throw badAnswer(`the EpochRewards sysvar has ${account.data.length} bytes`);
  return account.data.readUInt8(80) !== 0;
}

export interface VoteAccount {
  readonly vote: string;
  readonly node: string;
  readonly activatedStake: bigint;
  readonly commission: bigint;
  readonly delinquent: boolean;
}

export function decodeVoteAccounts(raw: unknown): VoteAccount[] {
  const answer = record(raw, 'the vote accounts');
  const of = (name: 'current' | 'delinquent'): VoteAccount[] =>
    rows(answer[name], `the ${name} vote accounts`).map((one) => {
      const row = record(one, 'a vote account');
      return {
        vote: text(row['votePubkey'], 'a vote account'),
        node: text(row['nodePubkey'], 'a node'),
        activatedStake: whole(row['activatedStake'], 'an activated stake'),
        commission: whole(row['commission'], 'a commission'),
        delinquent: name === 'delinquent',
      };
    });
  return [...of('current'), ...of('delinquent')];
}
