import {
  ChainError,
  type BlockStamp,
  type ChainAdapter,
  type Located,
  type SignedTransaction,
  type Step,
  type TransactionSigner,
} from '@app/chains';
import type { ChainOperationRepository, Lease, OperationAttempt, OperationState } from '@app/database';
import type { Logger } from '@app/platform';
import { invariant } from '@app/staking-core';
import type { ChainMetrics } from '../chain-sync.metrics.js';
import type { ReachPoint } from '../fault-points.js';
import { isNeedless, withoutEffect } from './claim-what-is-due.js';
import { intentOf } from './stored-intent.js';

export interface OperateParts {
  readonly adapter: ChainAdapter;
  readonly signer: TransactionSigner;
  readonly operations: ChainOperationRepository;
  readonly lease: Lease;
  readonly metrics: ChainMetrics;
  readonly log: Logger;
  readonly reach: ReachPoint;
}

/** After so many proven deaths a person looks. */
const MAX_ATTEMPTS = 5;
const ENDED: ReadonlySet<OperationState> = new Set(['EFFECT_VERIFIED', 'FAILED', 'DEAD']);

/** What this visit has done already, so that bytes are sent once a visit. */
interface Visit {
  readonly at: BlockStamp;
  readonly signal: AbortSignal;
  sent: boolean;
}

/**
 * R40, the saga of one transaction: PLANNED -> SIGNED -> BROADCAST -> INCLUDED -> FINAL -> EFFECT_VERIFIED, as far as
 * the chain lets it go now. Each move is stored before the next act; a crash anywhere leaves a state from which the same
 * bytes are sent or found again. Only the adapter's proof of death leads to a new signature.
 *
 * @param at newest final block
 * @returns the attempt as it now stands
 */
export async function advanceOperation(
  parts: OperateParts,
  attempt: OperationAttempt,
  at: BlockStamp,
  signal: AbortSignal,
): Promise<OperationAttempt> {
  const visit: Visit = { at, signal, sent: false };
  let current = attempt;
  for (;;) {
    const next = await takeStep(parts, current, visit);
    if (next.state !== current.state) tell(parts, current, next);
    if (ENDED.has(next.state) || next.state === current.state) return next;
    current = next;
  }
}

function takeStep(parts: OperateParts, attempt: OperationAttempt, visit: Visit): Promise<OperationAttempt> {
  switch (attempt.state) {
    case 'PLANNED':
      return sign(parts, attempt, visit);
    case 'SIGNED':
      return send(parts, attempt, visit);
    case 'BROADCAST':
    case 'UNKNOWN':
    case 'INCLUDED':
      return follow(parts, attempt, visit);
    case 'FINAL':
      return verify(parts, attempt, visit);
    case 'EFFECT_VERIFIED':
    case 'FAILED':
    case 'DEAD':
      return Promise.resolve(attempt);
  }
}

/** The lane number comes from our database and is stored first; the bytes are stored before anybody else sees them. */
async function sign(parts: OperateParts, attempt: OperationAttempt, visit: Visit): Promise<OperationAttempt> {
  const { adapter, operations, signer, lease, reach } = parts;
  invariant(signer.account === attempt.account, 'an operation is signed by its own account', {
    signer: signer.account,
    account: attempt.account,
  });
  const chainLane = await adapter.nextLane(attempt.account, visit.at, visit.signal);
  let planned = attempt;
  if (planned.laneNumber === null) {
    planned = await operations.reserveLane(lease, planned, chainLane.number);
    reach('chain-sync.lane-reserved');
  }
  try {
    const lane = { account: planned.account, number: planned.laneNumber };
    const unsigned = await adapter.build(stepOf(planned), lane, visit.at, visit.signal);
    const signed = await signer.sign(unsigned);
    reach('chain-sync.bytes-signed');
    const stored = await operations.storeSigned(lease, planned, signed);
    reach('chain-sync.bytes-stored');
    return stored;
  } catch (error) {
    // The chain would refuse it, and no bytes exist: it ends here, with nothing to undo.
    if (error instanceof ChainError && error.code === 'REFUSED') {
      const detail = await withoutEffect(adapter, planned, error.message, visit.at, visit.signal);
      return operations.refuseUnsigned(lease, planned, detail);
    }
    throw error;
  }
}

/** Always the stored bytes. An answer that is not a clear yes proves nothing: `locate` and another send will tell. */
async function send(parts: OperateParts, attempt: OperationAttempt, visit: Visit): Promise<OperationAttempt> {
  const { adapter, operations, lease, reach } = parts;
  const outcome = await adapter.broadcast(signedOf(attempt), visit.signal);
  visit.sent = true;
  reach('chain-sync.bytes-sent');
  const accepted = outcome.kind === 'accepted' || outcome.kind === 'known';
  const state = accepted ? 'BROADCAST' : 'UNKNOWN';
  const detail = outcome.kind === 'rejected' ? `${outcome.code}: ${outcome.detail}` : undefined;
  if (state === attempt.state && (detail ?? attempt.detail) === attempt.detail) return attempt;
  const moved = await operations.move(lease, attempt, state, detail === undefined ? {} : { detail });
  reach('chain-sync.broadcast-stored');
  return moved;
}

/** Looks for the stored hash. Neither found nor dead: the same bytes again (dropped, or a reorg took them out). */
async function follow(parts: OperateParts, attempt: OperationAttempt, visit: Visit): Promise<OperationAttempt> {
  const { adapter, operations, lease, reach } = parts;
  const located = await adapter.locate(signedOf(attempt), visit.signal);
  if (located.state === 'dead') {
    const dead = await operations.bury(lease, attempt, located.reason, MAX_ATTEMPTS);
    reach('chain-sync.dead-stored');
    return dead;
  }
  if (located.state === 'pending') {
    if (attempt.state === 'INCLUDED') return operations.move(lease, attempt, 'UNKNOWN', { detail: 'left the chain' });
    return visit.sent ? attempt : send(parts, attempt, visit);
  }
  const included = { height: located.at.height, hash: located.at.hash, feeAtoms: located.feeAtoms };
  if (attempt.state !== 'INCLUDED') {
    const moved = await operations.move(lease, attempt, 'INCLUDED', { included });
    reach('chain-sync.included-stored');
    return moved;
  }
  if (located.state === 'included') return attempt;
  const final = await operations.move(lease, attempt, 'FINAL', { included });
  reach('chain-sync.final-stored');
  return final;
}

/** Success is what moved on the chain, read again from its final state; the transaction's own status is not enough. */
async function verify(parts: OperateParts, attempt: OperationAttempt, visit: Visit): Promise<OperationAttempt> {
  const { adapter, operations, lease, reach } = parts;
  const located: Located = await adapter.locate(signedOf(attempt), visit.signal);
  // An endpoint that is behind may not know it yet: final it stays, the verdict waits.
  if (located.state !== 'final') return attempt;
  const verdict = adapter.verifyEffect(stepOf(attempt), located);
  let moved: OperationAttempt;
  if (verdict.kind === 'verified') moved = await operations.move(lease, attempt, 'EFFECT_VERIFIED');
  else {
    const detail = await withoutEffect(adapter, attempt, verdict.detail, located.at, visit.signal);
    moved = await operations.move(lease, attempt, 'FAILED', { detail });
  }
  reach('chain-sync.effect-stored');
  return moved;
}

function stepOf(attempt: OperationAttempt): Step {
  return { operationId: attempt.operationId, index: attempt.step, intent: intentOf(attempt.intent) };
}

function signedOf(attempt: OperationAttempt): SignedTransaction {
  const { bytes, txid, account, laneNumber, expiresAtHeight } = attempt;
  invariant(bytes !== null && txid !== null, 'what was signed is stored', { operation: attempt.operationId });
  return { bytes, txid, lane: { account, number: laneNumber }, expiresAtHeight };
}

function tell(parts: OperateParts, before: OperationAttempt, now: OperationAttempt): void {
  const needless = isNeedless(now);
  parts.metrics.operation(now.chain, needless ? 'NEEDLESS' : now.state);
  const bad = !needless && (now.state === 'FAILED' || now.state === 'DEAD');
  parts.log[bad ? 'warn' : 'info'](
    {
      operation: now.operationId,
      step: now.step,
      attempt: now.attempt,
      from: before.state,
      to: now.state,
      txid: now.txid,
      detail: now.detail,
    },
    'operation moved',
  );
}
