import { Keyring } from '@polkadot/api';

export type DevRole = 'treasury' | 'hot' | 'stranger' | 'cranker' | 'root' | `validator-${number}`;

export type Pair = ReturnType<Keyring['addFromSeed']>;

/** Published development keys: ed25519 seeds made of their own names. Never use them for anything of value. */
export function devSeed(role: DevRole): string {
  return `0x${Buffer.from(`soft-staking dev ${role}`.padEnd(32, '.')).subarray(0, 32).toString('hex')}`;
}

export function devPair(role: DevRole): Pair {
  return new Keyring({ type: 'ed25519', ss58Format: 0 }).addFromSeed(Buffer.from(devSeed(role).slice(2), 'hex'));
}

export interface DevAccount {
  readonly address: string;
  /** As the development signer wants it. */
  readonly privateKey: string;
  /** 32 bytes, hex. */
  readonly id: string;
}

export function devAccount(role: DevRole): DevAccount {
  const pair = devPair(role);
  const id = `0x${Buffer.from(pair.publicKey).toString('hex')}`;
  return { address: pair.address, privateKey: devSeed(role), id };
}

/** An account id as an address of Polkadot. */
export function addressOf(id: string): string {
  return new Keyring({ ss58Format: 0 }).encodeAddress(id);
}

/** The account id of an address, whatever network it is spelled for, in hex. */
export function idOf(address: string): string {
  return `0x${Buffer.from(new Keyring().decodeAddress(address)).toString('hex')}`;
}
