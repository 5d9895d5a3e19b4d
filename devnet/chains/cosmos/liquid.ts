/** Gaia's x/liquid, as much of it as keeps stake from becoming transferable: the lock of an account (proto gaia.liquid.v1beta1). */
import { BinaryReader, BinaryWriter } from 'cosmjs-types/binary';

import { SdkError, type ChainState, type Context } from './state.js';

export const DISABLE_TOKENIZE = '/gaia.liquid.v1beta1.MsgDisableTokenizeShares';
export const ENABLE_TOKENIZE = '/gaia.liquid.v1beta1.MsgEnableTokenizeShares';

interface LiquidMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

export type LockStatus = 'LOCKED' | 'UNLOCKED' | 'LOCK_EXPIRING';

export function disableTokenize(account: string): LiquidMessage {
  return { typeUrl: DISABLE_TOKENIZE, value: firstField(account) };
}

export function enableTokenize(account: string): LiquidMessage {
  return { typeUrl: ENABLE_TOKENIZE, value: firstField(account) };
}

/** A lock that expires is gone with the first block whose time is not before its end. */
export function lockStatusOf(state: ChainState, account: string, timeNs: bigint): LockStatus {
  const lock = state.tokenizeLocked.get(account);
  if (lock === undefined) return 'UNLOCKED';
  if (lock === true) return 'LOCKED';
  return lock > timeNs ? 'LOCK_EXPIRING' : 'UNLOCKED';
}

/** At once, and also over an unlocking that is under way. */
export function lockShares(context: Context, account: string): void {
  if (lockStatusOf(context.state, account, context.timeNs) === 'LOCKED') {
    throw new SdkError('liquid', 116, 'tokenize shares is already disabled for this account');
  }
  context.state.tokenizeLocked.set(account, true);
}

/** Takes as long as an exit. */
export function unlockShares(context: Context, account: string): void {
  if (lockStatusOf(context.state, account, context.timeNs) !== 'LOCKED') {
    throw new SdkError('liquid', 115, 'tokenize shares is already enabled for this account');
  }
  context.state.tokenizeLocked.set(account, context.timeNs + context.state.params.unbondingNs);
}

/** QueryTokenizeShareLockInfoResponse: the status by its name, and when it ends, for people. */
export function lockInfo(state: ChainState, request: Uint8Array, timeNs: bigint): Uint8Array {
  const account = textOf(request);
  const status = lockStatusOf(state, account, timeNs);
  const answer = new BinaryWriter().uint32(10).string(`TOKENIZE_SHARE_LOCK_STATUS_${status}`);
  const lock = state.tokenizeLocked.get(account);
  if (status !== 'LOCK_EXPIRING' || typeof lock !== 'bigint') return answer.finish();
  const ends = new Date(Number(lock / 1_000_000n)).toISOString().replace('T', ' ').slice(0, 19);
  return answer.uint32(18).string(`${ends} +0000 UTC`).finish();
}

export function textOf(value: Uint8Array): string {
  const reader = new BinaryReader(value);
  if (reader.uint32() !== 10) throw new SdkError('sdk', 2, 'tx parse error');
  return reader.string();
}

function firstField(text: string): Uint8Array {
  return new BinaryWriter().uint32(10).string(text).finish();
}
