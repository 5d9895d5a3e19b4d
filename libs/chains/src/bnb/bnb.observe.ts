import {
  addDays,
  atoms,
  averageActiveStake,
  dayEndMs,
  dayFromEpochDay,
  dayStartMs,
  signedAtoms,
} from '@app/staking-core';

import type { BlockStamp, ChainParameters, FlowObservation, Observation, SlashObservation } from '../chain-adapter.js';
import { TOPIC } from './bnb.abi.js';
import { cutsBetween, requireFinal } from './bnb.boundaries.js';
import type { BnbClient } from './bnb.client.js';
import { amount, badAnswer } from './bnb.decode.js';
import { concerns, filtersFor } from './bnb.flows.js';
import { collectLogs } from './bnb.logs.js';
import { readFlows, slashOf } from './bnb.movements.js';
import { readPayouts, readShareValues } from './bnb.payouts.js';
import { listValidators, positionKey, readHoldings, readPositions, readValidators } from './bnb.positions.js';
import type { CreditHolding, ListedValidator } from './bnb.positions.js';
import { hub } from './bnb.reads.js';
import { daysOfPeriod, rewardOfPeriod, type PositionPeriod } from './bnb.reward.js';

/** One cut with everything about our account at it. */
interface Cut {
  readonly at: BlockStamp;
  readonly validators: readonly ListedValidator[];
  readonly holdings: readonly CreditHolding[];
}

type Period = Pick<Observation, 'rewards' | 'slashes' | 'flows' | 'days'>;

/** Everything about `account` between two cuts, period by period: any split of the way gives the same rows. */
export async function observeAccount(
  client: BnbClient,
  from: BlockStamp,
  to: BlockStamp,
  account: string,
  maxLogBlocks: bigint,
): Promise<Observation> {
  await requireFinal(client, [from, to]);
  const cuts = await cutsBetween(client, from, to);
  let before = await readCut(client, from, account, []);
  const periods: Period[] = [];
  for (const cut of cuts) {
    const after = await readCut(client, cut, account, before.validators);
    periods.push(await observePeriod(client, before, after, account, maxLogBlocks));
    before = after;
  }
  return {
    from,
    to,
    rewards: periods.flatMap((one) => one.rewards),
    slashes: periods.flatMap((one) => one.slashes),
    flows: periods.flatMap((one) => one.flows),
    days: periods.flatMap((one) => one.days),
    positions: await readPositions(client, to, before.holdings, account),
    validators: await readValidators(client, to, before.validators),
    parameters: await readParameters(client, to, account),
    liquid: amount(await client.balance(to, account), 'a balance'),
  };
}

/** Numbers that governance can move, and the two switches that stop everything, as they stand at `at`. */
export async function readParameters(
  client: BnbClient,
  at: BlockStamp,
  account: string | null,
): Promise<ChainParameters> {
  const [minimumDelegation, unbondSeconds, feeRate, maxElected, paused] = await client.readAll(at, [
    hub.minDelegation(),
    hub.unbondSeconds(),
    hub.redelegateFeeRate(),
    hub.maxElectedValidators(),
    hub.isPaused(),
  ]);
  const gasLimit = await client.readIfPresent(at, hub.transferGasLimit());
  const blackListed = account === null ? null : await client.read(at, hub.isBlackListed(account));
  return {
    minimumDelegation,
    unbondingMs: unbondSeconds * 1000n,
    unbondingPeriods: null,
    others: {
      redelegateFeeRate: String(feeRate),
      maxElectedValidators: String(maxElected),
      paused: String(paused),
      ...(gasLimit === null ? {} : { transferGasLimit: String(gasLimit) }),
      ...(blackListed === null ? {} : { blackListed: String(blackListed) }),
    },
  };
}

async function readCut(
  client: BnbClient,
  at: BlockStamp,
  account: string,
  known: readonly ListedValidator[],
): Promise<Cut> {
  const listed = await listValidators(client, at);
  const operators = new Set(listed.map((one) => one.operator));
  // A validator that has left the list may still hold money of ours: its contract goes on being read.
  const validators = [...listed, ...known.filter((one) => !operators.has(one.operator))];
  return { at, validators, holdings: await readHoldings(client, at, validators, account) };
}

async function observePeriod(
  client: BnbClient,
  before: Cut,
  after: Cut,
  account: string,
  maxLogBlocks: bigint,
): Promise<Period> {
  const range = { from: before.at.height + 1n, to: after.at.height, maxBlocks: maxLogBlocks };
  const logs = await collectLogs(client, filtersFor(account), range);
  const flows = await readFlows(
    client,
    logs.filter((log) => concerns(log, account)),
    after.validators,
    account,
  );
  const slashes = logs.filter((log) => log.topics[0] === TOPIC.validatorSlashed).map(slashOf);

  const touched = after.holdings.filter((holding) => {
    const earlier = holdingIn(before, holding);
    const key = positionKey(holding.credit, account);
    return !isEmpty(holding) || !isEmpty(earlier) || flows.some((flow) => flow.positionKey === key);
  });
  const payouts = await readPayouts(client, before.at, after.at, touched, account);
  const values = await readShareValues(client, after.at, touched);
  const rewards: Observation['rewards'][number][] = [];
  const losses = new Map<string, readonly SlashObservation[]>();
  for (const [i, holding] of touched.entries()) {
    const [payout, shareValue] = [payouts[i], values[i]];
    if (payout === undefined || shareValue === undefined) throw badAnswer('a payout is missing');
    const key = positionKey(holding.credit, account);
    const period: PositionPeriod = {
      account,
      from: before.at,
      to: after.at,
      before: holdingIn(before, holding),
      after: holding,
      flows: flows.filter((flow) => flow.positionKey === key),
      payout,
      slashes: slashes.filter((one) => one.validator === holding.operator).map((one) => ({ ...one, positionKey: key })),
      shareValue,
    };
    const result = rewardOfPeriod(period);
    if (hadStake(period) || result.reward.amount > 0n) rewards.push(result.reward);
    losses.set(holding.operator, result.slashes);
  }
  const foreign = slashes.filter((one) => !losses.has(one.validator));
  return {
    rewards,
    flows,
    slashes: [...foreign, ...[...losses.values()].flat()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
    days: averageStakes(before, after.at, flows, account),
  };
}

/** A position that only waits for its claims earns nothing, and says nothing. */
function hadStake(period: PositionPeriod): boolean {
  return period.before.shares > 0n || period.after.shares > 0n || period.payout.amount > 0n;
}

function isEmpty(holding: CreditHolding): boolean {
  return holding.shares === 0n && holding.locked === 0n;
}

function holdingIn(cut: Cut, wanted: ListedValidator): CreditHolding {
  const none = { shares: atoms(0n), pooled: atoms(0n), locked: atoms(0n) };
  return cut.holdings.find((one) => one.credit === wanted.credit) ?? { ...wanted, ...none };
}

/**
 * S of each day between the cuts: the stake at the opening cut, and our movements from their block times on. Income
 * inside a day (strangers' redelegation fees) is not stake of that day; an undelegation may take it along, so a
 * position's part never counts below zero.
 */
function averageStakes(
  before: Cut,
  to: BlockStamp,
  flows: readonly FlowObservation[],
  account: string,
): Observation['days'] {
  const stake = new Map(before.holdings.map((one) => [positionKey(one.credit, account), one.pooled as bigint]));
  const changes = flows.map((flow) => {
    const had = stake.get(flow.positionKey) ?? 0n;
    const change = flow.activeChange < -had ? -had : flow.activeChange;
    stake.set(flow.positionKey, had + change);
    return { atMs: flow.atMs, deltaAtoms: signedAtoms(change) };
  });
  const { first, last } = daysOfPeriod(before.at, to);
  const days: Observation['days'][number][] = [];
  let opening = before.holdings.reduce((total, one) => total + one.pooled, 0n);
  for (let day = dayFromEpochDay(first); day <= dayFromEpochDay(last); day = addDays(day, 1)) {
    const ofDay = changes.filter((one) => one.atMs >= dayStartMs(day) && one.atMs < dayEndMs(day));
    days.push({ day, averageStake: averageActiveStake(day, atoms(opening), ofDay) });
    opening += ofDay.reduce((total, one) => total + one.deltaAtoms, 0n);
  }
  return days;
}
