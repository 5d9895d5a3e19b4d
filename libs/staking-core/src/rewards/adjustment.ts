import { atoms, lesserOf, signedAtoms } from '../money/atoms.js';
import type { Atoms, SignedAtoms } from '../money/atoms.js';

/** R27: what a late event changes of a settled reward: positive is paid from the reserve, negative is owed back. */
export function adjustmentOf(paidAtoms: Atoms, recomputedAtoms: Atoms): SignedAtoms {
  return signedAtoms(recomputedAtoms - paidAtoms);
}

export interface Offset {
  /** What is still credited of the reward. */
  readonly creditAtoms: Atoms;
  /** What of the debt this reward pays back. */
  readonly offsetAtoms: Atoms;
  readonly debtLeftAtoms: Atoms;
}

/** R27: a negative adjustment is set against later rewards of the same token, never taken from Spot. */
export function offsetDebt(rewardAtoms: Atoms, debtAtoms: Atoms): Offset {
  const offset = lesserOf(rewardAtoms, debtAtoms);
  return {
    creditAtoms: atoms(rewardAtoms - offset),
    offsetAtoms: offset,
    debtLeftAtoms: atoms(debtAtoms - offset),
  };
}
