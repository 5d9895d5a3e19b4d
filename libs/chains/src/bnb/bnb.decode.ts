/**
 * Pure: raw answers of a BNB node to our types. All number parsing of this chain is here, and all of it is strict: what
 * is not exactly of the promised form is refused with a sentence that quotes it (R19: never read as zero).
 */
import { atoms, type Atoms } from '@app/staking-core';
import { getAddress } from 'ethers';

import type { BlockStamp } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { isRecord } from '../rpc/lossless.js';
import { scrub } from '../rpc/scrub.js';

/** No amount, share count or price on this chain comes near: a value above it is a fault of the endpoint. */
const LARGEST = 2n ** 128n;
/** Seconds; the year 2286. A block time in milliseconds or garbage is above it. */
const LATEST_SECOND = 10_000_000_000n;
const MONIKER_LENGTH = 64;

export interface Header {
  readonly height: bigint;
  readonly hash: string;
  readonly parentHash: string;
  /** Unix seconds, as the chain counts. */
  readonly seconds: bigint;
  readonly baseFee: bigint;
}

export interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly height: bigint;
  readonly blockHash: string;
  readonly txid: string;
  readonly txIndex: bigint;
  readonly logIndex: bigint;
}

export interface Receipt {
  readonly txid: string;
  readonly height: bigint;
  readonly blockHash: string;
  readonly succeeded: boolean;
  readonly feeWei: bigint;
  readonly logs: readonly RawLog[];
}

export function badAnswer(what: string, got?: unknown): ChainError {
  const quoted = got === undefined ? '' : `: ${scrub(typeof got === 'string' ? got : shown(got)).slice(0, 80)}`;
  return new ChainError('BAD_ANSWER', 'bnb', `${what}${quoted}`);
}

function shown(value: unknown): string {
  return value === null ? 'null' : `${Object.prototype.toString.call(value)} ${String(value)}`;
}

/** A JSON-RPC quantity: `0x` and hex digits without leading zeros. */
export function quantity(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x(0|[1-9a-f][0-9a-f]*)$/i.test(value))
    throw badAnswer(`${what} is no quantity`, value);
  const number = BigInt(value);
  if (number > LARGEST) throw badAnswer(`${what} is larger than anything on this chain`, value);
  return number;
}

export function hash32(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/i.test(value))
    throw badAnswer(`${what} is no 32-byte hash`, value);
  return value.toLowerCase();
}

export function bytes(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(value))
    throw badAnswer(`${what} is no byte string`, value);
  return value.toLowerCase();
}

/** Addresses are lower case everywhere in the product: one address, one text. */
export function address(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{40}$/i.test(value)) throw badAnswer(`${what} is no address`, value);
  return value.toLowerCase();
}

/** An address from our own side (configuration, an intent): a wrong checksum is refused, too. */
export function ownAddress(value: string, what: string): string {
  try {
    return getAddress(value).toLowerCase();
  } catch {
    throw new ChainError('REFUSED', 'bnb', `${what} is no address: ${scrub(value).slice(0, 80)}`);
  }
}

/** An ABI-decoded uint256 that is an amount or a share count. */
export function amount(value: unknown, what: string): Atoms {
  if (typeof value !== 'bigint' || value < 0n) throw badAnswer(`${what} is no amount`, value);
  if (value > LARGEST) throw badAnswer(`${what} is larger than anything on this chain`, value);
  return atoms(value);
}

export function decodeHeader(raw: unknown): Header {
  if (!isRecord(raw)) throw badAnswer('a block is no object', raw);
  const seconds = quantity(raw['timestamp'], 'a block time');
  if (seconds === 0n || seconds > LATEST_SECOND)
    throw badAnswer('a block time is not in seconds since 1970', raw['timestamp']);
  return {
    height: quantity(raw['number'], 'a block number'),
    hash: hash32(raw['hash'], 'a block hash'),
    parentHash: hash32(raw['parentHash'], 'a parent hash'),
    seconds,
    baseFee: raw['baseFeePerGas'] === undefined ? 0n : quantity(raw['baseFeePerGas'], 'a base fee'),
  };
}

export function stampOf(header: Header): BlockStamp {
  return { height: header.height, hash: header.hash, timeMs: header.seconds * 1000n };
}

export function decodeLog(raw: unknown): RawLog {
  if (!isRecord(raw) || !Array.isArray(raw['topics'])) throw badAnswer('a log is no object with topics', raw);
  if (raw['removed'] === true) throw badAnswer('a log was removed by a reorganisation');
  return {
    address: address(raw['address'], 'the address of a log'),
    topics: raw['topics'].map((topic) => hash32(topic, 'a topic')),
    data: bytes(raw['data'], 'the data of a log'),
    height: quantity(raw['blockNumber'], 'the block of a log'),
    blockHash: hash32(raw['blockHash'], 'the block hash of a log'),
    txid: hash32(raw['transactionHash'], 'the transaction of a log'),
    txIndex: quantity(raw['transactionIndex'], 'the transaction index of a log'),
    logIndex: quantity(raw['logIndex'], 'the index of a log'),
  };
}

export function decodeLogs(raw: unknown): RawLog[] {
  if (!Array.isArray(raw)) throw badAnswer('the logs are no list', raw);
  return raw.map(decodeLog);
}

export function decodeReceipt(raw: unknown): Receipt {
  if (!isRecord(raw)) throw badAnswer('a receipt is no object', raw);
  const status = quantity(raw['status'], 'the status of a receipt');
  if (status > 1n) throw badAnswer('the status of a receipt is neither 0 nor 1', raw['status']);
  const gasUsed = quantity(raw['gasUsed'], 'the gas of a receipt');
  return {
    txid: hash32(raw['transactionHash'], 'the transaction of a receipt'),
    height: quantity(raw['blockNumber'], 'the block of a receipt'),
    blockHash: hash32(raw['blockHash'], 'the block hash of a receipt'),
    succeeded: status === 1n,
    feeWei: gasUsed * quantity(raw['effectiveGasPrice'], 'the gas price of a receipt'),
    logs: decodeLogs(raw['logs']),
  };
}

/** A transaction inside a full block, as far as "who used this nonce" needs it. */
export function decodeTransactionRef(raw: unknown): {
  readonly txid: string;
  readonly from: string;
  readonly nonce: bigint;
} {
  if (!isRecord(raw)) throw badAnswer('a transaction is no object', raw);
  return {
    txid: hash32(raw['hash'], 'a transaction hash'),
    from: address(raw['from'], 'the sender of a transaction'),
    nonce: quantity(raw['nonce'], 'the nonce of a transaction'),
  };
}

/** Text of a stranger: control and direction characters out, cut when long. Shown as text, never rendered. */
export function decodeMoniker(value: unknown): string {
  if (typeof value !== 'string') throw badAnswer('a moniker is no text', value);
  const plain = Array.from(scrub(value.slice(0, 4 * MONIKER_LENGTH)));
  return plain.length > MONIKER_LENGTH ? `${plain.slice(0, MONIKER_LENGTH).join('')}…` : plain.join('');
}
