/** Pure: raw answers of a CometBFT node to our types. All parsing of numbers is here, text to `bigint`, with a sentence when it fails. */
import { atoms, type Atoms } from '@app/staking-core';
import { fromBech32, toBech32 } from '@cosmjs/encoding';

import { ChainError } from '../chain-error.js';
import { isRecord, numberText } from '../rpc/lossless.js';
import { scrub } from '../rpc/scrub.js';

export const DENOM = 'uatom';
export const ACCOUNT_PREFIX = 'cosmos';
export const OPERATOR_PREFIX = 'cosmosvaloper';
export const CONSENSUS_PREFIX = 'cosmosvalcons';

/** cosmjs 0.39's own default (endless) is refused by the bech32 library that it installs. */
const LONGEST_ADDRESS = 90;

/** Cosmos writes a decimal as an integer with 18 implied decimals: 1 is 10^18. */
export const DEC_ONE = 1_000_000_000_000_000_000n;

export function badAnswer(detail: string, quoted?: unknown): ChainError {
  return new ChainError('BAD_ANSWER', 'cosmos', quoted === undefined ? detail : `${detail}: ${scrub(String(quoted))}`);
}

export function text(raw: unknown, what: string): string {
  if (typeof raw !== 'string' || raw === '') throw badAnswer(`${what} is no text`, raw);
  return raw;
}

/** A whole number, which CometBFT writes as a number (codes) or as text (heights). */
export function digits(raw: unknown, what: string): bigint {
  const said = typeof raw === 'string' ? raw : numberText(raw);
  if (said === null || !/^\d{1,30}$/.test(said)) throw badAnswer(`${what} is no whole number`, raw);
  return BigInt(said);
}

/** An amount in protobuf: decimal digits. */
export function amountOf(raw: string, what: string): Atoms {
  if (!/^\d{1,78}$/.test(raw)) throw badAnswer(`${what} is no amount`, raw);
  return atoms(BigInt(raw));
}

/** A Dec as protobuf carries it: an integer with 18 implied decimals. A plain read would be wrong by 10^18. */
export function decOf(raw: string, what: string): bigint {
  if (!/^\d{1,96}$/.test(raw)) throw badAnswer(`${what} is no decimal with 18 implied places`, raw);
  return BigInt(raw);
}

/** The chain pays whole units; the fraction stays behind (truncated, as x/distribution does it). */
export function wholeAtoms(dec: bigint): Atoms {
  return atoms(dec / DEC_ONE);
}

/** `12uatom,3ibc/…` to our denomination's amount; nothing of ours is zero, as the chain leaves zeros out. */
export function uatomIn(coins: string, what: string): Atoms {
  if (coins === '') return atoms(0n);
  let found = 0n;
  for (const coin of coins.split(',')) {
    const match = /^(\d{1,78})([a-zA-Z][a-zA-Z0-9/:._-]{1,127})$/.exec(coin);
    if (match?.[1] === undefined) throw badAnswer(`${what} is no list of coins`, coins);
    if (match[2] === DENOM) found += BigInt(match[1]);
  }
  return atoms(found);
}

export function coinOf(coin: { readonly denom: string; readonly amount: string } | undefined, what: string): Atoms {
  if (coin?.denom !== DENOM) throw badAnswer(`${what} is not in ${DENOM}`, coin?.denom);
  return amountOf(coin.amount, what);
}

export function hexText(raw: unknown, what: string): string {
  if (typeof raw !== 'string' || !/^([0-9a-fA-F]{2})*$/.test(raw)) throw badAnswer(`${what} is no hex text`, raw);
  return raw.toUpperCase();
}

export function hash32(raw: unknown, what: string): string {
  const hex = hexText(raw, what);
  if (hex.length !== 64) throw badAnswer(`${what} is no hash`, raw);
  return hex;
}

export function base64Bytes(raw: unknown, what: string): Buffer {
  if (raw === null || raw === undefined || raw === '') return Buffer.alloc(0);
  if (typeof raw !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(raw)) throw badAnswer(`${what} is not base64`, raw);
  return Buffer.from(raw, 'base64');
}

/** RFC 3339 with up to nine decimals, UTC, to nanoseconds. */
export function instantNs(raw: unknown, what: string): bigint {
  const match = typeof raw === 'string' ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(raw) : null;
  const ms = match?.[1] === undefined ? NaN : Date.parse(`${match[1]}Z`);
  if (match === null || Number.isNaN(ms)) throw badAnswer(`${what} is no UTC time`, raw);
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

export function timestampNs(
  raw: { readonly seconds: bigint; readonly nanos: number } | undefined,
  what: string,
): bigint {
  if (raw === undefined) throw badAnswer(`${what} is missing`);
  return raw.seconds * 1_000_000_000n + BigInt(raw.nanos);
}

/** Decodes protobuf; bytes of something else are an answer that cannot be used, never an empty message (R19). */
export function decodeProto<T>(type: { decode(bytes: Uint8Array): T }, bytes: Uint8Array, what: string): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw new ChainError('BAD_ANSWER', 'cosmos', `${what} is not the message that was asked for`, { cause: error });
  }
}

/** Our own input; `REFUSED` when it is no such address. */
export function ownAddress(raw: string, prefix: string, what: string): string {
  if (!isAddress(raw, prefix))
    throw new ChainError('REFUSED', 'cosmos', `${what} is no ${prefix} address: ${scrub(raw)}`);
  return raw;
}

/** From the node; `BAD_ANSWER` when it is none. */
export function address(raw: string, prefix: string, what: string): string {
  if (!isAddress(raw, prefix)) throw badAnswer(`${what} is no ${prefix} address`, raw);
  return raw;
}

function isAddress(raw: string, prefix: string): boolean {
  try {
    const { prefix: found, data } = fromBech32(raw, LONGEST_ADDRESS);
    return found === prefix && (data.length === 20 || data.length === 32) && toBech32(prefix, data) === raw;
  } catch {
    return false;
  }
}

export interface ChainEvent {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Events of a transaction or a block, in order. */
export function decodeEvents(raw: unknown): ChainEvent[] {
  if (raw === null || raw === undefined) return [];
  if (!Array.isArray(raw)) throw badAnswer('the events are no list');
  return raw.map((event: unknown) => {
    if (!isRecord(event)) throw badAnswer('an event is not an object');
    const list: unknown = event['attributes'] ?? [];
    if (!Array.isArray(list)) throw badAnswer('the attributes of an event are no list');
    const attributes = new Map<string, string>();
    for (const one of list as unknown[]) {
      if (!isRecord(one)) throw badAnswer('an attribute is not an object');
      const value = one['value'] ?? '';
      if (typeof value !== 'string') throw badAnswer('an attribute is no text', value);
      attributes.set(text(one['key'], 'the name of an attribute'), value);
    }
    return { type: text(event['type'], 'the type of an event'), attributes };
  });
}

export function attribute(event: ChainEvent, name: string): string {
  const value = event.attributes.get(name);
  if (value === undefined) throw badAnswer(`an event ${event.type} has no ${name}`);
  return value;
}

/** A transaction in a block, from `/tx` or `/tx_search`. */
export interface IncludedTx {
  readonly hash: string;
  readonly height: bigint;
  readonly index: bigint;
  readonly code: bigint;
  readonly codespace: string;
  readonly log: string;
  readonly events: readonly ChainEvent[];
}

export function decodeIncludedTx(raw: unknown): IncludedTx {
  if (!isRecord(raw) || !isRecord(raw['tx_result'])) throw badAnswer('a transaction has no result');
  const result = raw['tx_result'];
  return {
    hash: hash32(raw['hash'], 'the hash of a transaction'),
    height: digits(raw['height'], 'the height of a transaction'),
    index: digits(raw['index'] ?? '0', 'the place of a transaction'),
    code: digits(result['code'] ?? '0', 'the code of a transaction'),
    codespace: typeof result['codespace'] === 'string' ? result['codespace'] : '',
    log: typeof result['log'] === 'string' ? scrub(result['log']) : '',
    events: decodeEvents(result['events']),
  };
}
