import type { Position, StakeMove, ValidatorState } from '@app/chains';
import { atoms, invariant, type Atoms } from '@app/staking-core';

export interface StakePolicy {
  /** Part of custody that may be delegated; the rest is the buffer (R36). */
  readonly shareBps: bigint;
  /** Validators the stake is spread over. */
  readonly validators: number;
  /** Liquid atoms that are never delegated: fees of the chain. */
  readonly reserve: Atoms;
  /** A smaller addition is not worth a transaction: rewards that came in are left to grow. Absent: the chain's minimum. */
  readonly leastStep?: Atoms;
}

export interface Custody {
  readonly liquid: Atoms;
  readonly positions: readonly Position[];
  readonly validators: readonly ValidatorState[];
  readonly minimumDelegation: Atoms;
}

const BPS = 10_000n;

/**
 * Development only: what to delegate now, so that custody is staked up to its share and evenly over the healthy
 * validators of lowest commission. Never takes back. Same custody, same answer.
 * R36: what is staked and what is asked for together stay within the share; the caller makes sure nothing is in flight.
 */
export function delegationsToTarget(custody: Custody, policy: StakePolicy): StakeMove[] {
  const { liquid, positions, minimumDelegation } = custody;
  const least = greater(minimumDelegation, policy.leastStep ?? atoms(0n));
  const staked = positions.reduce((sum, position) => sum + position.active + position.activating, 0n);
  const target = ((liquid + positions.reduce((sum, position) => sum + totalOf(position), 0n)) * policy.shareBps) / BPS;
  let room = lesser(target - staked, liquid - policy.reserve);
  const chosen = chooseValidators(custody.validators, policy.validators);
  if (chosen.length === 0) return [];
  const each = target / BigInt(chosen.length);
  const intents: StakeMove[] = [];
  for (const { validator } of chosen) {
    const amount = lesser(each - stakeWith(positions, validator), room);
    if (amount <= 0n || amount < least) continue;
    intents.push({ kind: 'delegate', validator, amount: atoms(amount) });
    room -= amount;
  }
  const asked = intents.reduce((sum, intent) => sum + ('amount' in intent ? intent.amount : 0n), 0n);
  invariant(asked === 0n || staked + asked <= target, 'R36: delegated and in flight stay within the share', {
    staked,
    asked,
    target,
  });
  return intents;
}

/** Lowest commission first; the chain's own key decides between equals, so that every process chooses the same. */
function chooseValidators(validators: readonly ValidatorState[], count: number): ValidatorState[] {
  return validators
    .filter((validator) => validator.health === 'active' && validator.earning)
    .sort((a, b) => compare(a.commissionBps, b.commissionBps) || compare(a.validator, b.validator))
    .slice(0, count);
}

function stakeWith(positions: readonly Position[], validator: string): bigint {
  return positions
    .filter((position) => position.validator === validator)
    .reduce((sum, position) => sum + position.active + position.activating, 0n);
}

function totalOf({ active, activating, exiting, withdrawable, claimable }: Position): bigint {
  return exiting.reduce((sum, exit) => sum + exit.amount, active + activating + withdrawable + claimable);
}

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const compare = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
