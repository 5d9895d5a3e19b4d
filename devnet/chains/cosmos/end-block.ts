/** The end of a block in x/staking, as the SDK does it (x/staking/keeper/val_state_change.go, v0.53). */
import { BONDED_POOL, NOT_BONDED_POOL, send } from './bank.js';
import { POWER_REDUCTION } from './staking.js';
import { coinText, emit, type ChainState, type Context } from './state.js';

/** What the end of every block does: who is in the set, and what has come to its end. */
export function endBlock(context: Context): void {
  updateValidatorSet(context);
  const { state, timeNs } = context;
  for (const validator of state.validators.values()) {
    if (validator.status === 'unbonding' && validator.unbondingNs <= timeNs) {
      state.validators.set(validator.operator, { ...validator, status: 'unbonded' });
    }
  }
  for (const [key, entries] of state.unbondings.entries()) {
    const mature = entries.filter((one) => one.completionNs <= timeNs);
    if (mature.length === 0) continue;
    const [delegator = '', validator = ''] = key.split('/');
    const amount = mature.reduce((sum, one) => sum + one.balance, 0n);
    send(state, NOT_BONDED_POOL, delegator, amount);
    const rest = entries.filter((one) => one.completionNs > timeNs);
    if (rest.length === 0) state.unbondings.delete(key);
    else state.unbondings.set(key, rest);
    emit(context, 'complete_unbonding', { amount: amount === 0n ? '' : coinText(amount), validator, delegator });
  }
  for (const [key, entries] of state.redelegations.entries()) {
    const mature = entries.filter((one) => one.completionNs <= timeNs);
    if (mature.length === 0) continue;
    const [delegator = '', source = '', target = ''] = key.split('/');
    const rest = entries.filter((one) => one.completionNs > timeNs);
    if (rest.length === 0) state.redelegations.delete(key);
    else state.redelegations.set(key, rest);
    const amount = coinText(mature.reduce((sum, one) => sum + one.initialBalance, 0n));
    emit(context, 'complete_redelegation', {
      amount,
      delegator,
      source_validator: source,
      destination_validator: target,
    });
  }
}

function updateValidatorSet(context: Context): void {
  const { state, height, timeNs } = context;
  const able = state.validators
    .values()
    .filter((one) => !one.jailed && one.tokens >= POWER_REDUCTION)
    .sort((a, b) => (a.tokens !== b.tokens ? (a.tokens > b.tokens ? -1 : 1) : a.operator < b.operator ? -1 : 1))
    .slice(0, state.params.maxValidators);
  const elected = new Set(able.map((one) => one.operator));
  for (const validator of state.validators.values()) {
    if (elected.has(validator.operator) && validator.status !== 'bonded') {
      send(state, NOT_BONDED_POOL, BONDED_POOL, validator.tokens);
      state.validators.set(validator.operator, {
        ...validator,
        status: 'bonded',
        unbondingHeight: 0n,
        unbondingNs: 0n,
      });
    }
    if (!elected.has(validator.operator) && validator.status === 'bonded') {
      send(state, BONDED_POOL, NOT_BONDED_POOL, validator.tokens);
      const unbondingNs = timeNs + state.params.unbondingNs;
      state.validators.set(validator.operator, {
        ...validator,
        status: 'unbonding',
        unbondingHeight: height,
        unbondingNs,
      });
    }
  }
}

export function bondedPowers(state: ChainState): { operator: string; power: bigint }[] {
  return state.validators
    .values()
    .filter((one) => one.status === 'bonded')
    .map((one) => ({ operator: one.operator, power: one.tokens / POWER_REDUCTION }));
}
