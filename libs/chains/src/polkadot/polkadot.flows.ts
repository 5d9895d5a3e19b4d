import { atoms } from '@app/staking-core';

import type { BlockStamp, FlowObservation, RewardObservation } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { addressOf } from './polkadot.address.js';
import type { PolkadotClient } from './polkadot.client.js';
import type { ChainEvent } from './polkadot.codec.js';
import { amount, badAnswer } from './polkadot.decode.js';
import { eraStart } from './polkadot.eras.js';
import type { BlockEvents } from './polkadot.events.js';
import { completed, expectedPayout, payoutTerms, rewardsIn, type PaidReward } from './polkadot.payouts.js';
import { isStakingAsync, ledgerAt, positionKey } from './polkadot.state.js';

/** Whose books are read, and how addresses are spelled. */
export interface Account {
  readonly stash: string;
  readonly address: string;
  readonly ss58Prefix: number;
}

export interface Movements {
  readonly flows: readonly FlowObservation[];
  readonly rewards: readonly RewardObservation[];
}

/** All movements of one block into, inside and out of our ledger, in the order of its events. */
export async function movementsOf(client: PolkadotClient, block: BlockEvents, who: Account): Promise<Movements> {
  const own = block.events.filter((event) => event.fields['stash'] === who.stash);
  const rewards = rewardsIn(block.events, who.stash);
  if (own.length === 0 && rewards.length === 0) return { flows: [], rewards: [] };
  const txids = await txidsOf(client, block);
  const txidOf = (event: ChainEvent): string =>
    (event.extrinsic === null ? null : txids[event.extrinsic]) ?? block.at.hash;
  const context = { client, block, who, txidOf };
  const paid = [];
  for (const reward of rewards) paid.push(await rewardOf(context, reward));
  const compounded = paid.reduce((sum, one) => sum + (one.payee === 'Staked' ? one.reward.amount : 0n), 0n);
  const rebonds = await rebondsIn(client, block, who, compounded);
  const flows = own.flatMap((event) => flowOf(context, event, rebonds));
  const leaving = paid.flatMap((one) => (one.flow === null ? [] : [one.flow]));
  return { flows: [...flows, ...leaving], rewards: paid.map((one) => one.reward) };
}

interface Context {
  readonly client: PolkadotClient;
  readonly block: BlockEvents;
  readonly who: Account;
  readonly txidOf: (event: ChainEvent) => string;
}

function flowOf(
  { block, who, txidOf }: Context,
  event: ChainEvent,
  rebonds: ReadonlySet<number>,
): readonly FlowObservation[] {
  const moved = (): bigint => amount(event.fields['amount'], `the amount of ${event.name}`);
  const flow = (kind: FlowObservation['kind'], inside: bigint, active: bigint): readonly FlowObservation[] => [
    {
      key: `dot:${block.at.height}:${event.index}:${kind}:${who.address}`,
      kind,
      positionKey: positionKey(who.address),
      validator: who.address,
      amount: inside,
      activeChange: active,
      feeAtoms: atoms(0n),
      atMs: block.at.timeMs,
      at: block.at,
      txid: txidOf(event),
    },
  ];
  switch (event.name) {
    case 'staking.Bonded':
      // A rebond says `Bonded` too, and takes nothing in: it calls an exit back.
      return flow('delegate', rebonds.has(event.index) ? 0n : moved(), moved());
    case 'staking.Unbonded':
      return flow('undelegate', 0n, -moved());
    case 'staking.Withdrawn':
      return flow('claim', -moved(), 0n);
    default:
      return [];
  }
}

async function rewardOf(
  { client, block, who, txidOf }: Context,
  paid: PaidReward,
): Promise<{ reward: RewardObservation; flow: FlowObservation | null; payee: string }> {
  const { at } = block;
  const { page, payee, exposure } = await completed(client, paid, who.stash, { ...block, hash: at.hash });
  const validator = addressOf(paid.validator, who.ss58Prefix);
  const key = `dot:${paid.era}:${validator}:${page}:${who.address}`;
  const base = { positionKey: positionKey(who.address), validator, at, txid: txidOf(paid.event) };
  const reward: RewardObservation = {
    ...base,
    key,
    kind: 'protocol',
    period: String(paid.era),
    amount: paid.amount,
    earnedFromMs: await eraStart(client, paid.era, at),
    earnedToMs: await eraStart(client, paid.era + 1n, at),
    crossCheck: null,
  };
  const flow: FlowObservation | null =
    payee === 'Staked'
      ? null // it becomes part of the stake
      : {
          ...base,
          key: `${key}:paid`,
          kind: 'withdraw-reward',
          amount: -paid.amount,
          activeChange: 0n,
          feeAtoms: atoms(0n),
          atMs: at.timeMs,
        };
  // staking-async may share out by more than this formula knows; there the event stands alone.
  if (exposure === null || (await isStakingAsync(client, at.hash))) return { reward, flow, payee };
  const terms = await payoutTerms(client, at.hash, paid.era, paid.validator);
  const crossCheck = { amount: expectedPayout(terms, exposure), toleranceAtoms: atoms(1n) };
  return { reward: { ...reward, crossCheck }, flow, payee };
}

/** Which `Bonded` events of the block were rebonds: the ledger's total did not grow by them. */
async function rebondsIn(
  client: PolkadotClient,
  block: BlockEvents,
  who: Account,
  compounded: bigint,
): Promise<ReadonlySet<number>> {
  const bonded = block.events.filter((one) => one.name === 'staking.Bonded' && one.fields['stash'] === who.stash);
  if (bonded.length === 0) return new Set();
  const before = (await ledgerAt(client, block.parentHash, who.stash))?.total ?? 0n;
  const after = (await ledgerAt(client, block.at.hash, who.stash))?.total ?? 0n;
  const sumOf = (name: string, field: string): bigint =>
    block.events
      .filter((one) => one.name === name && one.fields[field] === who.stash)
      .reduce((sum, one) => sum + amount(one.fields['amount'], name), 0n);
  const fresh = after - before + sumOf('staking.Withdrawn', 'stash') + sumOf('staking.Slashed', 'staker') - compounded;
  const called = bonded.map((one) => ({ index: one.index, amount: amount(one.fields['amount'], 'Bonded') as bigint }));
  const back = called.reduce((sum, one) => sum + one.amount, 0n) - fresh;
  const chosen = subsetOf(called, back);
  if (chosen === null) {
    const detail = `block ${block.at.height} bonds ${back + fresh}, the ledger took in ${fresh}`;
    throw new ChainError('IDENTITY_BROKEN', 'polkadot', detail);
  }
  return new Set(chosen.map((one) => one.index));
}

/** The first of the amounts, in their order, that make up `sum`; null when none do. */
export function subsetOf<T extends { readonly amount: bigint }>(from: readonly T[], sum: bigint): readonly T[] | null {
  if (sum === 0n) return [];
  const [first, ...rest] = from;
  if (first === undefined || sum < 0n) return null;
  const withFirst = subsetOf(rest, sum - first.amount);
  return withFirst === null ? subsetOf(rest, sum) : [first, ...withFirst];
}

/** Hashes of the block's extrinsics, in their order. */
export async function txidsOf(client: PolkadotClient, block: { readonly at: BlockStamp }): Promise<string[]> {
  const [body] = await client.bodies([block.at.hash]);
  if (body === undefined) throw badAnswer('a block has no body');
  const codec = await client.codecAt(block.at.hash);
  return body.map((bytes) => codec.hash(bytes));
}
