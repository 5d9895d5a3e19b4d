/** Pure: what the chain would refuse is refused here, with the numbers; and whether what moved is what was wanted. */
import type {
  ChainParameters,
  EffectVerdict,
  FlowObservation,
  Located,
  Position,
  StakeIntent,
  Step,
  ValidatorState,
} from '../chain-adapter.js';
import { atoms } from '@app/staking-core';

import { ChainError } from '../chain-error.js';
import { checkedIntent } from './cosmos.messages.js';

export interface PlanState {
  readonly parameters: ChainParameters;
  readonly positions: readonly Position[];
  readonly validators: readonly ValidatorState[];
}

export interface PlanOptions {
  /** No delegation while our shares could be made transferable: they are locked first. */
  readonly requireTokenizeLock: boolean;
}

/**
 * One transaction for each validator concerned, and one before a delegation where our shares are not locked yet (or not for
 * long): what is staked must never be transferable by whoever steals the key. Throws `REFUSED` with a sentence that a
 * person can act on.
 */
export function planIntent(
  operationId: string,
  wanted: StakeIntent,
  state: PlanState,
  options: PlanOptions,
): readonly Step[] {
  if (operationId === '') throw refuse('an operation needs an id before anything is planned');
  if (operationId.length > 200) throw refuse('an operation id is a memo on this chain: 200 characters at most');
  const intent = checkedIntent(wanted);
  switch (intent.kind) {
    case 'delegate': {
      requireOpen(intent.validator, state);
      requireAmount(intent.amount);
      const first = options.requireTokenizeLock && canBeTokenized(state) ? [{ kind: 'lock-shares' } as const] : [];
      return [...first, intent].map((one, index) => ({ operationId, index, intent: one }));
    }
    case 'undelegate':
      requireHolding(intent.validator, intent.amount, state);
      return exitSteps(operationId, intent.validator, intent.amount, state);
    case 'redelegate':
      if (intent.from === intent.to) throw refuse('a redelegation goes to another validator');
      requireOpen(intent.to, state);
      requireHolding(intent.from, intent.amount, state);
      requireMovable(intent.from, intent.to, state);
      return [{ operationId, index: 0, intent }];
    case 'claim': {
      const ready = positionAt(intent.validator, state)?.claimable ?? 0n;
      if (ready === 0n) throw refuse(`${intent.validator} owes us no whole uatom of rewards`);
      return [{ operationId, index: 0, intent }];
    }
    case 'lock-shares':
      if (lockStatus(state) === 'absent') throw refuse('the chain has no x/liquid: there are no shares to lock');
      if (lockStatus(state) === 'locked') throw refuse('our shares are locked already');
      return [{ operationId, index: 0, intent }];
  }
}

/**
 * The chain takes a few unbonding entries (7) per delegator and validator, each for the whole unbonding time. Where the
 * wanted validator has none left, the same amount leaves from others that hold our stake: most free slots first, then
 * most stake; each is one step with an amount of its own.
 */
function exitSteps(operationId: string, validator: string, amount: bigint, state: PlanState): Step[] {
  const step = (index: number, from: string, part: bigint): Step => ({
    operationId,
    index,
    intent: { kind: 'undelegate', validator: from, amount: atoms(part) },
  });
  if (freeSlots(positionAt(validator, state), state) > 0) return [step(0, validator, amount)];
  const others = state.positions
    .filter((one) => one.validator !== validator && one.active > 0n && freeSlots(one, state) > 0)
    .sort((a, b) => freeSlots(b, state) - freeSlots(a, state) || byStake(a, b));
  const steps: Step[] = [];
  let left = amount;
  for (const one of others) {
    if (left === 0n) break;
    const part = one.active < left ? one.active : left;
    steps.push(step(steps.length, one.validator, part));
    left -= part;
  }
  if (left > 0n) {
    throw refuse(
      `all ${maxEntries(state)} exits of ${validator} are taken until ${nextFree(validator, state)}, ` +
        `and other validators with a free one hold ${left} uatom too little`,
    );
  }
  return steps;
}

function byStake(a: Position, b: Position): number {
  if (a.active !== b.active) return a.active > b.active ? -1 : 1;
  return a.validator < b.validator ? -1 : 1;
}

function freeSlots(position: Position | undefined, state: PlanState): number {
  return maxEntries(state) - (position?.exiting.length ?? 0);
}

function nextFree(validator: string, state: PlanState): string {
  const times = (positionAt(validator, state)?.exiting ?? []).flatMap((one) => one.readyAtMs ?? []);
  const first = times.reduce((least, one) => (one < least ? one : least), times[0] ?? 0n);
  return new Date(Number(first)).toISOString(); // a time, for people
}

function maxEntries(state: PlanState): number {
  const said = state.parameters.others['maxEntries'] ?? '';
  if (!/^\d{1,6}$/.test(said)) throw refuse('the parameters do not say how many exits may run at once');
  return Number(said); // a small count, not money
}

/** Stake that came by redelegation stays until its time; and a pair of validators has as many entries as exits have. */
function requireMovable(from: string, to: string, state: PlanState): void {
  const held = positionAt(from, state)?.arrived ?? [];
  const until = held.reduce((last, one) => (one.heldUntilMs > last ? one.heldUntilMs : last), 0n);
  if (held.length > 0) {
    throw refuse(
      `${from} received redelegated stake: none of it may be redelegated before ${new Date(Number(until)).toISOString()}`,
    );
  }
  const entries = (positionAt(to, state)?.arrived ?? []).filter((one) => one.from === from).length;
  if (entries >= maxEntries(state))
    throw refuse(`${entries} redelegations from ${from} to ${to} are under way already`);
}

/** Undefined: not told for an account; then `build` asks the chain itself. */
function lockStatus(state: PlanState): string | undefined {
  return state.parameters.others['tokenizeShares'];
}

function canBeTokenized(state: PlanState): boolean {
  const said = lockStatus(state);
  return said !== undefined && said !== 'absent' && said !== 'locked';
}

function requireOpen(validator: string, state: PlanState): void {
  const found = state.validators.find((one) => one.validator === validator);
  if (found === undefined) throw refuse(`${validator} is no validator`);
  if (found.health === 'jailed' || found.health === 'tombstoned') {
    throw refuse(`${validator} is ${found.health}: what is delegated to it earns nothing and can be slashed`);
  }
}

function requireAmount(amount: bigint): void {
  if (amount <= 0n) throw refuse('an amount is more than zero');
}

function requireHolding(validator: string, amount: bigint, state: PlanState): void {
  requireAmount(amount);
  const active = positionAt(validator, state)?.active ?? 0n;
  if (amount > active) throw refuse(`${amount} uatom is more than the ${active} uatom that ${validator} holds for us`);
}

function positionAt(validator: string, state: PlanState): Position | undefined {
  return state.positions.find((one) => one.validator === validator);
}

/**
 * R40: judged by the events, not by the status. What is delegated must be the exact amount; what leaves is counted in
 * shares, and after a slash of the validator one share is no whole uatom: two uatom of difference are allowed there.
 */
export function effectOf(step: Step, located: Located): EffectVerdict {
  if (located.state !== 'final') return failed(`the transaction is ${located.state}, not final`);
  const intent = checkedIntent(step.intent);
  if (intent.kind === 'lock-shares') return lockOf(located.readBack);
  if (!located.succeeded) return failed(`the transaction failed: ${located.failure ?? 'no reason given'}`);
  const found = (kind: FlowObservation['kind'], validator: string): FlowObservation | undefined =>
    located.flows.find((flow) => flow.kind === kind && flow.validator === validator);
  switch (intent.kind) {
    case 'delegate':
      return near(intent.amount, found('delegate', intent.validator)?.amount ?? 0n, 0n, 'delegated');
    case 'undelegate':
      return near(intent.amount, -(found('undelegate', intent.validator)?.activeChange ?? 0n), 2n, 'undelegated');
    case 'redelegate':
      if (found('redelegate-in', intent.to) === undefined) return failed(`nothing arrived at ${intent.to}`);
      return near(intent.amount, -(found('redelegate-out', intent.from)?.amount ?? 0n), 2n, 'redelegated');
    case 'claim':
      return (found('withdraw-reward', intent.validator)?.amount ?? 0n) < 0n
        ? { kind: 'verified' }
        : failed('no reward was withdrawn');
  }
}

/** No event says it; the state does, as it is now. Also where the chain refused ours because somebody was first. */
function lockOf(readBack: Readonly<Record<string, string>> | undefined): EffectVerdict {
  const said = readBack?.['tokenizeShares'] ?? 'not read back';
  return said === 'locked' ? { kind: 'verified' } : failed(`our shares are not locked: ${said}`);
}

function near(wanted: bigint, moved: bigint, tolerance: bigint, done: string): EffectVerdict {
  const difference = wanted > moved ? wanted - moved : moved - wanted;
  if (moved > 0n && difference <= tolerance) return { kind: 'verified' };
  return failed(`wanted ${wanted} uatom ${done}, the chain moved ${moved}`);
}

function failed(detail: string): EffectVerdict {
  return { kind: 'failed', detail };
}

function refuse(detail: string): ChainError {
  return new ChainError('REFUSED', 'cosmos', detail);
}
