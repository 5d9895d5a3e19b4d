import { ZERO_ATOMS, atoms, sumAtoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';
import { payoutUnit } from '../money/payout-unit.js';
import type { TokenRules } from '../tokens/token-rules.js';
import { poolOfDay } from './pool.js';
import type { DayPool } from './pool.js';
import { splitReward } from './split-reward.js';
import { weightsOf } from './weight.js';
import type { AccountAverage, AccountWeight } from './weight.js';

export interface DayInput {
  readonly rules: TokenRules;
  readonly releasedAtoms: Atoms;
  /** S. */
  readonly stakeAtoms: Atoms;
  readonly leftoverBeforeAtoms: Atoms;
  readonly boostAtoms: Atoms;
  readonly accounts: readonly AccountAverage[];
}

export interface AccountReward extends AccountWeight {
  readonly rewardAtoms: Atoms;
}

export interface DaySplit {
  /** Q. */
  readonly qualifyingAtoms: Atoms;
  readonly pool: DayPool;
  /** Every account with weight, in the order given; a reward can be zero when the share is below one payout unit. */
  readonly rewards: readonly AccountReward[];
  readonly paidAtoms: Atoms;
  /** R20: opens the next day's pool. */
  readonly leftoverAtoms: Atoms;
}

/** R16-R20: a whole day of one token in memory. Specification and small-scale twin of the set-based SQL. A day without
 *  pool or without weight is a day like any other, with nothing paid (R17). */
export function splitDay(input: DayInput): DaySplit {
  const weighted = weightsOf(input.accounts, input.rules).filter((account) => account.weightAtoms > 0n);
  const qualifyingAtoms = sumAtoms(weighted.map((account) => account.weightAtoms));
  const pool = poolOfDay({ ...input, qualifyingAtoms, feeBps: input.rules.feeBps });
  const unitAtoms = payoutUnit(input.rules);
  const share = { poolAtoms: pool.poolAtoms, totalWeightAtoms: qualifyingAtoms, unitAtoms };
  const rewards = weighted.map((account) => ({ ...account, rewardAtoms: splitReward(share, account.weightAtoms) }));
  const paidAtoms = rewards.length === 0 ? ZERO_ATOMS : sumAtoms(rewards.map((one) => one.rewardAtoms));
  const leftoverAtoms = atoms(pool.poolAtoms - paidAtoms);
  assertConserved(input, pool, paidAtoms, leftoverAtoms);
  return { qualifyingAtoms, pool, rewards, paidAtoms, leftoverAtoms };
}

/** Everything that came in went somewhere, to the atom. */
function assertConserved(input: DayInput, pool: DayPool, paidAtoms: Atoms, leftoverAtoms: Atoms): void {
  const came = input.releasedAtoms + input.leftoverBeforeAtoms + input.boostAtoms;
  const went = paidAtoms + leftoverAtoms + pool.feeAtoms + pool.treasuryPartAtoms;
  invariant(came === went, 'a day neither makes nor loses atoms (R20)', { came, went });
}
