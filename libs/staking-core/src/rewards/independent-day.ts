import { InvariantViolation } from '../money/invariant.js';
import type { Interval } from '../time/interval.js';
import type { TokenRules } from '../tokens/token-rules.js';

/*
 * R22a: the day once more, from the event log, by other code. On purpose nothing is shared with day-integral, weight,
 * pool or split-reward: no segments and no sorting, but one addition per event; the cap and the cut to payout units are
 * written another way round. Agreement to the atom is then evidence. Do not "simplify" this by calling the others.
 *
 * A change of x at time t adds x for every counting millisecond from t on, so
 *   integral = opening x |counting| + sum over changes of x * |counting after t|
 * which needs neither order nor the balances in between: lines can be streamed as they lie in the log.
 */

export interface IndependentAccount {
  readonly user: string;
  readonly owner: string | null;
  /** Counted balance at 00:00, or 0n when it became known during the day (the first line then carries it as a change). */
  readonly openingAtoms: bigint;
  /** Where the balance counts: sorted and disjoint (`countingIntervals`). */
  readonly counting: readonly Interval[];
}

export interface IndependentChange {
  readonly user: string;
  readonly atMs: bigint;
  /** Change of the counted balance. */
  readonly deltaAtoms: bigint;
}

export interface IndependentPoolInput {
  readonly releasedAtoms: bigint;
  readonly stakeAtoms: bigint;
  readonly leftoverBeforeAtoms: bigint;
  readonly boostAtoms: bigint;
}

export interface IndependentReward {
  readonly user: string;
  readonly averageAtoms: bigint;
  readonly weightAtoms: bigint;
  readonly rewardAtoms: bigint;
}

export interface IndependentResult {
  readonly qualifyingAtoms: bigint;
  readonly poolAtoms: bigint;
  /** What of the released rewards is not the users': fee and treasury part together. */
  readonly withheldAtoms: bigint;
  readonly paidAtoms: bigint;
  readonly leftoverAtoms: bigint;
  /** Accounts with weight, by user. */
  readonly rewards: ReadonlyMap<string, IndependentReward>;
}

export interface IndependentDay {
  /** Once per account, before its first change. */
  account(account: IndependentAccount): void;
  /** Changes in any order. */
  change(change: IndependentChange): void;
  /** Once, after everything was fed. */
  finish(pool: IndependentPoolInput): IndependentResult;
}

export type IndependentRules = Pick<TokenRules, 'minAtoms' | 'capAtoms' | 'feeBps' | 'decimals' | 'payoutDecimals'>;

interface Running {
  readonly owner: string | null;
  readonly counting: readonly Interval[];
  integral: bigint;
}

/** Starts the recomputation of one token's day. Memory: one record per account, nothing per event. */
export function independentDay(rules: IndependentRules): IndependentDay {
  const running = new Map<string, Running>();
  return {
    account({ user, owner, openingAtoms, counting }) {
      if (running.has(user)) throw new InvariantViolation('an account is opened once', { user });
      running.set(user, { owner, counting, integral: openingAtoms * millisecondsFrom(counting, 0n) });
    },
    change({ user, atMs, deltaAtoms }) {
      const account = running.get(user);
      if (account === undefined) throw new InvariantViolation('a change of an account that was not opened', { user });
      account.integral += deltaAtoms * millisecondsFrom(account.counting, atMs);
    },
    finish: (pool) => shareOut(weigh(running, rules), pool, rules),
  };
}

/** Milliseconds of the counting intervals that lie at or after `atMs`. */
function millisecondsFrom(counting: readonly Interval[], atMs: bigint): bigint {
  let length = 0n;
  for (const { startMs, endMs } of counting) {
    if (endMs > atMs) length += endMs - (startMs > atMs ? startMs : atMs);
  }
  return length;
}

interface Weighed {
  readonly user: string;
  readonly averageAtoms: bigint;
  weightAtoms: bigint;
}

function weigh(running: ReadonlyMap<string, Running>, rules: IndependentRules): Weighed[] {
  const families = new Map<string, Weighed[]>();
  for (const [user, { owner, integral }] of running) {
    if (integral < 0n) throw new InvariantViolation('a balance went below zero', { user });
    // integral >= min x T is average >= min: the floor can be taken afterwards.
    if (integral < rules.minAtoms * 86_400_000n) continue;
    const averageAtoms = integral / 86_400_000n;
    const family = owner === null ? `user:${user}` : `owner:${owner}`;
    const members = families.get(family) ?? [];
    members.push({ user, averageAtoms, weightAtoms: averageAtoms });
    families.set(family, members);
  }
  for (const members of families.values()) {
    const together = members.reduce((sum, one) => sum + one.averageAtoms, 0n);
    if (together <= rules.capAtoms) continue;
    for (const one of members) one.weightAtoms = (one.averageAtoms * rules.capAtoms) / together;
  }
  return [...families.values()].flat().filter((one) => one.weightAtoms > 0n);
}

function shareOut(weighed: readonly Weighed[], pool: IndependentPoolInput, rules: IndependentRules): IndependentResult {
  const qualifyingAtoms = weighed.reduce((sum, one) => sum + one.weightAtoms, 0n);
  const earned = usersPart(pool, qualifyingAtoms, BigInt(rules.feeBps));
  const poolAtoms = earned + pool.leftoverBeforeAtoms + pool.boostAtoms;
  const unit = 10n ** BigInt(rules.decimals) / 10n ** BigInt(rules.payoutDecimals);
  const rewards = new Map<string, IndependentReward>();
  let paidAtoms = 0n;
  for (const { user, averageAtoms, weightAtoms } of weighed) {
    const exact = (weightAtoms * poolAtoms) / qualifyingAtoms;
    const rewardAtoms = exact - (exact % unit);
    paidAtoms += rewardAtoms;
    rewards.set(user, { user, averageAtoms, weightAtoms, rewardAtoms });
  }
  return {
    qualifyingAtoms,
    poolAtoms,
    withheldAtoms: pool.releasedAtoms - earned,
    paidAtoms,
    leftoverAtoms: poolAtoms - paidAtoms,
    rewards,
  };
}

function usersPart(pool: IndependentPoolInput, qualifyingAtoms: bigint, feeBps: bigint): bigint {
  if (qualifyingAtoms === 0n) return 0n;
  const kept = pool.releasedAtoms * (10_000n - feeBps);
  if (qualifyingAtoms >= pool.stakeAtoms) return kept / 10_000n;
  return (kept * qualifyingAtoms) / (pool.stakeAtoms * 10_000n);
}

export interface RewardDifference {
  readonly user: string;
  /** null: not among the stored rewards. */
  readonly storedAtoms: bigint | null;
  /** null: the recomputation gives none. */
  readonly recomputedAtoms: bigint | null;
}

/** R22a: where stored and recomputed rewards differ. A missing row and a row of zero are different things, both ways.
 *  `count` is all of them, `first` at most `limit`. */
export function compareRewards(
  stored: Iterable<readonly [user: string, rewardAtoms: bigint]>,
  recomputed: ReadonlyMap<string, IndependentReward>,
  limit: number,
): { readonly count: number; readonly first: readonly RewardDifference[] } {
  const first: RewardDifference[] = [];
  let count = 0;
  const differ = (difference: RewardDifference): void => {
    count += 1;
    if (first.length < limit) first.push(difference);
  };
  const seen = new Set<string>();
  for (const [user, storedAtoms] of stored) {
    const recomputedAtoms = recomputed.get(user)?.rewardAtoms ?? null;
    if (seen.has(user) || recomputedAtoms !== storedAtoms) differ({ user, storedAtoms, recomputedAtoms });
    seen.add(user);
  }
  for (const [user, { rewardAtoms }] of recomputed) {
    if (!seen.has(user)) differ({ user, storedAtoms: null, recomputedAtoms: rewardAtoms });
  }
  return { count, first };
}
