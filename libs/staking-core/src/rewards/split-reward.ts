import { atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';

/** One token, one day: what is shared out and among how much weight. */
export interface RewardPool {
  readonly poolAtoms: Atoms;
  /** Q > 0. */
  readonly totalWeightAtoms: Atoms;
  /** Atoms of the smallest credit (`payoutUnit`). */
  readonly unitAtoms: Atoms;
}

/** R20: a user's reward is the pool in proportion to the user's weight, cut down to whole payout units, in one division
 *  rounded down. Why down: the shares can then never exceed the pool, whatever order, page or shard users are paid in. */
export function splitReward(pool: RewardPool, weightAtoms: Atoms): Atoms {
  invariant(pool.totalWeightAtoms > 0n, 'a pool nobody has weight in has no shares');
  invariant(weightAtoms <= pool.totalWeightAtoms, 'one user cannot outweigh the whole pool', {
    weightAtoms,
    totalWeightAtoms: pool.totalWeightAtoms,
  });
  invariant(pool.unitAtoms > 0n, 'a payout unit is at least one atom');
  const units = (pool.poolAtoms * weightAtoms) / (pool.totalWeightAtoms * pool.unitAtoms);
  return atoms(units * pool.unitAtoms);
}
