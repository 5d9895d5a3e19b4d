import type { Buckets, PieceResult, PieceStep, SettlementState, TokenDay, Transaction } from '@app/database';
import type { SettlementTools } from '../settlement-tools.js';
import { SERIALIZATION_FAILURE } from './step.js';

export interface PieceWork<Result extends PieceResult> {
  readonly from: SettlementState;
  readonly step: PieceStep;
  /** In the transaction that makes the ranges, once. */
  readonly begin?: (tx: Transaction) => Promise<void>;
  /** One range, in one REPEATABLE READ transaction of its own. */
  readonly work: (tx: Transaction, range: Buckets) => Promise<Result>;
}

/**
 * R21: a step in ranges of users, side by side on as many connections as the process may use. Each range's work and its
 * result last together or not at all; what is done is never done again, by whomever. Every connection holds one
 * transaction at a time and waits for nothing while it does, so no number of tokens can starve the pool.
 */
export async function inPieces<Result extends PieceResult>(
  unit: TokenDay,
  tools: SettlementTools,
  pieces: PieceWork<Result>,
): Promise<void> {
  const users = await tools.settlements.expectedUsers(tools.db, unit);
  const ranges = await tools.lanes.run(users, async () => {
    const wanted = rangesFor(users, tools);
    await tools.db.transaction(async (tx) => {
      const day = await tools.settlements.claim(tx, unit, pieces.from);
      if (day === null) return;
      if (await tools.pieces.plan(tx, unit, pieces.step, wanted)) await pieces.begin?.(tx);
      tools.reach('settlement.pieces.before-commit');
    });
    return wanted;
  });
  tools.reach('settlement.pieces.committed');
  const runs = Array.from({ length: ranges }, async () => {
    while (await tools.lanes.run(users, () => onePiece(unit, tools, pieces).catch(anotherOne)));
  });
  // One that fails must not leave the others running behind the caller's back.
  const ends = await Promise.allSettled(runs);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/**
 * A range reads past the token's users of the other ranges: more of them than keep every lane busy, or than they are
 * worth, would cost more than they save. What other tokens have waiting keeps lanes busy too.
 */
function rangesFor(users: number, { limits, lanes }: SettlementTools): number {
  const share = Math.max(limits.rangeUsers, (users + lanes.queued) / limits.shards);
  return Math.max(1, Math.min(limits.shards, Math.ceil(users / share)));
}

/** @returns false when there is no range left to take */
async function onePiece<Result extends PieceResult>(
  unit: TokenDay,
  tools: SettlementTools,
  { step, work }: PieceWork<Result>,
): Promise<boolean> {
  const taken = await tools.db.transaction(async (tx) => {
    const range = await tools.pieces.take(tx, unit, step);
    if (range === null) return false;
    await tools.settlements.workOnSets(tx);
    await tools.pieces.finish(tx, unit, step, range, await work(tx, range));
    tools.reach('settlement.piece.before-commit');
    return true;
  }, 'REPEATABLE READ');
  if (taken) tools.reach('settlement.piece.committed');
  return taken;
}

/** Somebody finished the range between our first look and our taking it; we look again. */
function anotherOne(error: unknown): true {
  if ((error as { code?: unknown }).code === SERIALIZATION_FAILURE) return true;
  throw error;
}
