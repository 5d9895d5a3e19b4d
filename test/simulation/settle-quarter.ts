import {
  addDays,
  atoms,
  attributeReward,
  checkDay,
  dayEndMs,
  previousDay,
  releaseReward,
  splitDay,
  sumAtoms,
  ZERO_ATOMS,
  type AccountAverage,
  type Atoms,
  type FailedCheck,
  type TokenRules,
  type UtcDay,
} from '@app/staking-core';
import type { ObservedReward } from './cadences.js';

export interface SettledDay {
  readonly day: UtcDay;
  /** Attributed to this day. */
  readonly observedAtoms: Atoms;
  readonly releasedAtoms: Atoms;
  readonly paidAtoms: Atoms;
  readonly treasuryAtoms: Atoms;
  readonly leftoverAtoms: Atoms;
  /** Observed up to now and released on none of the days up to this one. */
  readonly unreleasedAtoms: Atoms;
  /** Empty: the day may be credited. */
  readonly failed: readonly FailedCheck[];
}

export interface QuarterToSettle {
  readonly firstDay: UtcDay;
  readonly days: number;
  readonly rules: TokenRules;
  readonly stakeAtoms: Atoms;
  readonly accounts: readonly AccountAverage[];
  readonly rewards: readonly ObservedReward[];
  /** So long after its midnight the chain has told all about a day (a final block, and time to read it). */
  readonly readAfterMs: bigint;
}

const TREND_DAYS = 7;

/**
 * A quarter of one token settled day by day with the product's pure functions and nothing else: what a day sees of the
 * chain is what was told until shortly after its midnight, and a day that is settled never reopens (R14).
 */
export function settleQuarter(quarter: QuarterToSettle): SettledDay[] {
  const { rules, stakeAtoms, accounts } = quarter;
  const settled: SettledDay[] = [];
  const releases = new Map<UtcDay, bigint>();
  const attributed = new Set<string>();
  let leftoverAtoms: Atoms = ZERO_ATOMS;
  let unreleased = 0n;
  let undistributed = 0n;
  for (let index = 0; index < quarter.days; index += 1) {
    const day = addDays(quarter.firstDay, index);
    const fresh = quarter.rewards.filter(
      (reward) => !attributed.has(reward.key) && belongsBy(reward, day, quarter.readAfterMs),
    );
    for (const { key, amountAtoms } of fresh) {
      attributed.add(key);
      for (const part of releaseReward(amountAtoms, day, rules.releaseDays)) {
        releases.set(part.day, (releases.get(part.day) ?? 0n) + part.amountAtoms);
      }
    }
    const observedAtoms = sumAtoms(fresh.map(({ amountAtoms }) => amountAtoms));
    const releasedAtoms = atoms(releases.get(day) ?? 0n);
    unreleased += observedAtoms - releasedAtoms;
    undistributed += observedAtoms;
    const split = splitDay({
      rules,
      releasedAtoms,
      stakeAtoms,
      leftoverBeforeAtoms: leftoverAtoms,
      boostAtoms: ZERO_ATOMS,
      accounts,
    });
    const failed = checkDay({
      rules,
      poolAtoms: split.pool.poolAtoms,
      poolPartAtoms: split.pool.poolPartAtoms,
      paidAtoms: split.paidAtoms,
      leftoverAtoms: split.leftoverAtoms,
      undistributedAtoms: atoms(undistributed),
      stakeAtoms,
      custodyAtoms: stakeAtoms,
      trailingPools: settled.slice(-TREND_DAYS).map((one) => atoms(one.paidAtoms + one.leftoverAtoms)),
      recomputed: { paidAtoms: split.paidAtoms, differences: 0 },
    });
    undistributed -= split.paidAtoms + split.pool.treasuryPartAtoms + split.pool.feeAtoms;
    leftoverAtoms = split.leftoverAtoms;
    settled.push({
      day,
      observedAtoms,
      releasedAtoms,
      paidAtoms: split.paidAtoms,
      treasuryAtoms: atoms(split.pool.treasuryPartAtoms + split.pool.feeAtoms),
      leftoverAtoms,
      unreleasedAtoms: atoms(unreleased),
      failed,
    });
  }
  return settled;
}

/** Told by the time the day is read, and earned by its end: what ends after the day is for a later one. */
function belongsBy({ earned, observedMs }: ObservedReward, day: UtcDay, readAfterMs: bigint): boolean {
  return observedMs <= dayEndMs(day) + readAfterMs && attributeReward(earned, previousDay(day)) === day;
}
