import type { BlockStamp, ChainAdapter, DueClaim } from '@app/chains';
import type { OperationAttempt } from '@app/database';
import type { OperateParts } from './advance-operation.js';
import { storedIntent } from './stored-intent.js';
import { isUnderWay } from './under-way.js';

const DUE_CLAIM = 'due-claim';
const NEEDLESS = 'needless: ';

/**
 * Our own payouts, where the chain makes none unless asked (Polkadot's eras): plans one operation for each claim that is
 * due at the newest final block. What somebody else has had paid out by then is not due; the chain pays each only once.
 * Does nothing on a chain that pays by itself.
 *
 * @returns how many operations were planned
 */
export async function claimWhatIsDue(parts: OperateParts, final: BlockStamp, signal: AbortSignal): Promise<number> {
  const { adapter, operations, signer, lease } = parts;
  if (adapter.dueClaims === undefined || (await isUnderWay(parts, final))) return 0;
  const due = await adapter.dueClaims(final, signer.account, signal);
  if (due.length === 0) return 0;
  const steps = due.map((claim) => ({
    operationId: claimIdOf(adapter.chain, claim),
    step: 0,
    chain: adapter.chain,
    token: adapter.token,
    intent: storedIntent(claim.intent),
    account: signer.account,
  }));
  const planned = await operations.plan(lease, adapter.chain, steps);
  parts.reach('chain-sync.operations-planned');
  return planned ?? 0;
}

/**
 * What is written about a claim that had no effect: where nothing is due any more with its validator, somebody else was
 * first, which is as good.
 *
 * @param at final; the block in which it failed, or for which it was refused
 */
export async function withoutEffect(
  adapter: ChainAdapter,
  attempt: OperationAttempt,
  detail: string,
  at: BlockStamp,
  signal: AbortSignal,
): Promise<string> {
  if (adapter.dueClaims === undefined || !attempt.operationId.endsWith(`.${DUE_CLAIM}`)) return detail;
  const due = await adapter.dueClaims(at, attempt.account, signal);
  return due.some(({ intent }) => intent.validator === attempt.intent['validator']) ? detail : `${NEEDLESS}${detail}`;
}

/** It ended without effect, and nothing is wrong. */
export function isNeedless(attempt: OperationAttempt): boolean {
  return attempt.state === 'FAILED' && attempt.detail !== null && attempt.detail.startsWith(NEEDLESS);
}

/** Chain facts only: whoever sees the same claim due names the same operation. */
function claimIdOf(chain: string, { key }: DueClaim): string {
  return `${chain}.${key}.${DUE_CLAIM}`;
}
