import type { Atoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';
import type { RewardPool } from './split-reward.js';

/** `digits` / 10^`places`. */
export interface RewardRate {
  readonly digits: bigint;
  readonly places: number;
}

/**
 * R20 for very many weights: the pool over Q, divided once and rounded up at a place so far behind the point that for every
 * weight up to `largestWeightAtoms` weight x rate, cut down to payout units, is `splitReward` to the atom.
 *
 * Why: pool x weight / Q is N/Q, N a whole number. The rate is too large by less than 10^-places, so weight x rate is N/Q plus
 * less than largestWeight / 10^places <= 1/Q: it stays below (N+1)/Q, and no multiple of anything whole lies between.
 */
export function rewardRate(pool: Omit<RewardPool, 'unitAtoms'>, largestWeightAtoms: Atoms): RewardRate {
  const { poolAtoms, totalWeightAtoms } = pool;
  invariant(totalWeightAtoms > 0n, 'a pool nobody has weight in has no shares');
  const places = (totalWeightAtoms * largestWeightAtoms).toString().length;
  const scaled = poolAtoms * 10n ** BigInt(places);
  return { digits: (scaled + totalWeightAtoms - 1n) / totalWeightAtoms, places };
}

/** As a decimal number, such as `0.0625`. */
export function rewardRateText({ digits, places }: RewardRate): string {
  const text = digits.toString().padStart(places + 1, '0');
  return `${text.slice(0, text.length - places)}.${text.slice(text.length - places)}`;
}
