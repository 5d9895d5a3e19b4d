import { createHash } from 'node:crypto';

import { Keypair } from '@solana/web3.js';

export type DevRole =
  | 'faucet'
  | 'supply'
  | 'treasury'
  | 'withdrawer'
  | 'stranger'
  | 'tips'
  | `validator-${number}`
  | `vote-${number}`
  | `stake-${number}`;

/** Keys that everybody knows, for this chain alone: made from a published sentence, worth nothing elsewhere. */
export function devKey(role: DevRole): Keypair {
  return Keypair.fromSeed(createHash('sha256').update(`soft-staking local Solana development key: ${role}`).digest());
}

/** The secret of a key as the development signer takes it: 64 hex digits of the ed25519 seed. */
export function devSecret(role: DevRole): string {
  return Buffer.from(devKey(role).secretKey.subarray(0, 32)).toString('hex');
}
