/** Pure: what the chain would refuse is refused here, with the numbers; an intent becomes transactions; effects are judged. */
import { atoms } from '@app/staking-core';

import type {
  ChainParameters,
  EffectVerdict,
  Located,
  Position,
  StakeIntent,
  Step,
  ValidatorState,
} from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';

export interface PlanState {
  readonly parameters: ChainParameters;
  readonly positions: readonly Position[];
  readonly validators: readonly ValidatorState[];
}

/** Stake accounts that one transaction can merge into another, or withdraw from: its size allows no more. */
export const MOST_MERGES = 5;
export const MOST_WITHDRAWALS = 8;

/** What leaves, and out of which stake accounts: `merge` into `from`, then a part or all of it is deactivated. */
export interface Exit {
  readonly from: string;
  readonly merge: readonly string[];
  /** The amount that is split off; null: the whole account leaves. */
  readonly split: bigint | null;
}

/** @throws ChainError `REFUSED` with a sentence that a person can act on */
export function planIntent(
  operationId: string,
  intent: StakeIntent,
  state: PlanState,
  largestTranche: bigint,
): readonly Step[] {
  if (operationId === '') throw refuse('an operation needs an id before anything is planned');
  return intentsOf(intent, state, largestTranche).map((one, index) => ({ operationId, index, intent: one }));
}

function intentsOf(intent: StakeIntent, state: PlanState, largestTranche: bigint): StakeIntent[] {
  switch (intent.kind) {
    case 'delegate':
      return delegations(intent, state, largestTranche);
    case 'undelegate':
      return undelegations(intent, state);
    case 'redelegate':
      throw refuse('a stake account changes its validator by leaving the old one first: undelegate, claim, delegate');
    case 'chill':
      throw refuse('a stake account that earns no more is on its way out: Solana has no chill, undelegate it');
    case 'claim': {
      const count = claimable(state.positions, intent.validator).length;
      if (count === 0) throw refuse(`nothing is ready to be withdrawn from ${intent.validator}`);
      return Array.from({ length: Math.ceil(count / MOST_WITHDRAWALS) }, () => intent);
    }
  }
}

/** In tranches, each a stake account of its own: lamports pass through JS numbers where bytes are made. */
function delegations(
  intent: Extract<StakeIntent, { kind: 'delegate' }>,
  state: PlanState,
  largestTranche: bigint,
): StakeIntent[] {
  const validator = state.validators.find((one) => one.validator === intent.validator);
  if (validator === undefined) throw refuse(`${intent.validator} is no validator`);
  if (!validator.earning) throw refuse(`${intent.validator} does not vote, stake with it would earn nothing`);
  const minimum = state.parameters.minimumDelegation;
  if (intent.amount < minimum || intent.amount <= 0n) {
    throw refuse(`${intent.amount} lamports is below the chain's minimum of ${minimum} lamports`);
  }
  const count = (intent.amount + largestTranche - 1n) / largestTranche;
  const each = intent.amount / count;
  return Array.from({ length: Number(count) }, (_, i) => {
    const amount = i === 0 ? intent.amount - each * (count - 1n) : each;
    return { ...intent, amount: atoms(amount) };
  });
}

/** As few transactions as will do: one, unless the amount lies in more stake accounts than one can merge. */
function undelegations(intent: Extract<StakeIntent, { kind: 'undelegate' }>, state: PlanState): StakeIntent[] {
  const movable = fullyActive(state.positions, intent.validator);
  const held = movable.reduce((sum, one) => sum + one.active, 0n);
  if (intent.amount <= 0n) throw refuse('an amount is more than zero');
  if (intent.amount > held) {
    throw refuse(`${intent.amount} lamports is more than the ${held} lamports that ${intent.validator} holds for us`);
  }
  const intents: StakeIntent[] = [];
  let left: bigint = intent.amount;
  let rest = movable;
  while (exitOf(rest, left, state.parameters.minimumDelegation) === null) {
    const group = rest.slice(0, MOST_MERGES + 1);
    const amount = group.reduce((sum, one) => sum + one.active, 0n);
    intents.push({ ...intent, amount: atoms(amount) });
    left -= amount;
    rest = rest.slice(MOST_MERGES + 1);
  }
  return [...intents, { ...intent, amount: atoms(left) }];
}

/** Active in full, nothing of it on the way in or out: such accounts of one validator can be merged. Largest first. */
export function fullyActive(positions: readonly Position[], validator: string): Position[] {
  return positions
    .filter(
      (one) => one.validator === validator && one.active > 0n && one.activating === 0n && one.exiting.length === 0,
    )
    .sort((a, b) => (b.active > a.active ? 1 : b.active < a.active ? -1 : a.key < b.key ? -1 : 1));
}

/**
 * How one transaction takes `amount` out. An account whose stake is the amount leaves whole; else a part is split off
 * the smallest that can spare it; else the largest are merged first. What would be left below the chain's minimum leaves
 * too. null: it takes more than one transaction.
 */
export function exitOf(movable: readonly Position[], amount: bigint, minimum: bigint): Exit | null {
  const whole = movable.find((one) => one.active === amount);
  if (whole !== undefined) return { from: whole.key, merge: [], split: null };
  const spare = movable.findLast((one) => one.active >= amount + minimum && amount >= minimum);
  if (spare !== undefined) return { from: spare.key, merge: [], split: amount };
  const nearly = movable.findLast((one) => one.active >= amount);
  let sum = 0n;
  for (const [i, one] of movable.slice(0, MOST_MERGES + 1).entries()) {
    sum += one.active;
    const merge = movable.slice(1, i + 1).map((each) => each.key);
    if (i > 0 && sum === amount) return { from: movable[0]?.key ?? '', merge, split: null };
    if (i > 0 && amount >= minimum && sum >= amount + minimum)
      return { from: movable[0]?.key ?? '', merge, split: amount };
  }
  if (nearly !== undefined && nearly.active - amount < minimum) return { from: nearly.key, merge: [], split: null };
  const all = movable.length <= MOST_MERGES + 1 && sum >= amount && sum - amount < minimum;
  return all ? { from: movable[0]?.key ?? '', merge: movable.slice(1).map((one) => one.key), split: null } : null;
}

/** Stake accounts that something can be withdrawn from, in a fixed order. */
export function claimable(positions: readonly Position[], validator: string): Position[] {
  return positions
    .filter((one) => one.validator === validator && (one.withdrawable > 0n || one.claimable > 0n))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** R40: judged by what moved. What leaves may take along a rest that the chain would not let stand alone. */
export function effectOf(step: Step, located: Located): EffectVerdict {
  if (located.state !== 'final') return failed(`the transaction is ${located.state}, not final`);
  if (!located.succeeded) return failed(`the transaction failed: ${located.failure ?? 'no reason given'}`);
  const { intent } = step;
  switch (intent.kind) {
    case 'delegate': {
      const moved = located.flows
        .filter(
          (one) => one.kind === 'delegate' && one.validator === intent.validator && one.activeChange === one.amount,
        )
        .reduce((sum, one) => sum + one.amount, 0n);
      return moved === intent.amount
        ? { kind: 'verified' }
        : failed(`wanted ${intent.amount} lamports delegated, the chain moved ${moved}`);
    }
    case 'undelegate': {
      const left = -located.flows
        .filter((one) => one.validator === intent.validator)
        .reduce((sum, one) => sum + one.activeChange, 0n);
      return left >= intent.amount && left - intent.amount <= intent.amount / 100n + LARGEST_REST
        ? { kind: 'verified' }
        : failed(`wanted ${intent.amount} lamports undelegated, the chain moved ${left}`);
    }
    case 'claim': {
      const out = located.flows.filter((one) => one.kind === 'claim' || one.kind === 'withdraw-reward');
      return out.some((one) => one.amount < 0n && one.validator === intent.validator)
        ? { kind: 'verified' }
        : failed('nothing was withdrawn');
    }
    case 'redelegate':
    case 'chill':
      return failed('this product makes no such transaction on Solana');
  }
}

/** The chain's minimum was 1 SOL at most: less than that cannot be left behind, and leaves with the rest. */
const LARGEST_REST = 1_000_000_000n;

const failed = (detail: string): EffectVerdict => ({ kind: 'failed', detail });

function refuse(detail: string): ChainError {
  return new ChainError('REFUSED', 'solana', detail);
}
