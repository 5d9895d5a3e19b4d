import { Transaction } from 'ethers';

import { devWallet, isDriverAddress } from './dev-keys.js';
import { signDevCall } from './dev-transaction.js';
import type { JsonRpc } from './json-rpc.js';

/** Whose transactions a reorg loses: nobody's, those of everyone but the driver, or all. */
export type ReorgDrop = 'none' | 'product' | 'all';

/** A transaction of no effect that makes the first replacement block differ from the one it replaces. */
export async function signReorgMarker(rpc: JsonRpc): Promise<string> {
  const from = devWallet('reorg');
  const nonce = await rpc.call<string>('eth_getTransactionCount', [from.address, 'latest']);
  return signDevCall({ from, to: from.address, gasLimit: 21_000n }, Number.parseInt(nonce, 16));
}

export function survivesReorg(raw: string, drop: ReorgDrop): boolean {
  const from = Transaction.from(raw).from ?? '';
  if (from === devWallet('reorg').address || drop === 'all') return false;
  return drop === 'none' || isDriverAddress(from);
}
