/** What the driver makes validators do wrong, handled as x/slashing and x/evidence handle it. */
import { emit, type Context } from './state.js';
import { slash } from './slash.js';
import { validatorOf } from './staking.js';

/** An act of the world, part of a block's record. */
export type Act =
  | { readonly kind: 'downtime'; readonly validator: string }
  | { readonly kind: 'double-sign'; readonly validator: string; readonly infractionHeight: string };

const FOR_EVER_NS = 253_402_300_799_000_000_000n; // 9999-12-31T23:59:59Z
/** Blocks between a change of the set and the first block that the new set signs. */
const UPDATE_DELAY = 1n;

/** `power`: what the validator signed with when it did wrong; it may have lost stake since. */
export function commit(context: Context, act: Act, power: bigint): void {
  const { state, height, timeNs } = context;
  const validator = validatorOf(state, act.validator);
  const address = validator.consensusAddress;
  const info = state.signing.get(address);
  if (info === undefined) throw new Error(`${act.validator} has never signed`);
  if (info.tombstoned || (act.kind === 'downtime' && validator.jailed)) return;
  const { slashDowntime, slashDoubleSign, downtimeJailNs } = state.params;
  const downtime = act.kind === 'downtime';
  const burned = downtime
    ? slash(context, act.validator, height - UPDATE_DELAY - 1n, power, slashDowntime)
    : slash(context, act.validator, BigInt(act.infractionHeight) - UPDATE_DELAY, power, slashDoubleSign);
  emit(context, 'slash', {
    address,
    power: String(power),
    reason: downtime ? 'missing_signature' : 'double_sign',
    ...(downtime ? { jailed: address } : {}),
    burned: String(burned),
  });
  state.validators.set(act.validator, { ...validatorOf(state, act.validator), jailed: true });
  state.signing.set(address, {
    ...info,
    jailedUntilNs: downtime ? timeNs + downtimeJailNs : FOR_EVER_NS,
    tombstoned: !downtime,
  });
}
