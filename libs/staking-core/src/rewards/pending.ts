import { ZERO_ATOMS, atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import type { BalanceMs } from '../balances/day-integral.js';
import { dailyAverage } from '../balances/daily-average.js';
import { cutToPayoutUnit, payoutUnit } from '../money/payout-unit.js';
import type { TokenRules } from '../tokens/token-rules.js';
import type { PaidDay } from './apr.js';
import { weightOf } from './weight.js';

export interface PendingInput {
  /** Integral of today up to now, over the part that counts. */
  readonly integralSoFar: BalanceMs;
  /** Integral of today if nothing changes until its end, over the part that counts. */
  readonly integralProjected: BalanceMs;
  readonly rules: TokenRules;
  /** The last day that was paid; null: none yet. */
  readonly lastPaid: PaidDay | null;
}

export interface Pending {
  /** R34: certain already; grows to the day's average. */
  readonly averageSoFarAtoms: Atoms;
  /** The day's average if the balance stays as it is. */
  readonly averageProjectedAtoms: Atoms;
  /** Reward for today at the last paid rate if the balance stays; null: nothing was paid yet. */
  readonly estimateAtoms: Atoms | null;
}

/** R34: an estimate and named so; the day's real pool decides. */
export function pendingToday(input: PendingInput): Pending {
  const averageProjectedAtoms = dailyAverage(input.integralProjected);
  return {
    averageSoFarAtoms: dailyAverage(input.integralSoFar),
    averageProjectedAtoms,
    estimateAtoms: estimate(weightOf(averageProjectedAtoms, input.rules), input),
  };
}

function estimate(weightAtoms: Atoms, { lastPaid, rules }: PendingInput): Atoms | null {
  if (lastPaid === null) return null;
  if (lastPaid.qualifyingAtoms === 0n) return ZERO_ATOMS;
  const share = atoms((lastPaid.paidAtoms * weightAtoms) / lastPaid.qualifyingAtoms);
  return cutToPayoutUnit(share, payoutUnit(rules));
}
