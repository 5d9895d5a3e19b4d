import { InvariantViolation } from '../money/invariant.js';
import type { TokenRules } from '../tokens/token-rules.js';
import type { Interval } from '../time/interval.js';
import type { KeyedSums } from './keyed-sums.js';

/*
 * R22a: the day once more, from the event log, by other code. On purpose nothing is shared with day-integral, weight,
 * pool or split-reward: no segments and no sorting, but one addition per event; floors are proved by inequalities
 * instead of being computed again. Agreement to the atom is then evidence. Do not "simplify" this by calling the others.
 *
 * A change of x at time t adds x for every counting millisecond from t on. With the balance as it is *now*, and every
 * change since 00:00 taken back, the opening balance drops out:
 *   integral = now x |counting| + sum over changes since 00:00 of x * (|counting after t| - |counting|)
 * which needs neither order nor the balances in between, and nothing at all for an account without changes.
 *
 * Q, the pool and the owners' sums are taken as stored while the rows pass by, and are themselves recomputed from the
 * same rows: a row is right for the stored figures, and the stored figures are right for the rows. So one pass does.
 */

const DAY = 86_400_000;

/** Where a balance counts, in milliseconds of the day: `[from, to, from, to, …)`, sorted and disjoint. */
export type CountingMs = readonly number[];

export function countingMs(counting: readonly Interval[], dayStartMs: bigint): CountingMs {
  return counting.flatMap(({ startMs, endMs }) => [
    millisecondsOf(startMs - dayStartMs),
    millisecondsOf(endMs - dayStartMs),
  ]);
}

/** Time, not money: at most a day. */
function millisecondsOf(time: bigint): number {
  if (time < 0n || time > 86_400_000n) throw new InvariantViolation('a counting interval lies within the day');
  // eslint-disable-next-line no-restricted-syntax
  return Number(time);
}

/** |counting after t|; `afterMs` 0: all of it. */
export function countedAfter(counting: CountingMs, afterMs: number): number {
  let length = 0;
  for (let at = 0; at < counting.length; at += 2) {
    const from = counting[at] as number;
    const to = counting[at + 1] as number;
    if (to > afterMs) length += to - (from > afterMs ? from : afterMs);
  }
  return length;
}

/** What one atom of change takes from, or gives to, the integral over the present balance: |counting after t| - |counting|. */
export function changeFactor(counting: CountingMs, atMs: number): number {
  return countedAfter(counting, atMs) - countedAfter(counting, 0);
}

/** A change on a later day only leads from the present balance back to the day's. */
export const AFTER_THE_DAY = DAY;

/** Average over the day, from the present balance and the sum of changes by factor. Rounded down. */
export function averageFromNow(nowAtoms: bigint, counting: CountingMs, changes: KeyedSums, place: number): bigint {
  const counted = countedAfter(counting, 0);
  if (place < 0 && counted === DAY) return nowAtoms;
  const integral = nowAtoms * BigInt(counted) + (place < 0 ? 0n : changes.sum(place));
  if (integral < 0n) throw new InvariantViolation('a balance went below zero');
  return integral / 86_400_000n;
}

export type IndependentRules = Pick<TokenRules, 'minAtoms' | 'capAtoms' | 'feeBps' | 'decimals' | 'payoutDecimals'>;

/** The stored figures that rows are measured against; `verifyFigures` measures these. */
export interface StoredFigures {
  readonly qualifyingAtoms: bigint;
  readonly poolAtoms: bigint;
}

export interface StoredReward {
  readonly averageAtoms: bigint;
  readonly weightAtoms: bigint;
  readonly rewardAtoms: bigint;
}

export interface IndependentRow {
  /** Asked for only when it differs. */
  readonly user: () => string;
  readonly averageAtoms: bigint;
  /** Whether the balance counts at any time of the day. */
  readonly counts: boolean;
  /** null: the account stands for itself. */
  readonly owner: string | null;
  /** The stored sum over the owner's qualifying accounts; null: none is stored. */
  readonly ownerAtoms: bigint | null;
  /** null: no reward is stored. */
  readonly stored: StoredReward | null;
}

export interface RewardDifference {
  readonly user: string;
  /** null: not among the stored rewards. */
  readonly storedAtoms: bigint | null;
  /** null: the recomputation gives none. */
  readonly recomputedAtoms: bigint | null;
}

/** What the rows of some users come to. Of several sets of users: `addFindings`. */
export interface IndependentFindings {
  readonly users: number;
  readonly qualifyingAtoms: bigint;
  readonly paidAtoms: bigint;
  /** See `ownerCoefficient`. */
  readonly ownersPrint: bigint;
  readonly differences: number;
  /** At most `SHOWN_DIFFERENCES`. */
  readonly first: readonly RewardDifference[];
}

export const SHOWN_DIFFERENCES = 20;

export const NO_FINDINGS: IndependentFindings = {
  users: 0,
  qualifyingAtoms: 0n,
  paidAtoms: 0n,
  ownersPrint: 0n,
  differences: 0,
  first: [],
};

export function addFindings(one: IndependentFindings, other: IndependentFindings): IndependentFindings {
  return {
    users: one.users + other.users,
    qualifyingAtoms: one.qualifyingAtoms + other.qualifyingAtoms,
    paidAtoms: one.paidAtoms + other.paidAtoms,
    ownersPrint: one.ownersPrint + other.ownersPrint,
    differences: one.differences + other.differences,
    first: [...one.first, ...other.first].slice(0, SHOWN_DIFFERENCES),
  };
}

/** R10 of an account that shares a cap, from the stored sum over its owner's; of others: the least of average and cap. */
export function ownedWeight(averageAtoms: bigint, ownerAtoms: bigint | null, capAtoms: bigint): bigint {
  if (ownerAtoms !== null && ownerAtoms > capAtoms) return (averageAtoms * capAtoms) / ownerAtoms;
  return leastOf(averageAtoms, capAtoms);
}

function leastOf(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

/** R20 without dividing: whole units, not more than the share of the pool, and not a unit less. */
export class ShareOf {
  readonly unit: bigint;
  private readonly unitTimesQualifying: bigint;

  constructor(
    rules: IndependentRules,
    private readonly figures: StoredFigures,
  ) {
    this.unit = 10n ** BigInt(rules.decimals - rules.payoutDecimals);
    this.unitTimesQualifying = this.unit * figures.qualifyingAtoms;
  }

  is(reward: bigint, weight: bigint): boolean {
    if (this.unit !== 1n && reward % this.unit !== 0n) return false;
    const below = weight * this.figures.poolAtoms - reward * this.figures.qualifyingAtoms;
    return below >= 0n && below < this.unitTimesQualifying;
  }
}

/** Compares rows as they pass by; holds sums, and nothing per row. */
export class IndependentRows {
  private users = 0;
  private qualifying = 0n;
  private paid = 0n;
  private ownersPrint = 0n;
  private differences = 0;
  private readonly first: RewardDifference[] = [];
  private readonly share: ShareOf;

  constructor(
    private readonly rules: IndependentRules,
    private readonly figures: StoredFigures,
  ) {
    this.share = new ShareOf(rules, figures);
  }

  row(row: IndependentRow): void {
    const { averageAtoms, stored } = row;
    const weight = row.counts && averageAtoms >= this.rules.minAtoms ? this.weightOf(row) : 0n;
    if (weight === 0n) {
      if (stored !== null) this.differ(row, null);
      return;
    }
    this.users += 1;
    this.qualifying += weight;
    if (
      stored !== null &&
      stored.averageAtoms === averageAtoms &&
      stored.weightAtoms === weight &&
      this.share.is(stored.rewardAtoms, weight)
    ) {
      this.paid += stored.rewardAtoms;
      return;
    }
    const reward = this.shareOf(weight);
    this.paid += reward;
    this.differ(row, reward);
  }

  findings(): IndependentFindings {
    return {
      users: this.users,
      qualifyingAtoms: this.qualifying,
      paidAtoms: this.paid,
      ownersPrint: this.ownersPrint,
      differences: this.differences,
      first: this.first,
    };
  }

  /** R10 of an account at or above the minimum. */
  private weightOf({ averageAtoms, owner, ownerAtoms }: IndependentRow): bigint {
    if (owner === null) return leastOf(averageAtoms, this.rules.capAtoms);
    this.ownersPrint += averageAtoms * ownerCoefficient(owner);
    return ownedWeight(averageAtoms, ownerAtoms, this.rules.capAtoms);
  }

  private shareOf(weight: bigint): bigint {
    if (this.figures.qualifyingAtoms === 0n) return 0n;
    const exact = (weight * this.figures.poolAtoms) / this.figures.qualifyingAtoms;
    return exact - (exact % this.share.unit);
  }

  private differ(row: IndependentRow, recomputedAtoms: bigint | null): void {
    this.differences += 1;
    if (this.first.length >= SHOWN_DIFFERENCES) return;
    this.first.push({ user: row.user(), storedAtoms: row.stored?.rewardAtoms ?? null, recomputedAtoms });
  }
}

/**
 * Owners' sums are compared without holding one number an owner: sum of average x coefficient over accounts against sum
 * of stored sum x coefficient over owners, in exact integers. One wrong sum always shows; several cancel out only by a
 * coincidence of 64 bits.
 */
export function ownerCoefficient(owner: string): bigint {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (let at = 0; at < owner.length; at += 1) {
    const unit = owner.charCodeAt(at);
    low = mixed(low ^ unit);
    high = mixed((high + unit) ^ low);
  }
  return (BigInt(high >>> 0) << 32n) + BigInt(low >>> 0) + 1n;
}

/** One to one on 32 bits: shifts and small multiplications, so that every product is exact before it is cut. */
function mixed(value: number): number {
  let bits = (value ^ (value >>> 16)) | 0;
  bits = (bits * 0x5bd1f) | 0;
  bits = (bits ^ (bits >>> 13)) | 0;
  bits = (bits * 0x1b873) | 0;
  return bits ^ (bits >>> 16);
}

export interface IndependentPoolInput {
  readonly releasedAtoms: bigint;
  readonly stakeAtoms: bigint;
  readonly leftoverBeforeAtoms: bigint;
  readonly boostAtoms: bigint;
}

/** R16, R17: the pool, from Q as recomputed. */
export function independentPool(pool: IndependentPoolInput, qualifyingAtoms: bigint, feeBps: number): bigint {
  return usersPart(pool, qualifyingAtoms, BigInt(feeBps)) + pool.leftoverBeforeAtoms + pool.boostAtoms;
}

function usersPart(pool: IndependentPoolInput, qualifyingAtoms: bigint, feeBps: bigint): bigint {
  if (qualifyingAtoms === 0n) return 0n;
  const kept = pool.releasedAtoms * (10_000n - feeBps);
  if (qualifyingAtoms >= pool.stakeAtoms) return kept / 10_000n;
  return (kept * qualifyingAtoms) / (pool.stakeAtoms * 10_000n);
}
