import { devAccount, type DevRole } from '../dev-keys.js';
import type { GenesisChange } from './chopsticks-host.js';

/** Slots of the genesis file's runtime, ms. */
const SLOT_MS = 15_000;

export interface GenesisOptions {
  readonly timeMs: number;
  readonly validators: number;
  readonly balances: readonly (readonly [DevRole, bigint])[];
  readonly more?: readonly GenesisChange[];
}

/** What the genesis state is to say otherwise: our time, our accounts, room for our validators. */
export function dotGenesis(options: GenesisOptions): GenesisChange[] {
  return [
    { pallet: 'Timestamp', item: 'Now', value: little(BigInt(options.timeMs), 8) },
    { pallet: 'Babe', item: 'CurrentSlot', value: little(BigInt(Math.floor(options.timeMs / SLOT_MS)), 8) },
    { pallet: 'Staking', item: 'ValidatorCount', value: little(BigInt(options.validators), 4) },
    ...options.balances.map(([role, free]) => accountOf(devAccount(role).id, free)),
    ...(options.more ?? []),
  ];
}

/** Marks an account of the new kind, with locks counted as frozen. Runtimes before it know no marks. */
const NEW_KIND = 1n << 127n;

/** An account with a free balance, as `System.Account` holds it. */
export function accountOf(id: string, free: bigint, mark = NEW_KIND): GenesisChange {
  const counters = [0n, 0n, 1n, 0n].map((one) => little(one, 4).slice(2)).join('');
  const balance = [free, 0n, 0n, mark].map((one) => little(one, 16).slice(2)).join('');
  return { pallet: 'System', item: 'Account', key: [['blake2', id]], value: `0x${counters}${balance}` };
}

export function little(value: bigint, bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) buffer[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return `0x${buffer.toString('hex')}`;
}
