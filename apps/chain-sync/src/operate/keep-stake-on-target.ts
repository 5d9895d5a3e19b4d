import { ChainError, type BlockStamp, type StakeMove } from '@app/chains';
import type { PlannedStep } from '@app/database';
import { dayOf, type UtcDay } from '@app/staking-core';
import type { OperateParts } from './advance-operation.js';
import { storedIntent } from './stored-intent.js';
import { delegationsToTarget, type StakePolicy } from './stake-target.js';
import { isUnderWay } from './under-way.js';

/**
 * Development only, until planner, approvals and signer stand here: plans the delegations that bring custody to its
 * share. Plans nothing while anything is under way or while the final block is older than our last operation, so what
 * is in flight is never counted as free (R36).
 *
 * @param final the newest final block; custody is read at it and nowhere else
 * @returns how many steps were planned
 */
export async function keepStakeOnTarget(
  parts: OperateParts,
  policy: StakePolicy,
  final: BlockStamp,
  signal: AbortSignal,
): Promise<number> {
  const { adapter, operations, signer, lease } = parts;
  if (await isUnderWay(parts, final)) return 0;

  const [liquid, positions, validators, parameters] = await Promise.all([
    adapter.liquidAt(final, signer.account, signal),
    adapter.positionsAt(final, signer.account, signal),
    adapter.validatorsAt(final, signal),
    adapter.parametersAt(final, signal, signer.account),
  ]);
  const custody = { liquid, positions, validators, minimumDelegation: parameters.minimumDelegation };
  const day = dayOf(final.timeMs);
  const plans = delegationsToTarget(custody, policy).map((intent): PlannedStep[] => {
    const operationId = operationIdOf(adapter.chain, day, intent);
    try {
      return adapter.plan(operationId, intent, { parameters, positions, validators }).map((step) => ({
        operationId,
        step: step.index,
        chain: adapter.chain,
        token: adapter.token,
        intent: storedIntent(step.intent),
        account: signer.account,
      }));
    } catch (error) {
      if (!(error instanceof ChainError && error.code === 'REFUSED')) throw error;
      parts.log.warn({ operation: operationId, detail: error.message }, 'the chain would refuse this delegation');
      return [];
    }
  });
  // What one operation has to lock first is locked for all: the others are planned once that is done.
  const locking = plans.find((steps) => steps.some(({ intent }) => intent['kind'] === 'lock-shares'));
  const steps = locking ?? plans.flat();
  if (steps.length === 0) return 0;
  const planned = await operations.plan(lease, adapter.chain, steps);
  parts.reach('chain-sync.operations-planned');
  return planned ?? 0;
}

/** Made of chain, day, validator and kind: whoever plans the same day again names the same operation. */
export function operationIdOf(chain: string, day: UtcDay, intent: StakeMove): string {
  const validator = intent.kind === 'redelegate' ? `${intent.from}-${intent.to}` : intent.validator;
  return `${chain}.${day}.${validator}.${intent.kind}`;
}
