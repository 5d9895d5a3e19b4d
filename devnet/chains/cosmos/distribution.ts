/** x/distribution: F1 fee distribution with the SDK's own order of roundings (x/distribution/keeper, v0.53). */
import { dec, ONE, type Dec } from './dec.js';
import { balanceOf, DISTRIBUTION, FEE_COLLECTOR, send } from './bank.js';
import {
  coinText,
  emit,
  SdkError,
  type Context,
  type ChainState,
  type ValidatorRewards,
  type Validator,
} from './state.js';

export interface Vote {
  readonly operator: string;
  readonly power: bigint;
}

function rewardsOf(state: ChainState, validator: string): ValidatorRewards {
  const found = state.rewards.get(validator);
  if (found === undefined) throw new Error(`the model has no rewards of ${validator}`);
  return found;
}

export function initializeValidator(state: ChainState, validator: string): void {
  state.historical.set(`${validator}/0`, { ratio: 0n, references: 1 });
  state.rewards.set(validator, { current: 0n, period: 1n, outstanding: 0n, commission: 0n });
}

/** Divides what fees and inflation have brought among the validators that signed the last block. */
export function allocateTokens(context: Context, votes: readonly Vote[]): void {
  const { state } = context;
  const collected = balanceOf(state, FEE_COLLECTOR);
  send(state, FEE_COLLECTOR, DISTRIBUTION, collected);
  const fees = dec.fromInt(collected);
  const total = votes.reduce((sum, vote) => sum + vote.power, 0n);
  if (total === 0n) {
    state.communityPool += fees;
    return;
  }
  let remaining = fees;
  const feeMultiplier = dec.mulTruncate(fees, ONE - state.params.communityTax);
  for (const vote of votes) {
    const fraction = dec.quoTruncate(dec.fromInt(vote.power), dec.fromInt(total));
    const reward = dec.mulTruncate(feeMultiplier, fraction);
    allocateToValidator(context, vote.operator, reward);
    remaining -= reward;
  }
  state.communityPool += remaining;
}

function allocateToValidator({ state }: Context, operator: string, tokens: Dec): void {
  const validator = state.validators.get(operator);
  if (validator === undefined) throw new Error(`the model pays ${operator}, which does not exist`);
  const commission = dec.mul(tokens, validator.commission);
  const had = rewardsOf(state, operator);
  state.rewards.set(operator, {
    ...had,
    commission: had.commission + commission,
    current: had.current + (tokens - commission),
    outstanding: had.outstanding + tokens,
  });
}

/** Ends the validator's period; returns its number. */
export function incrementPeriod(state: ChainState, validator: Validator): bigint {
  let rewards = rewardsOf(state, validator.operator);
  let current: Dec;
  if (validator.tokens === 0n) {
    state.communityPool += rewards.current;
    rewards = { ...rewards, outstanding: rewards.outstanding - rewards.current };
    current = 0n;
  } else {
    current = dec.quoTruncate(rewards.current, dec.fromInt(validator.tokens));
  }
  const before = `${validator.operator}/${rewards.period - 1n}`;
  const ratio = (state.historical.get(before)?.ratio ?? 0n) + current;
  changeReferences(state, before, -1);
  state.historical.set(`${validator.operator}/${rewards.period}`, { ratio, references: 1 });
  state.rewards.set(validator.operator, { ...rewards, current: 0n, period: rewards.period + 1n });
  return rewards.period;
}

function changeReferences(state: ChainState, key: string, by: 1 | -1): void {
  const found = state.historical.get(key);
  if (found === undefined) throw new Error(`the model has no historical rewards ${key}`);
  const references = found.references + by;
  if (references > 2 || references < 0)
    throw new Error(`historical rewards ${key} would have ${references} references`);
  if (references === 0) state.historical.delete(key);
  else state.historical.set(key, { ...found, references });
}

/** Hook: before a delegation that does not exist yet. */
export function beforeDelegationCreated(state: ChainState, validator: Validator): void {
  incrementPeriod(state, validator);
}

/** Hook: after the shares of a delegation have changed. */
export function initializeDelegation(context: Context, delegator: string, validator: Validator): void {
  const { state } = context;
  const period = rewardsOf(state, validator.operator).period - 1n;
  changeReferences(state, `${validator.operator}/${period}`, 1);
  const shares = state.delegations.get(`${delegator}/${validator.operator}`) ?? 0n;
  const stake = dec.quoTruncate(dec.mulInt(shares, validator.tokens), validator.shares);
  state.starting.set(`${validator.operator}/${delegator}`, { period, stake, height: context.height });
}

/** What a delegation has earned up to the end of `endingPeriod`. */
export function calculateRewards(context: Context, delegator: string, validator: Validator, endingPeriod: bigint): Dec {
  const { state, height } = context;
  const start = state.starting.get(`${validator.operator}/${delegator}`);
  if (start === undefined) throw new SdkError('distribution', 5, 'no delegation distribution info');
  if (start.height === height) return 0n;
  let rewards: Dec = 0n;
  let { stake, period } = start;
  const between = (from: bigint, to: bigint, held: Dec): Dec => {
    const ratio = (at: bigint): Dec => state.historical.get(`${validator.operator}/${at}`)?.ratio ?? 0n;
    return dec.mulTruncate(ratio(to) - ratio(from), held);
  };
  for (const slash of state.slashes.get(validator.operator) ?? []) {
    if (slash.height < start.height || slash.height > height || slash.period <= period) continue;
    rewards += between(period, slash.period, stake);
    stake = dec.mulTruncate(stake, ONE - slash.fraction);
    period = slash.period;
  }
  const shares = state.delegations.get(`${delegator}/${validator.operator}`) ?? 0n;
  const currentStake = dec.quo(dec.mulInt(shares, validator.tokens), validator.shares);
  if (stake > currentStake) {
    if (stake > currentStake + 3n) {
      throw new Error(`calculated final stake of ${delegator} greater than current stake: ${stake} > ${currentStake}`);
    }
    stake = currentStake;
  }
  return rewards + between(period, endingPeriod, stake);
}

/** Pays what a delegation has earned, whole units only; the fraction goes to the community pool. */
export function withdrawRewards(context: Context, delegator: string, validator: Validator): bigint {
  const { state } = context;
  const key = `${validator.operator}/${delegator}`;
  if (state.starting.get(key) === undefined) throw new SdkError('distribution', 5, 'no delegation distribution info');
  const endingPeriod = incrementPeriod(state, validator);
  const raw = calculateRewards(context, delegator, validator, endingPeriod);
  const rewards = rewardsOf(state, validator.operator);
  const paid = dec.min(raw, rewards.outstanding);
  const whole = dec.truncateInt(paid);
  send(state, DISTRIBUTION, state.withdrawTo.get(delegator) ?? delegator, whole);
  state.communityPool += paid - dec.fromInt(whole);
  state.rewards.set(validator.operator, { ...rewards, outstanding: rewards.outstanding - paid });
  const start = state.starting.get(key);
  if (start !== undefined) changeReferences(state, `${validator.operator}/${start.period}`, -1);
  state.starting.delete(key);
  emit(context, 'withdraw_rewards', { amount: coinText(whole), validator: validator.operator, delegator });
  return whole;
}

export function withdrawCommission(context: Context, validator: Validator): bigint {
  const { state } = context;
  const rewards = rewardsOf(state, validator.operator);
  if (rewards.commission === 0n) throw new SdkError('distribution', 3, 'no validator commission to withdraw');
  const whole = dec.truncateInt(rewards.commission);
  const paid = dec.fromInt(whole);
  state.rewards.set(validator.operator, {
    ...rewards,
    commission: rewards.commission - paid,
    outstanding: rewards.outstanding - paid,
  });
  return whole;
}

/** Hook: the stake that earned until now is cut for what it earns from here on. */
export function beforeValidatorSlashed(context: Context, validator: Validator, fraction: Dec): void {
  const { state, height } = context;
  const period = incrementPeriod(state, validator);
  changeReferences(state, `${validator.operator}/${period}`, 1);
  const slashes = state.slashes.get(validator.operator) ?? [];
  state.slashes.set(validator.operator, [...slashes, { period, fraction, height }]);
}
