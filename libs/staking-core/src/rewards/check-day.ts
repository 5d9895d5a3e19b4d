import type { Atoms } from '../money/atoms.js';
import type { TokenRules } from '../tokens/token-rules.js';

export interface DayToCheck {
  readonly rules: Pick<TokenRules, 'maxDailyRatePpb' | 'trendMultiple'>;
  readonly poolAtoms: Atoms;
  /** The part of the pool earned by stake: without leftover and boosts, which were checked and approved before. */
  readonly poolPartAtoms: Atoms;
  /** Sum over the reward rows as stored. */
  readonly paidAtoms: Atoms;
  readonly leftoverAtoms: Atoms;
  /** Rewards observed, and boosts, that no earlier day has distributed or given to the treasury. */
  readonly undistributedAtoms: Atoms;
  /** S. */
  readonly stakeAtoms: Atoms;
  /** What the exchange holds to cover the credits. */
  readonly custodyAtoms: Atoms;
  /** Pools of the settled days before this one that make up the trend; fewer than `TREND_DAYS_MIN` are no trend. */
  readonly trailingPools: readonly Atoms[];
  /** R22a: outcome of the recomputation from the event log; null: it has not run, which is a failure. */
  readonly recomputed: { readonly paidAtoms: bigint; readonly differences: number } | null;
}

export type DayCheckCode =
  | 'SUM_NOT_POOL'
  | 'POOL_ABOVE_OBSERVED'
  | 'RATE_IMPLAUSIBLE'
  | 'CUSTODY_SHORT'
  | 'POOL_OUT_OF_TREND'
  | 'RECOMPUTATION_DIFFERS';

export interface FailedCheck {
  readonly code: DayCheckCode;
  readonly detail: string;
  /** The numbers that disagree, in atoms as decimal strings: ready for JSON and a person. */
  readonly numbers: Readonly<Record<string, string>>;
}

const PPB = 1_000_000_000n;
/** Fewer days than this are no trend: the first day of a stake is often a part of a day. */
export const TREND_DAYS_MIN = 3;

/** R22: every check that fails, in a fixed order; empty: the day may be credited. Any failure holds this token's day
 *  for two people. */
export function checkDay(day: DayToCheck): FailedCheck[] {
  return [recomputation(day), sums(day), observed(day), rate(day), custody(day), trend(day)].filter(
    (check) => check !== null,
  );
}

function recomputation({ recomputed, paidAtoms }: DayToCheck): FailedCheck | null {
  if (recomputed === null) {
    return failed('RECOMPUTATION_DIFFERS', 'the day was not recomputed from the event log', { paid: paidAtoms });
  }
  if (recomputed.differences === 0 && recomputed.paidAtoms === paidAtoms) return null;
  return failed('RECOMPUTATION_DIFFERS', 'the recomputation from the event log gives other rewards', {
    paid: paidAtoms,
    recomputed: recomputed.paidAtoms,
    differences: BigInt(recomputed.differences),
  });
}

function sums({ poolAtoms, paidAtoms, leftoverAtoms }: DayToCheck): FailedCheck | null {
  if (paidAtoms + leftoverAtoms === poolAtoms) return null;
  return failed('SUM_NOT_POOL', 'rewards and leftover do not add up to the pool', {
    pool: poolAtoms,
    paid: paidAtoms,
    leftover: leftoverAtoms,
  });
}

function observed({ poolAtoms, undistributedAtoms }: DayToCheck): FailedCheck | null {
  if (poolAtoms <= undistributedAtoms) return null;
  return failed('POOL_ABOVE_OBSERVED', 'the pool is larger than what was observed and not yet distributed', {
    pool: poolAtoms,
    undistributed: undistributedAtoms,
  });
}

/** On the earned part alone: a day after one without any qualifying user carries that day's pool as leftover. */
function rate({ poolPartAtoms, stakeAtoms, rules }: DayToCheck): FailedCheck | null {
  if (poolPartAtoms * PPB <= stakeAtoms * rules.maxDailyRatePpb) return null;
  return failed('RATE_IMPLAUSIBLE', 'no plausible daily rate makes this much from this stake', {
    poolPart: poolPartAtoms,
    stake: stakeAtoms,
    maxDailyRatePpb: rules.maxDailyRatePpb,
  });
}

function custody({ paidAtoms, poolAtoms, custodyAtoms }: DayToCheck): FailedCheck | null {
  if (poolAtoms <= custodyAtoms && paidAtoms <= custodyAtoms) return null;
  return failed('CUSTODY_SHORT', 'custody does not cover the pool', { pool: poolAtoms, custody: custodyAtoms });
}

/** Upwards only: a small pool cannot pay too much, and a zero day is a day (R17). A trend of zeros is none. */
function trend({ poolAtoms, trailingPools, rules }: DayToCheck): FailedCheck | null {
  const sum = trailingPools.reduce((total, pool) => total + pool, 0n);
  const days = BigInt(trailingPools.length);
  if (trailingPools.length < TREND_DAYS_MIN || sum === 0n) return null;
  if (poolAtoms * days <= sum * BigInt(rules.trendMultiple)) return null;
  return failed('POOL_OUT_OF_TREND', 'the pool is far above the mean of the days before', {
    pool: poolAtoms,
    trailingMean: sum / days,
    trailingDays: days,
    trendMultiple: BigInt(rules.trendMultiple),
  });
}

function failed(code: DayCheckCode, detail: string, numbers: Readonly<Record<string, bigint>>): FailedCheck {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(numbers)) text[name] = value.toString();
  return { code, detail, numbers: text };
}
