/** x/staking: delegations, unbonding, redelegation, validator set, slashing, as the SDK does them (x/staking/keeper, v0.53). */
import { balanceOf, BONDED_POOL, burn, NOT_BONDED_POOL, send } from './bank.js';
import { dec, ONE, type Dec } from './dec.js';
import {
  beforeDelegationCreated,
  beforeValidatorSlashed,
  initializeDelegation,
  withdrawRewards,
} from './distribution.js';
import {
  coinText,
  emit,
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

function poolOf(status: Status): string {
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
function unbond(context: Context, delegator: string, operator: string, shares: Dec): bigint {
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

/** Burns a part of the stake that stood behind an infraction: bonded, unbonding and redelegated. Returns what the validator lost. */
export function slash(
  context: Context,
  operator: string,
  infractionHeight: bigint,
  power: bigint,
  factor: Dec,
): bigint {
  const { state, height } = context;
  const amount = dec.truncateInt(dec.mul(dec.fromInt(power * POWER_REDUCTION), factor));
  if (validatorOf(state, operator).status === 'unbonded') throw new Error(`${operator} is unbonded: not slashed`);
  let remaining = amount;
  if (infractionHeight < height) {
    remaining -= slashUnbondings(context, operator, infractionHeight, factor);
    remaining -= slashRedelegations(context, operator, infractionHeight, factor);
  }
  const validator = validatorOf(state, operator);
  const burned = remaining < 0n ? 0n : remaining < validator.tokens ? remaining : validator.tokens;
  if (burned === 0n) return 0n;
  const effective = dec.quoRoundUp(dec.fromInt(burned), dec.fromInt(validator.tokens));
  beforeValidatorSlashed(context, validator, effective > ONE ? ONE : effective);
  const cut = validatorOf(state, operator);
  state.validators.set(operator, { ...cut, tokens: cut.tokens - burned });
  burn(state, poolOf(cut.status), burned);
  return burned;
}

function slashUnbondings(context: Context, operator: string, infractionHeight: bigint, factor: Dec): bigint {
  const { state, timeNs } = context;
  let total = 0n;
  for (const [key, entries] of state.unbondings.entries()) {
    if (!key.endsWith(`/${operator}`)) continue;
    const cut = entries.map((entry) => {
      if (entry.creationHeight < infractionHeight || entry.completionNs <= timeNs) return entry;
      const wanted = dec.truncateInt(dec.mulInt(factor, entry.initialBalance));
      total += wanted;
      const burned = wanted < entry.balance ? wanted : entry.balance;
      burn(state, NOT_BONDED_POOL, burned);
      return { ...entry, balance: entry.balance - burned };
    });
    state.unbondings.set(key, cut);
  }
  return total;
}

function slashRedelegations(context: Context, operator: string, infractionHeight: bigint, factor: Dec): bigint {
  const { state, timeNs } = context;
  let total = 0n;
  for (const [key, entries] of state.redelegations.entries()) {
    const [delegator = '', source, target = ''] = key.split('/');
    if (source !== operator) continue;
    for (const entry of entries) {
      if (entry.creationHeight < infractionHeight || entry.completionNs <= timeNs) continue;
      let wanted = dec.truncateInt(dec.mulInt(factor, entry.initialBalance));
      total += wanted;
      wanted -= slashExitsAfterMove(context, `${delegator}/${target}`, infractionHeight, wanted);
      const held = state.delegations.get(`${delegator}/${target}`);
      const shares = dec.mul(factor, entry.sharesDst);
      if (shares === 0n || wanted === 0n || held === undefined) continue;
      const burned = unbond(context, delegator, target, shares > held ? held : shares);
      const status = state.validators.get(target)?.status ?? 'unbonded';
      burn(state, poolOf(status), burned);
    }
  }
  return total;
}

/** Redelegated stake that has gone on into an exit is cut there first. */
function slashExitsAfterMove(context: Context, key: string, infractionHeight: bigint, wanted: bigint): bigint {
  const { state, timeNs } = context;
  let left = wanted;
  const cut = (state.unbondings.get(key) ?? []).map((entry) => {
    const burned = left < entry.balance ? left : entry.balance;
    if (burned === 0n || entry.creationHeight < infractionHeight || entry.completionNs <= timeNs) return entry;
    left -= burned;
    burn(state, NOT_BONDED_POOL, burned);
    return { ...entry, balance: entry.balance - burned };
  });
  if (cut.length > 0) state.unbondings.set(key, cut);
  return wanted - left;
}

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
