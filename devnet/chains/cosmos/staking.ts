/** x/staking: delegations, unbonding, redelegation, as the SDK does them (x/staking/keeper, v0.53). */
import { balanceOf, BONDED_POOL, NOT_BONDED_POOL, send } from './bank.js';
import { dec, type Dec } from './dec.js';
import { beforeDelegationCreated, initializeDelegation, withdrawRewards } from './distribution.js';
import {
  coinText,
  SdkError,
  type ChainState,
  type Context,
  type RedelegationEntry,
  type Status,
  type UnbondingEntry,
  type Validator,
} from './state.js';

export const POWER_REDUCTION = 1_000_000n;

export function validatorOf(state: ChainState, operator: string): Validator {
  const found = state.validators.get(operator);
  if (found === undefined) throw new SdkError('staking', 3, 'validator does not exist');
  return found;
}

/** Value of shares, not yet rounded to whole tokens. */
export function tokensFromShares(validator: Validator, shares: Dec): Dec {
  return dec.quo(dec.mulInt(shares, validator.tokens), validator.shares);
}

export function poolOf(status: Status): string {
  return status === 'bonded' ? BONDED_POOL : NOT_BONDED_POOL;
}

/** `source`: the account whose coins are bonded, or the status of the pool where they are already. */
export function delegate(
  context: Context,
  delegator: string,
  operator: string,
  amount: bigint,
  source: { readonly account: string } | { readonly pool: Status },
): Dec {
  const { state } = context;
  const key = `${delegator}/${operator}`;
  const validator = validatorOf(state, operator);
  if (validator.tokens === 0n && validator.shares > 0n) {
    throw new SdkError('staking', 34, 'cannot delegate to validators with invalid (zero) ex-rate');
  }
  if (state.delegations.get(key) === undefined) beforeDelegationCreated(state, validator);
  else withdrawRewards(context, delegator, validator);
  const target = poolOf(validator.status);
  if ('account' in source) {
    const has = balanceOf(state, source.account);
    if (has < amount) {
      const log = `failed to delegate; ${coinText(has)} is smaller than ${coinText(amount)}: insufficient funds`;
      throw new SdkError('sdk', 5, log);
    }
    send(state, source.account, target, amount);
  }
  if ('pool' in source && poolOf(source.pool) !== target) send(state, poolOf(source.pool), target, amount);
  const issued =
    validator.shares === 0n ? dec.fromInt(amount) : dec.quoInt(dec.mulInt(validator.shares, amount), validator.tokens);
  const grown = { ...validator, tokens: validator.tokens + amount, shares: validator.shares + issued };
  state.validators.set(operator, grown);
  state.delegations.set(key, (state.delegations.get(key) ?? 0n) + issued);
  initializeDelegation(context, delegator, grown);
  return issued;
}

/** Shares that an amount is worth; all of them when it is all but rounding. */
export function sharesToUnbond(state: ChainState, delegator: string, operator: string, amount: bigint): Dec {
  const validator = validatorOf(state, operator);
  const held = state.delegations.get(`${delegator}/${operator}`);
  if (held === undefined) throw new SdkError('staking', 19, 'no delegation for (address, validator) tuple');
  if (validator.tokens === 0n) throw new SdkError('staking', 22, 'insufficient delegation shares');
  const scaled = dec.mulInt(validator.shares, amount);
  const shares = dec.quoInt(scaled, validator.tokens);
  const truncated = dec.quoTruncate(scaled, dec.fromInt(validator.tokens));
  if (truncated > held) throw new SdkError('sdk', 18, 'invalid shares amount: invalid request');
  return shares > held ? held : shares;
}

/** Takes shares out of a delegation; its rewards are withdrawn first. Returns whole tokens. */
export function unbond(context: Context, delegator: string, operator: string, shares: Dec): bigint {
  const { state } = context;
  const key = `${delegator}/${operator}`;
  const held = state.delegations.get(key);
  if (held === undefined) throw new SdkError('staking', 21, 'delegator does not contain delegation');
  withdrawRewards(context, delegator, validatorOf(state, operator));
  if (held < shares) throw new SdkError('staking', 24, 'not enough delegation shares');
  const left = held - shares;
  if (left === 0n) {
    state.delegations.delete(key);
  } else {
    state.delegations.set(key, left);
    initializeDelegation(context, delegator, validatorOf(state, operator));
  }
  const validator = validatorOf(state, operator);
  const remaining = validator.shares - shares;
  const issued = remaining === 0n ? validator.tokens : dec.truncateInt(tokensFromShares(validator, shares));
  state.validators.set(operator, { ...validator, tokens: validator.tokens - issued, shares: remaining });
  return issued;
}

export function undelegate(
  context: Context,
  delegator: string,
  operator: string,
  amount: bigint,
): { amount: bigint; completionNs: bigint } {
  const { state, height, timeNs } = context;
  const shares = sharesToUnbond(state, delegator, operator, amount);
  const key = `${delegator}/${operator}`;
  const entries = state.unbondings.get(key) ?? [];
  if (entries.length >= state.params.maxEntries) {
    throw new SdkError('staking', 27, 'too many unbonding delegation entries for (delegator, validator) tuple');
  }
  const status = validatorOf(state, operator).status;
  const returned = unbond(context, delegator, operator, shares);
  if (status === 'bonded') send(state, BONDED_POOL, NOT_BONDED_POOL, returned);
  const completionNs = timeNs + state.params.unbondingNs;
  const same = entries.find((one) => one.creationHeight === height && one.completionNs === completionNs);
  const grown: UnbondingEntry = same
    ? { ...same, initialBalance: same.initialBalance + returned, balance: same.balance + returned }
    : { creationHeight: height, completionNs, initialBalance: returned, balance: returned, id: state.nextId++ };
  const others = entries.filter((one) => one !== same);
  state.unbondings.set(key, [...others, grown]);
  return { amount: returned, completionNs };
}

export function redelegate(context: Context, delegator: string, from: string, to: string, amount: bigint): bigint {
  const { state, height, timeNs } = context;
  const shares = sharesToUnbond(state, delegator, from, amount);
  if (from === to) throw new SdkError('staking', 29, 'cannot redelegate to the same validator');
  if (state.validators.get(to) === undefined) {
    throw new SdkError('staking', 31, 'redelegation destination validator not found');
  }
  if (state.redelegations.entries().some(([key]) => key.startsWith(`${delegator}/`) && key.endsWith(`/${from}`))) {
    throw new SdkError(
      'staking',
      32,
      'redelegation to this validator already in progress; first redelegation to this validator must complete before next redelegation',
    );
  }
  const key = `${delegator}/${from}/${to}`;
  const entries = state.redelegations.get(key) ?? [];
  if (entries.length >= state.params.maxEntries) {
    throw new SdkError(
      'staking',
      33,
      'too many redelegation entries for (delegator, src-validator, dst-validator) tuple',
    );
  }
  const source = validatorOf(state, from);
  const returned = unbond(context, delegator, from, shares);
  if (returned === 0n) throw new SdkError('staking', 30, 'too few tokens to redelegate (truncates to zero tokens)');
  const sharesDst = delegate(context, delegator, to, returned, { pool: source.status });
  if (source.status === 'unbonded') return timeNs; // nothing of it can be slashed any more
  const bonded = source.status === 'bonded';
  const entry: RedelegationEntry = {
    creationHeight: bonded ? height : source.unbondingHeight,
    completionNs: bonded ? timeNs + state.params.unbondingNs : source.unbondingNs,
    initialBalance: returned,
    sharesDst,
    id: state.nextId++,
  };
  state.redelegations.set(key, [...entries, entry]);
  return entry.completionNs;
}

export function cancelUnbonding(
  context: Context,
  delegator: string,
  operator: string,
  amount: bigint,
  created: bigint,
): void {
  const { state, timeNs } = context;
  const validator = validatorOf(state, operator);
  if (validator.jailed) throw new SdkError('staking', 7, 'validator for this address is currently jailed');
  const key = `${delegator}/${operator}`;
  const entries = state.unbondings.get(key) ?? [];
  const entry = entries.find((one) => one.creationHeight === created);
  if (entry === undefined)
    throw new SdkError('sdk', 38, `unbonding delegation entry is not found at block height ${created}: not found`);
  if (entry.balance < amount) {
    throw new SdkError('sdk', 18, 'amount is greater than the unbonding delegation entry balance: invalid request');
  }
  if (entry.completionNs < timeNs)
    throw new SdkError('sdk', 18, 'unbonding delegation is already processed: invalid request');
  delegate(context, delegator, operator, amount, { pool: 'unbonding' });
  const left = { ...entry, balance: entry.balance - amount, initialBalance: entry.initialBalance - amount };
  const rest = entries.flatMap((one) => (one !== entry ? [one] : left.balance === 0n ? [] : [left]));
  if (rest.length === 0) state.unbondings.delete(key);
  else state.unbondings.set(key, rest);
}
