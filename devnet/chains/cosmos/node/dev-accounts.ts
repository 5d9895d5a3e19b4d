import { createHash } from 'node:crypto';

import { DirectSecp256k1Wallet } from '@cosmjs/proto-signing';

/**
 * Accounts of the local chain. Their keys are public on purpose: anyone can derive them from the sentence below. An
 * address of theirs on a real network is worth nothing and must stay empty.
 */
export type DevRole = 'treasury' | 'faucet' | 'governance' | 'operator' | 'stranger';

export interface DevAccount {
  readonly role: DevRole;
  readonly index: number;
  readonly address: string;
  /** 32 bytes, hex. */
  readonly privateKey: string;
}

/** `governance` may change the chain's parameters, `operator n` runs seat n, `stranger n` stakes for itself. */
export async function devAccount(role: DevRole, index = 0): Promise<DevAccount> {
  const wallet = await devWallet(role, index);
  const [account] = await wallet.getAccounts();
  if (account === undefined) throw new Error('a wallet has one account');
  return { role, index, address: account.address, privateKey: keyOf(role, index).toString('hex') };
}

export function devWallet(role: DevRole, index = 0): Promise<DirectSecp256k1Wallet> {
  return DirectSecp256k1Wallet.fromKey(new Uint8Array(keyOf(role, index)), 'cosmos');
}

function keyOf(role: DevRole, index: number): Buffer {
  return createHash('sha256').update(`soft-staking local cosmos chain: ${role} ${index}`).digest();
}
