import { createHash } from 'node:crypto';

import { encodeSecp256k1Pubkey, pubkeyToAddress } from '@cosmjs/amino';
import { Secp256k1 } from '@cosmjs/crypto';
import { fromBech32, toBech32 } from '@cosmjs/encoding';

/** Published keys of the local chain: worth nothing anywhere else. */
export interface DevKey {
  readonly privateKey: Uint8Array;
  /** Compressed. */
  readonly publicKey: Uint8Array;
  readonly address: string;
}

/** Characters of an address; cosmjs 0.39's own default (endless) is refused by the bech32 library under it. */
const LONGEST = 90;

const made = new Map<string, DevKey>();

/** The key that belongs to these words, the same on every machine. */
export function devKey(words: string): DevKey {
  const known = made.get(words);
  if (known !== undefined) return known;
  const privateKey = sha256(`soft-staking local cosmos chain: ${words}`);
  const publicKey = Secp256k1.compressPubkey(Secp256k1.makeKeypair(privateKey).pubkey);
  const key = { privateKey, publicKey, address: pubkeyToAddress(encodeSecp256k1Pubkey(publicKey), 'cosmos') };
  made.set(words, key);
  return key;
}

/** The bytes behind an address. */
export function bytesOf(address: string): Uint8Array {
  return fromBech32(address, LONGEST).data;
}

export function operatorOf(account: string): string {
  return toBech32('cosmosvaloper', bytesOf(account));
}

export function accountOf(operator: string): string {
  return toBech32('cosmos', bytesOf(operator));
}

/** A validator's consensus key: 32 bytes that name it; nothing is signed with it here. */
export function consensusKey(words: string): Uint8Array {
  return sha256(`soft-staking local cosmos consensus key: ${words}`);
}

export function consensusAddress(key: Uint8Array): string {
  return toBech32('cosmosvalcons', createHash('sha256').update(key).digest().subarray(0, 20));
}

/** A number below `bound` that depends on the words alone. */
export function pick(words: string, bound: bigint): bigint {
  return BigInt(`0x${Buffer.from(sha256(words)).toString('hex')}`) % bound;
}

export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
