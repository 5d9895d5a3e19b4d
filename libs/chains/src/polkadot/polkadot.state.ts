/** What the chain says about one stash at one block, as our types. */
import { atoms, type Atoms } from '@app/staking-core';

import type { BlockStamp, Position } from '../chain-adapter.js';
import { read, type PolkadotClient } from './polkadot.client.js';
import {
  account,
  amount,
  badAnswer,
  decodeLedger,
  decodeNominations,
  fields,
  kindOf,
  list,
  whole,
} from './polkadot.decode.js';
import type { Ledger, Nominations } from './polkadot.decode.js';
import { activeEraAt } from './polkadot.eras.js';
import { exposuresOf, totalExposed } from './polkadot.exposures.js';
import type { Plain } from './polkadot.plain.js';

export const positionKey = (stashAddress: string): string => `dot:stash:${stashAddress}`;

/** null: the account has nothing staked. */
export async function ledgerAt(client: PolkadotClient, hash: string, stash: string): Promise<Ledger | null> {
  const bonded = await client.value(hash, read('staking', 'bonded', stash));
  if (bonded === null) return null;
  const controller = account(bonded, 'a controller');
  const value = await client.value(hash, read('staking', 'ledger', controller));
  return value === null ? null : decodeLedger(value);
}

export async function nominationsAt(client: PolkadotClient, hash: string, stash: string): Promise<Nominations | null> {
  const value = await client.value(hash, read('staking', 'nominators', stash));
  return value === null ? null : decodeNominations(value);
}

/** Where rewards go: `Staked`, `Stash`, `Controller`, `None`, or `Account(0x…)`. */
export async function payeeAt(client: PolkadotClient, hash: string, stash: string): Promise<string> {
  return decodePayee(await client.value(hash, read('staking', 'payee', stash)));
}

export function decodePayee(value: Plain): string {
  if (value === null) return 'None';
  const kind = kindOf(value, 'a reward destination');
  return kind === 'Account' ? `Account(${account(fields(value, 'a payee')['value'], 'a payee')})` : kind;
}

/** The runtime is staking-async (Asset Hub) or the pallet of the relay chains. */
export async function isStakingAsync(client: PolkadotClient, hash: string): Promise<boolean> {
  const codec = await client.codecAt(hash);
  return codec.has('staking', 'offenceQueue') || codec.has('staking', 'nextElectionPage');
}

/**
 * The stash as one position; null when there is none. Active is what is exposed in the running era (that is what earns), up
 * to what is bonded; what was bonded later, or lost its last digits in the election, is activating.
 */
export async function positionAt(
  client: PolkadotClient,
  at: BlockStamp,
  stash: string,
  stashAddress: string,
): Promise<Position | null> {
  const ledger = await ledgerAt(client, at.hash, stash);
  if (ledger === null) return null;
  const { index } = await activeEraAt(client, at.hash);
  const exposed = totalExposed(await exposuresOf(client, at.hash, index, stash));
  const active = exposed < ledger.active ? exposed : ledger.active;
  const clock = await maturityEra(client, at.hash, index);
  const ready = ledger.unlocking.filter((chunk) => chunk.era <= clock);
  return {
    key: positionKey(stashAddress),
    validator: stashAddress,
    active,
    activating: atoms(ledger.active - active),
    exiting: ledger.unlocking
      .filter((chunk) => chunk.era > clock)
      .map((chunk) => ({ amount: chunk.amount, readyAtMs: null, readyPeriod: chunk.era })),
    withdrawable: atoms(ready.reduce((sum, chunk) => sum + chunk.amount, 0n)),
    claimable: atoms(0n),
  };
}

/** The era that unlocking chunks are compared with: the planned one in the old pallet, the active one in staking-async. */
async function maturityEra(client: PolkadotClient, hash: string, active: bigint): Promise<bigint> {
  if (await isStakingAsync(client, hash)) return active;
  const planned = await client.value(hash, read('staking', 'currentEra'));
  return planned === null ? active : whole(planned, 'the planned era');
}

/**
 * Free coins that are not staked. The old pallet locks what is staked (it stays part of `free`); staking-async puts it on
 * hold (it moves to `reserved`). What else is locked or on hold is not ours to stake: it is left out by the larger claim.
 */
export async function liquidAt(client: PolkadotClient, hash: string, account_: string): Promise<Atoms> {
  const [value, locks] = await client.values(hash, [
    read('system', 'account', account_),
    read('balances', 'locks', account_),
  ]);
  const data = fields(fields(value, 'an account')['data'], 'the balance of an account');
  const free = amount(data['free'], 'a free balance');
  const reserved = amount(data['reserved'], 'a reserved balance');
  const locked = list(locks, 'locks').reduce((most: bigint, one) => {
    const held = amount(fields(one, 'a lock')['amount'], 'a lock');
    return held > most ? held : most;
  }, 0n);
  const frozen = data['frozen'] === undefined ? locked : amount(data['frozen'], 'a frozen balance');
  const bound = frozen > reserved ? frozen - reserved : 0n;
  if (locked > frozen) throw badAnswer(`locks of ${locked} on an account of which ${frozen} is frozen`);
  return atoms(free > bound ? free - bound : 0n);
}

export async function nonceAt(client: PolkadotClient, hash: string, who: string): Promise<bigint> {
  const value = await client.value(hash, read('system', 'account', who));
  return whole(fields(value, 'an account')['nonce'], 'a nonce');
}
