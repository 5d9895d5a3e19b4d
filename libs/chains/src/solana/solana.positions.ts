import { atoms } from '@app/staking-core';

import type { Position, ValidatorState } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { NEVER, stakeParts } from './solana.activation.js';
import type { SolanaClient } from './solana.client.js';
import { isIdle, stateAt, worth, type StakeState } from './solana.fold.js';
import type { AccountHistory } from './solana.history.js';

/** A position is a stake account: one for each delegation, split and tranche. */
export const positionKey = (stake: string): string => `sol:${stake}`;
export const stakeOf = (key: string): string => key.slice('sol:'.length);

/** Every stake account of ours that holds something at the slot, by address. */
export function positionsAt(history: AccountHistory, slot: bigint): Position[] {
  return history.stakes.flatMap((address) => {
    const state = stateAt(history.lives, address, slot);
    return state === null || worth(state) === 0n ? [] : [positionOf(history, address, state, slot)];
  });
}

/**
 * Each lamport but the rent in one bucket. A deactivating stake counts as leaving at once, though it earns to the end of
 * its epoch; it is ready when all of it has cooled down.
 */
function positionOf(history: AccountHistory, address: string, state: StakeState, slot: bigint): Position {
  const epoch = history.schedule.epochOf(slot);
  const none = { active: atoms(0n), activating: atoms(0n), exiting: [], withdrawable: atoms(0n), claimable: atoms(0n) };
  const position = { ...none, key: positionKey(address), validator: state.voter ?? '' };
  if (isIdle(state, { epoch, history: history.cluster })) return { ...position, withdrawable: atoms(worth(state)) };
  const { effective } = stakeParts(state, epoch, history.cluster);
  const claimable = atoms(worth(state) - state.stake); // tips and returned rent: not delegated, free to be withdrawn
  if (state.deactivation !== NEVER) {
    const exit = { amount: atoms(state.stake), readyAtMs: null, readyPeriod: state.deactivation + 1n };
    return { ...position, exiting: [exit], claimable };
  }
  return { ...position, active: atoms(effective), activating: atoms(state.stake - effective), claimable };
}

/**
 * The validators as the cluster sees them in the epoch of `slot`. Stake by validator is told for the running epoch only,
 * so for an earlier one there is no answer (`STATE_PRUNED`).
 */
export async function readValidators(client: SolanaClient, epoch: bigint): Promise<ValidatorState[]> {
  const told = await client.voteAccounts();
  if (told.epoch !== epoch) {
    const detail = `validators are told of epoch ${told.epoch} only, asked for epoch ${epoch}`;
    throw new ChainError(told.epoch < epoch ? 'NOT_FINAL' : 'STATE_PRUNED', 'solana', detail);
  }
  if (told.accounts.length === 0) throw new ChainError('BAD_ANSWER', 'solana', 'a chain has validators');
  return told.accounts
    .map((one): ValidatorState => {
      const staked = one.activatedStake > 0n;
      return {
        validator: one.vote,
        moniker: one.node,
        commissionBps: one.commission * 100n,
        health: one.delinquent ? 'inactive' : 'active',
        jailedUntilMs: null,
        earning: staked && !one.delinquent,
        totalStake: atoms(one.activatedStake),
      };
    })
    .sort((a, b) => (a.validator < b.validator ? -1 : a.validator > b.validator ? 1 : 0));
}
