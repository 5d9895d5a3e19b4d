import type { BlockStamp } from '@app/chains';
import type { OperationAttempt } from '@app/database';
import { advanceOperation, type OperateParts } from './advance-operation.js';

/** States in which the chain may not have the bytes yet: a later lane number would only wait behind them. */
const NOT_SURELY_SENT: ReadonlySet<OperationAttempt['state']> = new Set(['PLANNED', 'SIGNED', 'UNKNOWN']);

/** Moves everything under way, lane by lane in order, as far as it goes now. One writer an account: the lease. */
export async function advanceOperations(parts: OperateParts, at: BlockStamp, signal: AbortSignal): Promise<void> {
  const { adapter, operations } = parts;
  for (const attempt of await operations.open(adapter.chain)) {
    if (attempt.state === 'PLANNED') {
      const ready = await operations.stepsBeforeDone(attempt);
      if (ready === false) continue;
      if (ready === null) {
        await operations.refuseUnsigned(parts.lease, attempt, 'a step before it had no effect');
        continue;
      }
    }
    const now = await advanceOperation(parts, attempt, at, signal);
    if (NOT_SURELY_SENT.has(now.state)) break;
  }
  parts.metrics.openOperations(adapter.chain, (await operations.open(adapter.chain)).length);
}
