/** Slashing, as the SDK does it (x/staking/keeper/slash.go, v0.53). */
import { burn, NOT_BONDED_POOL } from './bank.js';
import { dec, ONE, type Dec } from './dec.js';
import { beforeValidatorSlashed } from './distribution.js';
import { poolOf, POWER_REDUCTION, unbond, validatorOf } from './staking.js';
import type { Context } from './state.js';

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
