/** Everything about one account at one block: the state that a period is measured between. */
import { atoms, type Atoms } from '@app/staking-core';

import { BondStatus } from 'cosmjs-types/cosmos/staking/v1beta1/staking';

import type { BlockStamp, Position } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { AbciError, type CosmosClient, type StateQuery } from './cosmos.client.js';
import {
  address,
  amountOf,
  badAnswer,
  coinOf,
  decOf,
  OPERATOR_PREFIX,
  timestampNs,
  wholeAtoms,
} from './cosmos.decode.js';
import { queries, type AccountFacts, type Page } from './cosmos.queries.js';
import { fromText, toText } from './cosmos.snapshots.js';

const NS_PER_MS = 1_000_000n;

export interface ExitEntry {
  readonly creationHeight: bigint;
  readonly completionNs: bigint;
  readonly balance: Atoms;
}

export interface Holding {
  readonly validator: string;
  /** With 18 implied decimals. */
  readonly shares: bigint;
  /** What the shares are worth, rounded down: the chain's own figure. */
  readonly active: Atoms;
  readonly exits: readonly ExitEntry[];
  /** Rewards not yet withdrawn, with 18 implied decimals. */
  readonly pending: bigint;
}

/** Stake on its way from one validator to another: it is already with the second, and liable for the first. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly creationHeight: bigint;
  readonly completionNs: bigint;
  readonly initial: Atoms;
}

export interface Cut {
  readonly at: BlockStamp;
  readonly account: string;
  readonly sequence: bigint;
  readonly liquid: Atoms;
  /** By validator, in the order of its address. */
  readonly holdings: readonly Holding[];
  readonly moves: readonly Move[];
  /** Slashes so far of every validator that can cost us something here, or before the next cut: all that are bonded. */
  readonly slashes: Readonly<Record<string, bigint>>;
}

export function positionKey(account: string, validator: string): string {
  return `atom:${account}:${validator}`;
}

export async function readAllPages<T>(
  client: CosmosClient,
  at: BlockStamp,
  first: Page<T>,
  more: (key: Uint8Array) => StateQuery<Page<T>>,
): Promise<T[]> {
  const items = [...first.items];
  for (let next = first.next; next !== null;) {
    const page = await client.read(at, more(next));
    if (page.items.length === 0) throw badAnswer('a page that was promised is empty');
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

/** null when the chain has never seen the account. */
export async function readAccount(client: CosmosClient, at: BlockStamp, account: string): Promise<AccountFacts | null> {
  try {
    return await client.read(at, queries.account(account));
  } catch (error) {
    if (error instanceof AbciError && error.isNotFound) return null;
    throw error;
  }
}

export interface Holdings {
  readonly holdings: readonly Holding[];
  readonly moves: readonly Move[];
}

/** Delegations, unbondings, redelegations and pending rewards, all of the same block. */
export async function readHoldings(client: CosmosClient, at: BlockStamp, account: string): Promise<Holdings> {
  const [delegationPage, unbondingPage, movePage, pending] = await client.readAll(at, [
    queries.delegations(account),
    queries.unbondings(account),
    queries.redelegations(account),
    queries.rewards(account),
  ]);
  const delegations = await readAllPages(client, at, delegationPage, (key) => queries.delegations(account, key));
  const unbondings = await readAllPages(client, at, unbondingPage, (key) => queries.unbondings(account, key));
  const moves = await readAllPages(client, at, movePage, (key) => queries.redelegations(account, key));

  const found = new Map<string, Holding>();
  for (const { delegation, balance } of delegations) {
    if (delegation?.delegatorAddress !== account) throw badAnswer('a delegation is of another account');
    const validator = operator(delegation.validatorAddress);
    if (found.has(validator)) throw badAnswer('a delegation is told twice', validator);
    const reward = pending.get(validator);
    if (reward === undefined) throw badAnswer('a delegation has no pending rewards, not even none', validator);
    found.set(validator, {
      validator,
      shares: decOf(delegation.shares, 'the shares of a delegation'),
      active: coinOf(balance, 'a delegation'),
      exits: [],
      pending: reward,
    });
  }
  for (const validator of pending.keys()) {
    if (!found.has(validator)) throw badAnswer('pending rewards without a delegation', validator);
  }
  for (const unbonding of unbondings) {
    if (unbonding.delegatorAddress !== account) throw badAnswer('an unbonding is of another account');
    const validator = operator(unbonding.validatorAddress);
    const exits = unbonding.entries.map((entry) => ({
      creationHeight: entry.creationHeight,
      completionNs: timestampNs(entry.completionTime, 'the end of an unbonding'),
      balance: amountOf(entry.balance, 'the balance of an unbonding'),
    }));
    const holding = found.get(validator) ?? { validator, shares: 0n, active: atoms(0n), exits: [], pending: 0n };
    found.set(validator, { ...holding, exits });
  }
  return {
    holdings: [...found.values()].sort((a, b) => (a.validator < b.validator ? -1 : 1)),
    moves: moves.flatMap(({ redelegation, entries }) => {
      if (redelegation?.delegatorAddress !== account) throw badAnswer('a redelegation is of another account');
      const [from, to] = [operator(redelegation.validatorSrcAddress), operator(redelegation.validatorDstAddress)];
      return entries.map(({ redelegationEntry }) => ({
        from,
        to,
        creationHeight: redelegationEntry?.creationHeight ?? 0n,
        completionNs: timestampNs(redelegationEntry?.completionTime, 'the end of a redelegation'),
        initial: amountOf(redelegationEntry?.initialBalance ?? '', 'the amount of a redelegation'),
      }));
    }),
  };
}

function operator(raw: string): string {
  return address(raw, OPERATOR_PREFIX, 'a validator');
}

export async function countSlashes(client: CosmosClient, at: BlockStamp, validator: string): Promise<bigint> {
  const first = await client.read(at, queries.slashes(validator));
  const all = await readAllPages(client, at, first, (key) => queries.slashes(validator, key));
  return BigInt(all.length);
}

/** The validators whose slashes can cost us something: those that hold our stake, and those it came from lately. */
export function liableFor({ holdings, moves }: Holdings): string[] {
  return [...new Set([...holdings.map((one) => one.validator), ...moves.map((one) => one.from)])].sort();
}

export async function readCut(client: CosmosClient, at: BlockStamp, account: string): Promise<Cut> {
  const facts = await readAccount(client, at, account);
  const state = await readHoldings(client, at, account);
  const slashes = await countAllSlashes(client, at, [...liableFor(state), ...(await bondedAt(client, at))]);
  const liquid = await client.read(at, queries.balance(account));
  return { at, account, sequence: facts?.sequence ?? 0n, liquid: atoms(liquid), ...state, slashes };
}

/** Those that stake may go to before the next cut: their counts must be known when this state is gone. */
async function bondedAt(client: CosmosClient, at: BlockStamp): Promise<string[]> {
  const first = await client.read(at, queries.validators());
  const all = await readAllPages(client, at, first, (key) => queries.validators(key));
  return all.filter((one) => one.status === BondStatus.BOND_STATUS_BONDED).map((one) => operator(one.operatorAddress));
}

async function countAllSlashes(
  client: CosmosClient,
  at: BlockStamp,
  validators: readonly string[],
): Promise<Record<string, bigint>> {
  const names = [...new Set(validators)].sort();
  const pages = await client.readAll(
    at,
    names.map((name) => queries.slashes(name)),
  );
  const counts: Record<string, bigint> = {};
  for (const [i, name] of names.entries()) {
    const first = pages[i];
    if (first === undefined) throw badAnswer(`the slashes of ${name} are missing`);
    const all = await readAllPages(client, at, first, (key) => queries.slashes(name, key));
    counts[name] = BigInt(all.length);
  }
  return counts;
}

/** The number is the form of the text: another form gets another one, so that only like is held against like. */
export function snapshotKey(chainId: string, at: BlockStamp, account: string): string {
  return `1:${chainId}:${at.hash}:${account}`;
}

/** The kept books of a cut, if they are of exactly this block and account. */
export function cutFromText(text: string, at: BlockStamp, account: string): Cut {
  const cut = fromText(text) as Cut;
  if (cut.account !== account || cut.at.hash !== at.hash || cut.at.height !== at.height) {
    throw new ChainError('BAD_ANSWER', 'cosmos', `the kept books of block ${at.height} are of something else`);
  }
  return cut;
}

export function cutToText(cut: Cut): string {
  return toText(cut);
}

export function positionsOf({ holdings, moves }: Holdings, account: string): Position[] {
  return holdings.map((one) => {
    const arrived = moves.filter((move) => move.to === one.validator);
    return {
      key: positionKey(account, one.validator),
      validator: one.validator,
      active: one.active,
      activating: atoms(0n),
      exiting: one.exits.map((exit) => ({
        amount: exit.balance,
        readyAtMs: roundUpMs(exit.completionNs),
        readyPeriod: null,
      })),
      withdrawable: atoms(0n),
      claimable: wholeAtoms(one.pending),
      ...(arrived.length === 0
        ? {}
        : { arrived: arrived.map((move) => ({ from: move.from, heldUntilMs: roundUpMs(move.completionNs) })) }),
    };
  });
}

function roundUpMs(ns: bigint): bigint {
  return (ns + NS_PER_MS - 1n) / NS_PER_MS;
}
