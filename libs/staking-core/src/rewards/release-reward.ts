import { atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';
import { isWholeNumber } from '../money/whole-number.js';
import { addDays } from '../time/utc-day.js';
import type { UtcDay } from '../time/utc-day.js';

export interface ReleasePart {
  /** 1..K. */
  readonly part: number;
  readonly day: UtcDay;
  readonly amountAtoms: Atoms;
}

/** R15: one reward in K equal daily parts from `firstDay` on: each the floor, the last takes the rest. The parts add up
 *  to the reward to the atom, so never more is released than was earned. */
export function releaseReward(amountAtoms: Atoms, firstDay: UtcDay, releaseDays: number): ReleasePart[] {
  invariant(isWholeNumber(releaseDays, 1, 366), 'K is a whole number from 1', { releaseDays });
  const parts = BigInt(releaseDays);
  const each = amountAtoms / parts;
  return Array.from({ length: releaseDays }, (_, index) => ({
    part: index + 1,
    day: addDays(firstDay, index),
    amountAtoms: atoms(index === releaseDays - 1 ? amountAtoms - each * (parts - 1n) : each),
  }));
}
