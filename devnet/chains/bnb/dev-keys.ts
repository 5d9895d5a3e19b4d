import { Wallet, id } from 'ethers';

/** Operators and strangers who have money from the first block on. */
export const MAX_OPERATORS = 12;
export const MAX_DELEGATORS = 8;

/**
 * Keys that are public on purpose: anyone can derive them from the sentence below. They only ever sign for the local
 * chain; an address of theirs on a real network is worth nothing and must stay empty.
 */
export type DevRole = 'system' | 'faucet' | 'treasury' | 'operator' | 'delegator' | 'reorg';

export interface DevAccount {
  readonly role: DevRole;
  readonly index: number;
  readonly address: string;
  readonly privateKey: string;
}

const cache = new Map<string, Wallet>();

export function devWallet(role: DevRole, index = 0): Wallet {
  const name = `soft-staking local bnb chain: ${role} ${index}`;
  const known = cache.get(name);
  if (known) return known;
  const wallet = new Wallet(id(name));
  cache.set(name, wallet);
  return wallet;
}

/** `system` stands for the consensus engine and governance, `operator n` runs validator n, `delegator n` is a stranger, `reorg` marks replacement blocks. */
export function devAccount(role: DevRole, index = 0): DevAccount {
  const wallet = devWallet(role, index);
  return { role, index, address: wallet.address, privateKey: wallet.privateKey };
}

const DRIVER_ROLES: readonly [DevRole, number][] = [
  ['system', 1],
  ['faucet', 1],
  ['reorg', 1],
  ['operator', MAX_OPERATORS],
  ['delegator', MAX_DELEGATORS],
];
let driverAddresses: ReadonlySet<string> | undefined;

/** True for keys that only the driver signs with; the treasury's, and anything else, belong to the product. */
export function isDriverAddress(address: string): boolean {
  driverAddresses ??= new Set(
    DRIVER_ROLES.flatMap(([role, count]) => Array.from({ length: count }, (_, i) => devWallet(role, i).address)),
  );
  return driverAddresses.has(address);
}
