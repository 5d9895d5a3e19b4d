/** Accounts are 32 bytes in hex inside the adapter, and SS58 text with the chain's own prefix outside. */
import { Keyring } from '@polkadot/api';

import { ChainError } from '../chain-error.js';

const keyring = new Keyring();

export function addressOf(account: string, ss58Prefix: number): string {
  return keyring.encodeAddress(account, ss58Prefix);
}

/** Throws `REFUSED` for anything but an address of this chain: one of another network is a mistake, not a spelling. */
export function accountOf(address: string, ss58Prefix: number): string {
  let bytes: Uint8Array;
  try {
    bytes = keyring.decodeAddress(address, false, ss58Prefix);
  } catch {
    throw refuse(address);
  }
  const account = `0x${Buffer.from(bytes).toString('hex')}`;
  if (bytes.length !== 32 || addressOf(account, ss58Prefix) !== address) throw refuse(address);
  return account;
}

function refuse(address: string): ChainError {
  return new ChainError('REFUSED', 'polkadot', `${address.slice(0, 60)} is no address of this chain`);
}
