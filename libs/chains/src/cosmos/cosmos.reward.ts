/**
 * Pure: the exact reward and loss of one position between two cuts.
 *
 *     reward = pending after - pending before + withdrawn      (whole uatom, as the chain pays them)
 *     drift  = (active + exiting) after - before - moved       (zero but for rounding of shares, or a slash)
 *
 * Nothing is clipped: a drift below zero is a rounding of our own operations (bounded), a slash with its evidence, or an
 * `IDENTITY_BROKEN` that stops the day; a drift above zero beyond dust is a movement that was not seen, and stops it too.
 */
import { atoms } from '@app/staking-core';

import type { BlockStamp, FlowObservation, RewardObservation, SlashObservation } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { wholeAtoms } from './cosmos.decode.js';
import { positionKey, type Holding } from './cosmos.cut.js';

/**
 * Each time someone leaves a validator that was slashed before, less than one uatom stays with those who remain. A busy
 * validator sees some hundred a day; 1,000 uatom (0.001 ATOM) has room for our part of them and hides nothing.
 */
const STRANGERS_DUST = 1_000n;
/** One of our own operations may lose one uatom when shares are counted and one when they are worth. */
const OWN_ROUNDING = 2n;

/** A slash that can have cost this position something. */
export interface SlashEvidence {
  /** Who was slashed: the position's validator, or one that the stake came from. */
  readonly validator: string;
  readonly kind: string;
  readonly at: BlockStamp;
  /** How heavily it weighs among others of the same period: only their proportion counts. */
  readonly weight: bigint;
  /** Of the position's own validator; else it came with redelegated stake. */
  readonly direct: boolean;
}

export interface PositionPeriod {
  readonly account: string;
  readonly from: BlockStamp;
  readonly to: BlockStamp;
  /** Half-open interval in which it was earned. */
  readonly earnedFromMs: bigint;
  readonly before: Holding;
  readonly after: Holding;
  /** Of this position, in `(from, to]`. */
  readonly flows: readonly FlowObservation[];
  /** In order of height. */
  readonly evidence: readonly SlashEvidence[];
}

export interface PeriodResult {
  readonly reward: RewardObservation;
  readonly slashes: readonly SlashObservation[];
  /** Losses of the earning part, with their times: for the average stake. */
  readonly activeLosses: readonly { readonly atMs: bigint; readonly amount: bigint }[];
}

export function rewardOfPeriod(period: PositionPeriod): PeriodResult {
  const { before, after, flows, evidence } = period;
  const withdrawn = -sum(flows.filter(isWithdrawal).map((one) => one.amount));
  const earned = wholeAtoms(after.pending) - wholeAtoms(before.pending) + withdrawn;
  const moved = sum(flows.filter((one) => !isWithdrawal(one)).map((one) => one.amount));
  const drift = principalOf(after) - principalOf(before) - moved;
  if (evidence.length > 0 && drift < 0n) {
    // The chain says who was slashed; what is missing, and a reward below nothing, is our part of it.
    const loss = -drift + (earned < 0n ? -earned : 0n);
    const activeLoss = before.active + sum(flows.map((one) => one.activeChange)) - after.active;
    const times = evidence.map((one) => one.at.timeMs);
    return {
      reward: observed(period, earned < 0n ? 0n : earned),
      slashes: split(loss, evidence).map((part, i) => slashRow(period, evidence[i], part)),
      activeLosses: split(activeLoss > 0n ? activeLoss : 0n, evidence).map((amount, i) => ({
        atMs: times[i] ?? 0n,
        amount,
      })),
    };
  }
  const seen = evidence.filter((one) => one.direct).map((one) => slashRow(period, one, 0n));
  const roundings = OWN_ROUNDING * BigInt(flows.length) + 1n;
  const total = earned + drift;
  if (drift < -roundings || drift > STRANGERS_DUST || earned < -roundings) {
    throw new ChainError(
      'IDENTITY_BROKEN',
      'cosmos',
      `position ${keyOf(period)} does not add up between blocks ${period.from.height} and ${period.to.height}: ` +
        `principal ${principalOf(before)} to ${principalOf(after)}, moved ${moved}, pending ${wholeAtoms(before.pending)} ` +
        `to ${wholeAtoms(after.pending)}, withdrawn ${withdrawn}, ${evidence.length} slashes`,
    );
  }
  if (total >= 0n) return { reward: observed(period, total), slashes: seen, activeLosses: [] };
  return { reward: observed(period, 0n), slashes: [...seen, roundingLoss(period, -total)], activeLosses: [] };
}

export function principalOf(holding: Holding): bigint {
  return holding.active + sum(holding.exits.map((one) => one.balance));
}

function isWithdrawal(flow: FlowObservation): boolean {
  return flow.kind === 'withdraw-reward';
}

/** In proportion to the weights, rounded down, the rest with the last: the parts make the whole. */
export function split(whole: bigint, evidence: readonly SlashEvidence[]): bigint[] {
  const weights = sum(evidence.map((one) => one.weight));
  let left = whole;
  return evidence.map((one, i) => {
    const part = i === evidence.length - 1 || weights === 0n ? left : (whole * one.weight) / weights;
    left -= part;
    return part;
  });
}

function keyOf(period: PositionPeriod): string {
  return positionKey(period.account, period.after.validator);
}

function observed(period: PositionPeriod, amount: bigint): RewardObservation {
  const heights = `${period.from.height}-${period.to.height}`;
  return {
    key: `atom:acc:${period.account}:${period.after.validator}:${heights}`,
    kind: 'protocol',
    positionKey: keyOf(period),
    validator: period.after.validator,
    period: heights,
    amount: atoms(amount),
    earnedFromMs: period.earnedFromMs,
    earnedToMs: period.to.timeMs,
    at: period.to,
    txid: null,
    crossCheck: null,
  };
}

function slashRow(period: PositionPeriod, evidence: SlashEvidence | undefined, loss: bigint): SlashObservation {
  if (evidence === undefined) throw new ChainError('IDENTITY_BROKEN', 'cosmos', 'a loss without its evidence');
  return {
    key: `atom:slash:${evidence.validator}:${evidence.at.height}:${period.account}:${period.after.validator}`,
    positionKey: keyOf(period),
    validator: evidence.validator,
    kind: evidence.kind,
    state: loss > 0n ? 'applied' : 'observed',
    amount: atoms(loss),
    atMs: evidence.at.timeMs,
    at: evidence.at,
    txid: null,
  };
}

function roundingLoss(period: PositionPeriod, loss: bigint): SlashObservation {
  return {
    key: `atom:rounding:${period.account}:${period.after.validator}:${period.from.height}-${period.to.height}`,
    positionKey: keyOf(period),
    validator: period.after.validator,
    kind: 'rounding',
    state: 'applied',
    amount: atoms(loss),
    atMs: period.to.timeMs,
    at: period.to,
    txid: null,
  };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
