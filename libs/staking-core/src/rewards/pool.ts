import { atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';
import { isWholeNumber } from '../money/whole-number.js';

export interface PoolInput {
  /** R15: all parts released on this day. */
  readonly releasedAtoms: Atoms;
  /** Q: sum of all weights. */
  readonly qualifyingAtoms: Atoms;
  /** S: time-weighted active stake. */
  readonly stakeAtoms: Atoms;
  readonly feeBps: number;
  readonly leftoverBeforeAtoms: Atoms;
  /** R17: approved boosts. */
  readonly boostAtoms: Atoms;
}

export interface DayPool {
  /** Of what was released, the users' part. */
  readonly poolPartAtoms: Atoms;
  /** The exchange's fee on the users' part. */
  readonly feeAtoms: Atoms;
  /** The rest, earned by the exchange's own coins: to the treasury account, visibly. */
  readonly treasuryPartAtoms: Atoms;
  /** R17: what the day distributes: pool part + leftover of the day before + boosts. */
  readonly poolAtoms: Atoms;
}

const FULL_BPS = 10_000n;

/** R16, R17: what stake earned belongs to whoever's coins were staked: floor(released x min(1, Q/S)), less the fee, in
 *  one division rounded down. Q = 0: nobody's coins, all to the treasury. S = 0 with Q > 0 (a late part of stake that
 *  is gone): the ratio is above one, all to the users. pool part + fee + treasury part = released, to the atom. */
export function poolOfDay(input: PoolInput): DayPool {
  const { releasedAtoms, qualifyingAtoms, stakeAtoms, feeBps } = input;
  invariant(isWholeNumber(feeBps, 0, 10_000), 'a fee lies between 0 and 10000 basis points', { feeBps });
  const covered = qualifyingAtoms >= stakeAtoms ? 1n : qualifyingAtoms;
  const of = qualifyingAtoms >= stakeAtoms ? 1n : stakeAtoms;
  const beforeFee = qualifyingAtoms === 0n ? 0n : (releasedAtoms * covered) / of;
  const poolPart =
    qualifyingAtoms === 0n ? 0n : (releasedAtoms * covered * (FULL_BPS - BigInt(feeBps))) / (of * FULL_BPS);
  return {
    poolPartAtoms: atoms(poolPart),
    feeAtoms: atoms(beforeFee - poolPart),
    treasuryPartAtoms: atoms(releasedAtoms - beforeFee),
    poolAtoms: atoms(poolPart + input.leftoverBeforeAtoms + input.boostAtoms),
  };
}
