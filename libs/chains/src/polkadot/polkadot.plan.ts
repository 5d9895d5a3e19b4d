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
import { ChainError } from '../chain-error.js';
import { withoutLock } from '../stake-move.js';
import { accountOf } from './polkadot.address.js';

export interface PlanState {
  readonly parameters: ChainParameters;
  readonly positions: readonly Position[];
  readonly validators: readonly ValidatorState[];
}

const DEFAULT_EXIT_SLOTS = 32;

/**
 * One transaction for each intent. Stake lies in one stash and is shared out among its nominees by the election, so:
 * `delegate` adds to what the stash has bonded (exits under way come back before anything free is taken) and makes sure
 * the validator is nominated; `undelegate` takes from the stash, whatever validator is named; `redelegate` exchanges one
 * nominee for another and moves no amount; `claim` of the stash takes out what has been unbonded long enough, `claim` of a
 * validator has its unpaid eras paid out; `chill` of the stash stops nominating, and leaves everything bonded.
 */
export function planIntent(operationId: string, wanted: StakeIntent, state: PlanState, ss58Prefix: number): Step[] {
  if (operationId === '') throw refuse('an operation needs an id before anything is planned');
  const intent = withoutLock('polkadot', wanted);
  for (const address of intent.kind === 'redelegate' ? [intent.from, intent.to] : [intent.validator]) {
    accountOf(address, ss58Prefix);
  }
  const [position] = state.positions;
  const held = (position?.active ?? 0n) + (position?.activating ?? 0n);
  const least = state.parameters.minimumDelegation;
  switch (intent.kind) {
    case 'delegate':
      requireOpen(intent.validator, state);
      if (intent.amount <= 0n) throw refuse('an amount is more than zero');
      if (held + intent.amount < least) {
        throw refuse(`${held} and ${intent.amount} planck are below the chain's minimum of ${least} planck`);
      }
      break;
    case 'undelegate':
      requireUnbond(intent.amount, held, state);
      requireKnown(intent.validator, state);
      break;
    case 'redelegate':
      if (intent.from === intent.to) throw refuse('a redelegation goes to another validator');
      if (held === 0n) throw refuse('nothing is staked');
      requireOpen(intent.to, state);
      break;
    case 'claim':
      requireKnown(intent.validator, state);
      if (intent.validator === position?.validator && position.withdrawable === 0n)
        throw refuse('nothing that was unbonded is ready to be withdrawn');
      break;
    case 'chill':
      if (intent.validator !== position?.validator)
        throw refuse(`${intent.validator} is not our stash: all of it chills, or a redelegation leaves one validator`);
      if (held === 0n) throw refuse('nothing is staked');
      if (state.parameters.others['nominees'] === 'none') throw refuse('no validator is nominated');
  }
  return [{ operationId, index: 0, intent }];
}

function requireOpen(address: string, state: PlanState): void {
  const validator = state.validators.find((one) => one.validator === address);
  if (validator === undefined) throw refuse(`${address} is no validator`);
  if (validator.health !== 'active' && validator.health !== 'inactive') {
    throw refuse(`${address} is ${validator.health} and takes no nomination`);
  }
}

function requireKnown(address: string, { positions, validators }: PlanState): void {
  if (![...positions, ...validators].some((one) => one.validator === address)) {
    throw refuse(`${address} is neither the stash nor a validator`);
  }
}

function requireUnbond(amount: bigint, held: bigint, { parameters, positions }: PlanState): void {
  if (amount <= 0n) throw refuse('an amount is more than zero');
  if (amount > held) throw refuse(`${amount} planck is more than the ${held} planck that are staked`);
  const left = held - amount;
  if (left > 0n && left < parameters.minimumDelegation) {
    throw refuse(`${left} planck would stay, below the chain's minimum of ${parameters.minimumDelegation} planck`);
  }
  const slots = Number(parameters.others['maxUnlockingChunks'] ?? DEFAULT_EXIT_SLOTS);
  const used = positions[0]?.exiting.length ?? 0;
  if (used >= slots) throw refuse(`all ${slots} exits that may run at once are running`);
}

/**
 * R40: judged by the events, not by the status: an extrinsic can succeed and do nothing (`withdrawUnbonded` too early).
 * Nominations leave no event of their own: they are judged by what the chain has stored after the block.
 */
export function effectOf(step: Step, located: Located): EffectVerdict {
  if (located.state !== 'final') return failed(`the transaction is ${located.state}, not final`);
  if (!located.succeeded) return failed(`the transaction failed: ${located.failure ?? 'no reason given'}`);
  const intent = withoutLock('polkadot', step.intent);
  const moved = (kind: FlowObservation['kind']): readonly FlowObservation[] =>
    located.flows.filter((flow) => flow.kind === kind);
  switch (intent.kind) {
    case 'delegate':
      return worse(
        same(intent.amount, sumOf(moved('delegate')), 'bonded'),
        behind(located, (nominees) => nominees.includes(intent.validator)),
      );
    case 'undelegate':
      return same(intent.amount, -sumOf(moved('undelegate')), 'unbonded');
    case 'redelegate':
      return behind(located, (nominees) => nominees.includes(intent.to) && !nominees.includes(intent.from));
    case 'claim':
      return [...moved('claim'), ...moved('withdraw-reward')].some((flow) => flow.amount < 0n)
        ? { kind: 'verified' }
        : failed('nothing was withdrawn and nothing paid out');
    case 'chill':
      return behind(located, (nominees) => nominees.length === 0);
  }
}

/** Whether the stake stands behind those that were wanted, as the chain has stored it. */
function behind(located: Located, wanted: (nominees: readonly string[]) => boolean): EffectVerdict {
  const nominees = 'nominees' in located ? located.nominees : undefined;
  if (nominees === undefined) return failed('whom the stake stands behind was not read');
  return wanted(nominees) ? { kind: 'verified' } : failed(`the stake stands behind ${nominees.join(', ') || 'nobody'}`);
}

function worse(one: EffectVerdict, other: EffectVerdict): EffectVerdict {
  return one.kind === 'failed' ? one : other;
}

function sumOf(flows: readonly FlowObservation[]): bigint {
  return flows.reduce((sum, flow) => sum + flow.activeChange, 0n);
}

function same(wanted: bigint, moved: bigint, done: string): EffectVerdict {
  if (moved === wanted) return { kind: 'verified' };
  return failed(`wanted ${wanted} planck ${done}, the chain moved ${moved}`);
}

function failed(detail: string): EffectVerdict {
  return { kind: 'failed', detail };
}

function refuse(detail: string): ChainError {
  return new ChainError('REFUSED', 'polkadot', detail);
}
