/** Pure: raw answers to our types. Whatever does not have the expected shape is `BAD_ANSWER`, quoting the part. */
import { atoms, type Atoms } from '@app/staking-core';

import { ChainError } from '../chain-error.js';
import { isRecord } from '../rpc/lossless.js';
import type { Plain } from './polkadot.plain.js';

export interface Header {
  readonly height: bigint;
  readonly hash: string;
  readonly parentHash: string;
}

export interface Ledger {
  readonly total: Atoms;
  readonly active: Atoms;
  readonly unlocking: readonly { readonly amount: Atoms; readonly era: bigint }[];
}

export interface Nominations {
  readonly targets: readonly string[];
  /** Era (planned) in which they were last changed. */
  readonly submittedIn: bigint;
}

export function badAnswer(detail: string, seen?: unknown): ChainError {
  const quoted = seen === undefined ? '' : `: ${String(seen).slice(0, 80)}`;
  return new ChainError('BAD_ANSWER', 'polkadot', detail + quoted);
}

export function hash32(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/.test(value)) throw badAnswer(`${what} is no hash`, value);
  return value;
}

export function hexBytes(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^0x([0-9a-f]{2})*$/.test(value)) throw badAnswer(`${what} is not hex`, value);
  return value;
}

/** A header as JSON; `hashOf` is the hash of its SCALE bytes, which must be the one that was asked for. */
export function decodeHeader(raw: unknown, asked: string, hashOf: (header: object) => string): Header {
  if (!isRecord(raw)) throw badAnswer('a header is no object', raw);
  const digest = raw['digest'];
  const logs = isRecord(digest) ? digest['logs'] : undefined;
  if (!Array.isArray(logs)) throw badAnswer('a header has no digest');
  const number = raw['number'];
  if (typeof number !== 'string' || !/^0x[0-9a-f]{1,16}$/.test(number)) throw badAnswer('a block number', number);
  const parts = {
    parentHash: hash32(raw['parentHash'], 'a parent hash'),
    number,
    stateRoot: hash32(raw['stateRoot'], 'a state root'),
    extrinsicsRoot: hash32(raw['extrinsicsRoot'], 'an extrinsics root'),
    digest: { logs: logs.map((log) => hexBytes(log, 'a digest')) },
  };
  const height = BigInt(number);
  // Block 0 of a chain that was started from a state has no header of its own making.
  if (height > 0n && hashOf(parts) !== asked) throw badAnswer(`the header of ${asked} is that of another block`);
  return { height, hash: asked, parentHash: parts.parentHash };
}

/** The extrinsics of a block, as bytes in hex, in their order. */
export function decodeBody(raw: unknown): string[] {
  const block = isRecord(raw) ? raw['block'] : undefined;
  const extrinsics = isRecord(block) ? block['extrinsics'] : undefined;
  if (!Array.isArray(extrinsics)) throw badAnswer('a block has no list of extrinsics');
  return extrinsics.map((one) => hexBytes(one, 'an extrinsic'));
}

export function decodeLedger(value: Plain): Ledger {
  const { total, active, unlocking } = fields(value, 'a ledger');
  const ledger = {
    total: amount(total, 'the total of a ledger'),
    active: amount(active, 'the active part of a ledger'),
    unlocking: list(unlocking, 'unlocking chunks').map((chunk) => {
      const one = fields(chunk, 'an unlocking chunk');
      return { amount: amount(one['value'], 'an unlocking chunk'), era: whole(one['era'], 'an era') };
    }),
  };
  const sum = ledger.unlocking.reduce((all, one) => all + one.amount, ledger.active as bigint);
  if (sum !== ledger.total) throw badAnswer(`a ledger's parts sum to ${sum}, its total is ${ledger.total}`);
  return ledger;
}

export function decodeNominations(value: Plain): Nominations {
  const { targets, submittedIn } = fields(value, 'nominations');
  return {
    targets: list(targets, 'targets').map((one) => account(one, 'a target')),
    submittedIn: whole(submittedIn, 'an era'),
  };
}

export function fields(value: Plain | undefined, what: string): Readonly<Record<string, Plain>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) {
    throw badAnswer(`${what} is no structure`);
  }
  return value as Readonly<Record<string, Plain>>;
}

export function list(value: Plain | undefined, what: string): readonly Plain[] {
  if (!Array.isArray(value)) throw badAnswer(`${what} are no list`);
  return value as readonly Plain[];
}

export function whole(value: Plain | undefined, what: string): bigint {
  if (typeof value !== 'bigint' || value < 0n) throw badAnswer(`${what} is no whole number`, value);
  return value;
}

export function amount(value: Plain | undefined, what: string): Atoms {
  return atoms(whole(value, what));
}

export function account(value: Plain | undefined, what: string): string {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/.test(value)) throw badAnswer(`${what} is no account`, value);
  return value;
}

/** The name of an enum's variant. */
export function kindOf(value: Plain | undefined, what: string): string {
  const { kind } = fields(value, what);
  if (typeof kind !== 'string') throw badAnswer(`${what} is no variant`);
  return kind;
}
