/** Pure: an unsigned transaction as bytes, taken apart again, and with its signature. */
import type { ApiPromise } from '@polkadot/api';

import { ChainError } from '../chain-error.js';
import type { RuntimeParts } from './polkadot.offline.js';
import { plain, type Plain } from './polkadot.plain.js';

type Registry = ApiPromise['registry'];
type Extrinsic = ReturnType<ApiPromise['tx'][string][string]>;

/** Signed bytes are valid in the `blocks - 1` blocks after `at`, for one nonce. */
export interface Mortality {
  readonly at: { readonly height: bigint; readonly hash: string };
  readonly nonce: bigint;
  readonly blocks: number;
}

/** An unsigned transaction, taken apart. */
export interface ExplainedPayload {
  readonly call: Plain;
  readonly method: string;
  readonly nonce: bigint;
  readonly tip: bigint;
  /** null: it would be valid for ever. */
  readonly blocks: bigint | null;
  readonly era: string;
  readonly specVersion: number;
  readonly genesisHash: string;
  readonly blockHash: string;
  readonly signable: Uint8Array;
}

/** @see Codec.payload */
export function payloadOf(registry: Registry, parts: RuntimeParts, call: Extrinsic, life: Mortality): string {
  return registry.createType('ExtrinsicPayload', signable(registry, parts, call, life), { version: 4 }).toHex();
}

/** @see Codec.explain */
export function explainPayload(registry: Registry, bytes: string): ExplainedPayload {
  try {
    const payload = registry.createType('ExtrinsicPayload', bytes as `0x${string}`, { version: 4 });
    if (payload.toHex() !== bytes) throw new Error('not canonical');
    const call = registry.createType('Call', payload.method.toHex());
    if (call.toHex() !== payload.method.toHex()) throw new Error('the call carries more than its arguments');
    return {
      call: plain(call),
      method: payload.method.toHex(),
      nonce: payload.nonce.toBigInt(),
      tip: payload.tip.toBigInt(),
      blocks: payload.era.isMortalEra ? payload.era.asMortalEra.period.toBigInt() : null,
      era: payload.era.toHex(),
      specVersion: payload.specVersion.toNumber(),
      genesisHash: payload.genesisHash.toHex(),
      blockHash: payload.blockHash.toHex(),
      // A key signs the bytes without the length of the call before them.
      signable: Buffer.from(payload.toU8a({ method: true })),
    };
  } catch (cause) {
    throw new ChainError('REFUSED', 'polkadot', 'the bytes are no unsigned transaction of this chain', { cause });
  }
}

/** @see Codec.signed */
export function signedPayload(registry: Registry, bytes: string, account: string, signature: string): string {
  const { method, era, nonce } = explainPayload(registry, bytes);
  const extrinsic = registry.createType('Extrinsic', { method: registry.createType('Call', method) }, { version: 4 });
  const options = { era, nonce, tip: 0, mode: 0, signedExtensions: registry.signedExtensions, version: 4 };
  return extrinsic.addSignature(account, signature as `0x${string}`, options as never).toHex();
}

function signable(registry: Registry, parts: RuntimeParts, call: Extrinsic, life: Mortality): object {
  const { at, nonce, blocks } = life;
  const { genesisHash, specVersion, transactionVersion } = parts;
  return {
    method: call.method.toHex(),
    era: registry.createType('ExtrinsicEra', { current: Number(at.height), period: blocks }).toHex(),
    nonce,
    tip: 0,
    mode: 0,
    blockHash: at.hash,
    genesisHash,
    specVersion,
    transactionVersion,
    signedExtensions: registry.signedExtensions,
    version: 4,
  };
}
