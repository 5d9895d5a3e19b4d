/**
 * Pure: the exact reward of one position between two cuts, by the position identity
 *
 *     reward = (pooled + locked) after - (pooled + locked) before - flows
 *
 * held against what the breathe block's events say. Nothing is clipped: an identity below zero is a rounding loss of our
 * own operations (bounded, a row of its own), a slash with its evidence, or an `IDENTITY_BROKEN` that stops the day.
 */
import { atoms, dayFromEpochDay, type Atoms } from '@app/staking-core';

import type { BlockStamp, FlowObservation, RewardObservation, SlashObservation } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { DAY_SECONDS, dayIndex } from './bnb.boundaries.js';
import { badAnswer, type RawLog } from './bnb.decode.js';
import { CREDIT, TOPIC } from './bnb.abi.js';
import { accountTopic } from './bnb.flows.js';
import { positionKey, type CreditHolding } from './bnb.positions.js';

/**
 * Strangers' deposits and withdrawals are rounded down in the pool's favour: each leaves less than two wei in it. A busy
 * pool sees some hundred a day; 1,000 wei (10^-15 BNB) has room for them and hides nothing.
 */
const STRANGERS_DUST = 1_000n;

/** What the breathe block says about one credit contract. */
export interface PayoutEvents {
  /** Our part of `RewardReceived`. */
  readonly amount: Atoms;
  /** Income of all holders that came without that event: redelegation fees of anyone. */
  readonly otherIncome: bigint;
  readonly txid: string | null;
}

export interface PositionPeriod {
  readonly account: string;
  readonly from: BlockStamp;
  readonly to: BlockStamp;
  readonly before: CreditHolding;
  readonly after: CreditHolding;
  /** Of this position, in `(from, to]`. */
  readonly flows: readonly FlowObservation[];
  readonly payout: PayoutEvents;
  /** Of this validator, in `(from, to]`, without a loss of ours yet. */
  readonly slashes: readonly SlashObservation[];
  /** Wei that one share is worth at `to`, rounded up: the most that one rounding can cost. */
  readonly shareValue: bigint;
}

export interface PeriodResult {
  readonly reward: RewardObservation;
  readonly slashes: readonly SlashObservation[];
}

export function rewardOfPeriod(period: PositionPeriod): PeriodResult {
  const identity = held(period.after) - held(period.before) - sum(period.flows.map((flow) => flow.amount));
  const { payout, slashes } = period;
  const tolerance = payout.otherIncome + STRANGERS_DUST;
  const [evidence, ...others] = slashes;
  if (evidence !== undefined && (identity < 0n || identity < payout.amount - tolerance)) {
    // The chain says who was slashed; what is missing of the paid reward, and more, is our part of it, however little.
    const loss = { ...evidence, positionKey: keyOf(period), amount: atoms(payout.amount - identity) };
    return { reward: observed(period, payout.amount, tolerance), slashes: [loss, ...others] };
  }
  if (identity >= 0n) return { reward: observed(period, identity, tolerance), slashes };
  const roundings = BigInt(period.flows.filter((flow) => flow.activeChange !== 0n).length);
  if (-identity <= roundings * period.shareValue) {
    return { reward: observed(period, 0n, tolerance), slashes: [...slashes, roundingLoss(period, -identity)] };
  }
  throw new ChainError(
    'IDENTITY_BROKEN',
    'bnb',
    `position ${keyOf(period)} lost ${-identity} wei between blocks ${period.from.height} and ${period.to.height} ` +
      `without a slash (before ${held(period.before)}, after ${held(period.after)}, ${period.flows.length} flows)`,
  );
}

function held(holding: CreditHolding): bigint {
  return holding.pooled + holding.locked;
}

function keyOf(period: PositionPeriod): string {
  return positionKey(period.after.credit, period.account);
}

/** The UTC days between the two cuts; more than one when the chain stood still over a midnight. */
export function daysOfPeriod(from: BlockStamp, to: BlockStamp): { readonly first: bigint; readonly last: bigint } {
  return { first: dayIndex(from), last: dayIndex(to) - 1n };
}

function observed(period: PositionPeriod, reward: bigint, tolerance: bigint): RewardObservation {
  const { first, last } = daysOfPeriod(period.from, period.to);
  const day = dayFromEpochDay(last);
  return {
    key: `${keyOf(period)}:${day}:protocol`,
    kind: 'protocol',
    positionKey: keyOf(period),
    validator: period.after.operator,
    period: day,
    amount: atoms(reward),
    earnedFromMs: first * DAY_SECONDS * 1000n,
    earnedToMs: (last + 1n) * DAY_SECONDS * 1000n,
    at: period.to,
    txid: period.payout.txid,
    crossCheck: { amount: period.payout.amount, toleranceAtoms: atoms(tolerance) },
  };
}

function roundingLoss(period: PositionPeriod, loss: bigint): SlashObservation {
  const day = dayFromEpochDay(daysOfPeriod(period.from, period.to).last);
  return {
    key: `${keyOf(period)}:${day}:rounding`,
    positionKey: keyOf(period),
    validator: period.after.operator,
    kind: 'rounding',
    state: 'applied',
    amount: atoms(loss),
    atMs: period.to.timeMs,
    at: period.to,
    txid: null,
  };
}

/** State of one credit contract just before the breathe block, and its income records. */
export interface PayoutState {
  readonly credit: string;
  readonly shares: bigint;
  readonly totalShares: bigint;
  /** `rewardRecord` of the day that ends: at the cut before, and just before the breathe block. */
  readonly incomeBefore: bigint;
  readonly incomeAfter: bigint;
  /** `rewardRecord` of the day that begins, after the breathe block. */
  readonly incomeInBreathe: bigint;
}

/**
 * Our part of what the breathe block paid: shares x reward / all shares, as the shares stood when it was paid. Deposits
 * and withdrawals of the same block come before the payout (system transactions are last), so their share movements are
 * applied first; those of the payout's own transaction are the commission, minted at the new rate, and change nothing.
 */
export function payoutOf(state: PayoutState, account: string, logs: readonly RawLog[]): PayoutEvents {
  const ours = accountTopic(account);
  const nobody = accountTopic(`0x${'0'.repeat(40)}`);
  const own = logs.filter((log) => log.address === state.credit);
  const payouts = own.filter((log) => log.topics[0] === TOPIC.rewardReceived);
  let { shares, totalShares } = state;
  let paid = 0n;
  let part = 0n;
  for (const log of own) {
    const event = CREDIT.parseLog({ topics: [...log.topics], data: log.data });
    if (event === null) throw badAnswer('an event that the ABI does not know', log.topics[0]);
    if (log.topics[0] === TOPIC.rewardReceived) {
      const reward = event.args['rewardToAll'] as bigint;
      paid += reward;
      if (totalShares <= 0n) throw badAnswer('a reward for a pool without shares', state.credit);
      part += (shares * reward) / totalShares;
    } else if (!payouts.some((payout) => payout.txid === log.txid)) {
      const moved = event.args['value'] as bigint;
      const [, from, to] = log.topics;
      shares += (to === ours ? moved : 0n) - (from === ours ? moved : 0n);
      totalShares += (from === nobody ? moved : 0n) - (to === nobody ? moved : 0n);
    }
  }
  const otherIncome = state.incomeAfter - state.incomeBefore + state.incomeInBreathe - paid;
  if (state.incomeAfter < state.incomeBefore || otherIncome < 0n) {
    throw badAnswer(`the income record of ${state.credit} does not hold what was paid`);
  }
  return { amount: atoms(part), otherIncome, txid: payouts.at(-1)?.txid ?? null };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
