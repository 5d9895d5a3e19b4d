/** Pure: what the chain would refuse is refused here, with the numbers; and whether what moved is what was wanted. */
import type {
  ChainParameters,
  CommonIntent,
  EffectVerdict,
  FlowObservation,
  Located,
  Position,
  StakeIntent,
  Step,
  ValidatorState,
} from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { ownAddress } from './bnb.decode.js';

export interface PlanState {
  readonly parameters: ChainParameters;
  readonly positions: readonly Position[];
  readonly validators: readonly ValidatorState[];
}

/** BNB needs one transaction for each intent. Throws `REFUSED` with a sentence that a person can act on. */
export function planIntent(operationId: string, wanted: StakeIntent, state: PlanState): readonly Step[] {
  if (operationId === '') throw refuse('an operation needs an id before anything is planned');
  if (state.parameters.others['paused'] === 'true') throw refuse('the StakeHub is paused');
  if (state.parameters.others['blackListed'] === 'true')
    throw refuse('our account is on the black list of the StakeHub');
  const intent = normalIntent(wanted);
  switch (intent.kind) {
    case 'delegate':
      requireOpen(intent.validator, state);
      requireMinimum(intent.amount, state);
      break;
    case 'undelegate':
      requireHolding(intent.validator, intent.amount, state);
      break;
    case 'redelegate':
      if (intent.from === intent.to) throw refuse('a redelegation goes to another validator');
      requireOpen(intent.to, state);
      requireMinimum(intent.amount, state);
      requireHolding(intent.from, intent.amount, state);
      break;
    case 'claim': {
      const ready = state.positions.find((one) => one.validator === intent.validator)?.withdrawable ?? 0n;
      if (ready === 0n) throw refuse(`nothing is ready to be claimed from ${intent.validator}`);
    }
  }
  return [{ operationId, index: 0, intent }];
}

/** The same intent with addresses in the product's spelling. Throws `REFUSED` for what BNB has no transaction for. */
export function normalIntent(intent: StakeIntent): CommonIntent {
  if (intent.kind === 'chill') throw refuse('stake that stays with a validator earns: BNB has no chill, undelegate it');
  if (intent.kind === 'redelegate') {
    return { ...intent, from: ownAddress(intent.from, 'the source'), to: ownAddress(intent.to, 'the target') };
  }
  return { ...intent, validator: ownAddress(intent.validator, 'the validator') };
}

function requireOpen(operator: string, state: PlanState): void {
  const validator = state.validators.find((one) => one.validator === operator);
  if (validator === undefined) throw refuse(`${operator} is no validator`);
  if (validator.health === 'jailed') throw refuse(`${operator} is jailed and takes no delegation`);
}

function requireMinimum(amount: bigint, state: PlanState): void {
  const minimum = state.parameters.minimumDelegation;
  if (amount < minimum) throw refuse(`${amount} wei is below the chain's minimum of ${minimum} wei`);
}

function requireHolding(operator: string, amount: bigint, state: PlanState): void {
  const active = state.positions.find((one) => one.validator === operator)?.active ?? 0n;
  if (amount <= 0n) throw refuse('an amount is more than zero');
  if (amount > active) throw refuse(`${amount} wei is more than the ${active} wei that ${operator} holds for us`);
}

/**
 * R40: judged by the events, not by the status. A delegation must have moved the exact amount; what leaves is counted in
 * shares, whose value grows between building and inclusion, so one percent of difference is allowed there.
 */
export function effectOf(step: Step, located: Located): EffectVerdict {
  if (located.state !== 'final') return failed(`the transaction is ${located.state}, not final`);
  if (!located.succeeded) return failed(`the transaction failed: ${located.failure ?? 'no reason given'}`);
  const intent = normalIntent(step.intent);
  const found = (kind: FlowObservation['kind'], validator: string): FlowObservation | undefined =>
    located.flows.find((flow) => flow.kind === kind && flow.validator === validator);
  switch (intent.kind) {
    case 'delegate': {
      const flow = found('delegate', intent.validator);
      if (flow?.amount === intent.amount) return { kind: 'verified' };
      return failed(`wanted ${intent.amount} wei delegated, the chain moved ${flow?.amount ?? 0n}`);
    }
    case 'undelegate':
      return near(intent.amount, -(found('undelegate', intent.validator)?.activeChange ?? 0n), 'undelegated');
    case 'redelegate':
      if (found('redelegate-in', intent.to) === undefined) return failed(`nothing arrived at ${intent.to}`);
      return near(intent.amount, -(found('redelegate-out', intent.from)?.amount ?? 0n), 'redelegated');
    case 'claim':
      return (found('claim', intent.validator)?.amount ?? 0n) < 0n
        ? { kind: 'verified' }
        : failed('nothing was claimed');
  }
}

function near(wanted: bigint, moved: bigint, done: string): EffectVerdict {
  const difference = wanted > moved ? wanted - moved : moved - wanted;
  if (moved > 0n && difference <= wanted / 100n + 10n) return { kind: 'verified' };
  return failed(`wanted ${wanted} wei ${done}, the chain moved ${moved}`);
}

function failed(detail: string): EffectVerdict {
  return { kind: 'failed', detail };
}

function refuse(detail: string): ChainError {
  return new ChainError('REFUSED', 'bnb', detail);
}
