import {
  addDays,
  atoms,
  averageActiveStake,
  dayEndMs,
  dayFromEpochDay,
  dayStartMs,
  signedAtoms,
} from '@app/staking-core';

import type { BlockStamp, FlowObservation, Observation } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { cutsBetween, periodIndex, requireFinal } from './cosmos.boundaries.js';
import type { CosmosClient } from './cosmos.client.js';
import { liableFor, positionKey, positionsOf, readCut, type Cut, type Holding, type Move } from './cosmos.cut.js';
import { maturityHeights, readFlows, transactionsBetween } from './cosmos.movements.js';
import { DAY_MS } from './cosmos.options.js';
import { principalOf, rewardOfPeriod, type PeriodResult, type SlashEvidence } from './cosmos.reward.js';
import { Blocks, reasonOf, slashesBetween, type Slash } from './cosmos.slashes.js';
import { stampOf } from './cosmos.header.js';
import { readListed, readParameters, readValidators } from './cosmos.validators.js';

type Period = Pick<Observation, 'rewards' | 'slashes' | 'flows' | 'days'>;

export interface ObserveOptions {
  readonly periodMs: bigint;
  /** The kept books of a cut whose state the node has thrown away; null: there are none. */
  readonly kept: (at: BlockStamp) => Promise<Cut | null>;
}

export interface Observed {
  readonly observation: Observation;
  /** The books at `to`, to be kept once they are believed. */
  readonly cut: Cut;
}

/** Everything about `account` between two cuts, period by period: any split of the way gives the same rows. */
export async function observeAccount(
  client: CosmosClient,
  from: BlockStamp,
  to: BlockStamp,
  account: string,
  options: ObserveOptions,
): Promise<Observed> {
  const final = await requireFinal(client, [from, to]);
  const cuts = await cutsBetween(client, from, to, final, options.periodMs);
  let before = await readEarlierCut(client, from, account, options);
  const periods: Period[] = [];
  for (const at of cuts) {
    const after = await readCut(client, at, account);
    periods.push(await observePeriod(client, before, after, options.periodMs));
    before = after;
  }
  const observation = {
    from,
    to,
    rewards: periods.flatMap((one) => one.rewards),
    slashes: periods.flatMap((one) => one.slashes),
    flows: periods.flatMap((one) => one.flows),
    days: periods.flatMap((one) => one.days),
    positions: positionsOf(before, account),
    validators: await readValidators(client, to),
    parameters: await readParameters(client, to, account),
    liquid: before.liquid,
  };
  return { observation, cut: before };
}

/** Live where the node still has it; else as it was read when it was the newest cut. */
async function readEarlierCut(
  client: CosmosClient,
  at: BlockStamp,
  account: string,
  options: ObserveOptions,
): Promise<Cut> {
  try {
    return await readCut(client, at, account);
  } catch (error) {
    if (!(error instanceof ChainError) || error.code !== 'STATE_PRUNED') throw error;
    const kept = await options.kept(at);
    if (kept === null) throw error;
    return kept;
  }
}

async function observePeriod(client: CosmosClient, before: Cut, after: Cut, periodMs: bigint): Promise<Period> {
  const { account } = after;
  const blocks = new Blocks(client);
  const transactions = await transactionsBetween(client, before, after);
  const matured = await maturityHeights(client, blocks, before, after, transactions);
  const txFlows = await readFlows(blocks, transactions, [], account);
  const slashes = await readSlashes(client, before, after, txFlows);
  // A slash of redelegated stake withdraws its rewards: that, too, happens in the block and not in a transaction.
  const heights = [...matured, ...slashes.map((one) => one.height)];
  const flows = await readFlows(blocks, transactions, heights, account);
  const kinds = await slashKinds(client, blocks, after, slashes);

  const results: PeriodResult[] = [];
  for (const validator of touched(before, after, flows)) {
    const key = positionKey(account, validator);
    const [earlier, later] = [holdingOf(before, validator), holdingOf(after, validator)];
    results.push(
      rewardOfPeriod({
        account,
        from: before.at,
        to: after.at,
        earnedFromMs: (periodIndex(before.at, periodMs) + 1n) * periodMs,
        before: earlier,
        after: later,
        flows: flows.filter((flow) => flow.positionKey === key),
        evidence: await evidenceFor(blocks, { before, after, validator, held: principalOf(earlier) }, slashes, kinds),
      }),
    );
  }
  const rewarded = results.filter(({ reward }) => reward.amount > 0n || hadStake(before, after, reward.validator));
  return {
    rewards: rewarded.map((one) => one.reward),
    slashes: results.flatMap((one) => one.slashes),
    flows,
    days: periodMs === DAY_MS ? averageStakes(before, after, flows, results) : [],
  };
}

async function readSlashes(
  client: CosmosClient,
  before: Cut,
  after: Cut,
  flows: readonly FlowObservation[],
): Promise<Slash[]> {
  const validators = [...liableFor(before), ...liableFor(after), ...flows.map((one) => one.validator)];
  const found: Slash[] = [];
  for (const validator of [...new Set(validators)].sort()) {
    found.push(...(await slashesBetween(client, validator, before.at, after.at, before.slashes[validator])));
  }
  return found.sort((a, b) => (a.height < b.height ? -1 : a.height > b.height ? 1 : 0));
}

async function slashKinds(
  client: CosmosClient,
  blocks: Blocks,
  after: Cut,
  slashes: readonly Slash[],
): Promise<ReadonlyMap<Slash, string>> {
  if (slashes.length === 0) return new Map();
  const listed = await readListed(client, after.at);
  const kinds = new Map<Slash, string>();
  for (const slash of slashes) {
    kinds.set(slash, reasonOf(await blocks.eventsOf(slash.height), slash.validator, listed));
  }
  return kinds;
}

/** Slashes of the position's validator, and of those its stake came from within the unbonding time. */
async function evidenceFor(
  blocks: Blocks,
  of: { readonly before: Cut; readonly after: Cut; readonly validator: string; readonly held: bigint },
  slashes: readonly Slash[],
  kinds: ReadonlyMap<Slash, string>,
): Promise<SlashEvidence[]> {
  const evidence: SlashEvidence[] = [];
  for (const slash of slashes) {
    const direct = slash.validator === of.validator;
    // A slash reaches only what was there before its block.
    const moved = (move: Move): boolean =>
      move.from === slash.validator && move.to === of.validator && move.creationHeight < slash.height;
    const [moves, later] = [of.before.moves.filter(moved), of.after.moves.filter(moved)];
    if (!direct && moves.length === 0 && later.length === 0) continue;
    const liable = direct ? of.held : (moves.length > 0 ? moves : later).reduce((sum, one) => sum + one.initial, 0n);
    evidence.push({
      validator: slash.validator,
      kind: kinds.get(slash) ?? 'slash',
      at: stampOf(await blocks.header(slash.height)),
      weight: slash.fraction * liable,
      direct,
    });
  }
  return evidence;
}

function touched(before: Cut, after: Cut, flows: readonly FlowObservation[]): string[] {
  const validators = [...before.holdings, ...after.holdings, ...flows].map((one) => one.validator);
  return [...new Set(validators)].sort();
}

/** A position that only waits for its exits earns nothing, and says nothing. */
function hadStake(before: Cut, after: Cut, validator: string): boolean {
  return holdingOf(before, validator).shares > 0n || holdingOf(after, validator).shares > 0n;
}

function holdingOf(cut: Cut, validator: string): Holding {
  const none = { validator, shares: 0n, active: atoms(0n), exits: [], pending: 0n };
  return cut.holdings.find((one) => one.validator === validator) ?? none;
}

/**
 * S of each day between the cuts: the stake at the opening cut, and our movements and losses from their block times on.
 * Rounding of shares is not counted; a position's part never counts below zero.
 */
function averageStakes(
  before: Cut,
  after: Cut,
  flows: readonly FlowObservation[],
  results: readonly PeriodResult[],
): Observation['days'] {
  const stake = new Map(before.holdings.map((one) => [one.validator, one.active as bigint]));
  const losses = results.flatMap(({ reward, activeLosses }) =>
    activeLosses.map((one) => ({ atMs: one.atMs, validator: reward.validator, change: -one.amount })),
  );
  const moves = flows.map((flow) => ({ atMs: flow.atMs, validator: flow.validator, change: flow.activeChange }));
  const changes = [...moves, ...losses]
    .sort((a, b) => (a.atMs < b.atMs ? -1 : a.atMs > b.atMs ? 1 : 0))
    .map(({ atMs, validator, change }) => {
      const had = stake.get(validator) ?? 0n;
      const bounded = change < -had ? -had : change;
      stake.set(validator, had + bounded);
      return { atMs, deltaAtoms: signedAtoms(bounded) };
    });
  const first = dayFromEpochDay(before.at.timeMs / DAY_MS + 1n);
  const last = dayFromEpochDay(after.at.timeMs / DAY_MS);
  const days: Observation['days'][number][] = [];
  let opening = before.holdings.reduce((total, one) => total + one.active, 0n);
  for (let day = first; day <= last; day = addDays(day, 1)) {
    const ofDay = changes.filter((one) => one.atMs >= dayStartMs(day) && one.atMs < dayEndMs(day));
    days.push({ day, averageStake: averageActiveStake(day, atoms(opening), ofDay) });
    opening += ofDay.reduce((total, one) => total + one.deltaAtoms, 0n);
  }
  return days;
}
