import { atoms, type Atoms } from '@app/staking-core';

import type { BlockStamp, Exit, Position, ValidatorState } from '../chain-adapter.js';
import type { BnbClient } from './bnb.client.js';
import { badAnswer } from './bnb.decode.js';
import { credit, hub, validatorSet, type UnbondRequest } from './bnb.reads.js';

const PAGE = 100n;

export interface ListedValidator {
  readonly operator: string;
  readonly credit: string;
}

/** One account's holding in one credit contract at one block. */
export interface CreditHolding extends ListedValidator {
  readonly shares: Atoms;
  /** What the shares are worth. */
  readonly pooled: Atoms;
  /** All unbonding, matured or not. */
  readonly locked: Atoms;
}

export function positionKey(creditContract: string, account: string): string {
  return `bnb:${creditContract}:${account}`;
}

/** All validators there are at a block, page by page. Throws when the pages do not fit together. */
export async function listValidators(client: BnbClient, at: BlockStamp): Promise<readonly ListedValidator[]> {
  const listed: ListedValidator[] = [];
  const seen = new Set<string>();
  for (;;) {
    const page = await client.read(at, hub.validators(BigInt(listed.length), PAGE));
    for (const one of page.validators) {
      if (seen.has(one.operator) || seen.has(one.credit))
        throw badAnswer('a validator came twice in the list', one.operator);
      seen.add(one.operator).add(one.credit);
      listed.push(one);
    }
    if (BigInt(listed.length) === page.total) return listed;
    if (page.validators.length === 0 || BigInt(listed.length) > page.total) {
      throw badAnswer(`a list of ${page.total} validators ended after ${listed.length}`);
    }
  }
}

/** What `account` holds in each of the given credit contracts, empty ones included. */
export async function readHoldings(
  client: BnbClient,
  at: BlockStamp,
  validators: readonly ListedValidator[],
  account: string,
): Promise<readonly CreditHolding[]> {
  const answers = await client.readEach(
    at,
    validators.flatMap((one) => [
      credit.shares(one.credit, account),
      credit.pooled(one.credit, account),
      credit.locked(one.credit, account),
    ]),
  );
  return validators.map((one, i) => {
    const [shares, pooled, locked] = answers.slice(i * 3, i * 3 + 3);
    if (shares === undefined || pooled === undefined || locked === undefined) throw badAnswer('a holding is missing');
    if (shares === 0n && pooled !== 0n) throw badAnswer('no shares are worth something', one.operator);
    return { ...one, shares, pooled, locked };
  });
}

/** The non-empty holdings as positions: each atom in exactly one bucket. */
export async function readPositions(
  client: BnbClient,
  at: BlockStamp,
  holdings: readonly CreditHolding[],
  account: string,
): Promise<readonly Position[]> {
  const held = holdings.filter((one) => one.shares > 0n || one.locked > 0n);
  const counts = await client.readEach(
    at,
    held.map((one) => credit.requests(one.credit, account)),
  );
  const wanted = held.flatMap((one, i) =>
    Array.from({ length: Number(counts[i] ?? 0n) }, (_, n) => credit.request(one.credit, account, BigInt(n))),
  );
  const requests = await client.readEach(at, wanted);
  let next = 0;
  return held.map((one, i) => {
    const own = requests.slice(next, (next += Number(counts[i] ?? 0n)));
    return { ...positionOf(one, account), ...bucketsOf(one, own, at) };
  });
}

function positionOf(
  one: CreditHolding,
  account: string,
): Pick<Position, 'key' | 'validator' | 'active' | 'activating' | 'claimable'> {
  return {
    key: positionKey(one.credit, account),
    validator: one.operator,
    active: one.pooled,
    activating: atoms(0n),
    claimable: atoms(0n),
  };
}

/**
 * Claims are first in, first out, and stop at the first request that has not matured. So a request is ready when all
 * before it are: its time is the latest unlock time up to it (they can be out of order after governance has shortened
 * the period).
 */
export function bucketsOf(
  holding: CreditHolding,
  requests: readonly UnbondRequest[],
  at: BlockStamp,
): Pick<Position, 'exiting' | 'withdrawable'> {
  let withdrawable = 0n;
  let readyAtMs = 0n;
  let sum = 0n;
  const exiting: Exit[] = [];
  for (const request of requests) {
    sum += request.amount;
    const unlockMs = request.unlockSeconds * 1000n;
    if (unlockMs > readyAtMs) readyAtMs = unlockMs;
    if (readyAtMs <= at.timeMs) withdrawable += request.amount;
    else exiting.push({ amount: request.amount, readyAtMs, readyPeriod: null });
  }
  if (sum !== holding.locked) {
    throw badAnswer(`unbonding requests of ${holding.operator} sum to ${sum}, the contract says ${holding.locked}`);
  }
  return { exiting, withdrawable: atoms(withdrawable) };
}

/** Commission, jail, seat and stake of the given validators. */
export async function readValidators(
  client: BnbClient,
  at: BlockStamp,
  validators: readonly ListedValidator[],
): Promise<readonly ValidatorState[]> {
  if (validators.length === 0) throw badAnswer('the chain has no validators');
  const elected = await client.read(at, validatorSet.elected());
  const infos = await client.readEach(
    at,
    validators.map((one) => hub.basicInfo(one.operator)),
  );
  const commissions = await client.readEach(
    at,
    validators.map((one) => hub.commissionBps(one.operator)),
  );
  const monikers = await client.readEach(
    at,
    validators.map((one) => hub.moniker(one.operator)),
  );
  const seats = await client.readEach(
    at,
    validators.map((one) => hub.consensusAddress(one.operator)),
  );
  const stakes = await client.readEach(
    at,
    validators.map((one) => credit.totalPooled(one.credit)),
  );
  return validators.map((one, i) => {
    const [info, commissionBps, moniker, seat, totalStake] = [
      infos[i],
      commissions[i],
      monikers[i],
      seats[i],
      stakes[i],
    ];
    if (!info || commissionBps === undefined || moniker === undefined || !seat || totalStake === undefined) {
      throw badAnswer('a validator is incomplete', one.operator);
    }
    const earning = elected.has(seat) && !info.jailed;
    return {
      validator: one.operator,
      moniker,
      commissionBps,
      health: info.jailed ? 'jailed' : earning ? 'active' : 'inactive',
      jailedUntilMs: info.jailed ? info.jailUntil * 1000n : null,
      earning,
      totalStake,
    };
  });
}
