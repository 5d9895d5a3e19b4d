import { type Atoms, atoms } from '@app/staking-core';
import type { Sql, Transaction } from '../database.js';
import type { TokenDay } from './settlement.repository.js';

/** A batch in this worker's hands. `attempts` counts this one. */
export interface ClaimedBatch extends TokenDay {
  readonly batch: number;
  readonly firstUser: string;
  readonly lastUser: string;
  readonly count: number;
  readonly total: Atoms;
  readonly attempts: number;
}

export interface CreditItem {
  readonly user: string;
  readonly amount: Atoms;
}

export interface RejectedItem extends CreditItem {
  readonly reason: string;
}

export interface ClaimTerms {
  /** Time of the clock port, for people; the claim itself runs on the database's clock. */
  readonly now: Date;
  /** R24: after 08:00 of the next day. */
  readonly late: boolean;
  /** How long nobody else takes the batch, real milliseconds. */
  readonly forMs: number;
  /** Only batches after this one: a sender goes forward through thousands, and does not look at those it has done. */
  readonly after: number;
}

interface BatchRow {
  batch: number;
  first_user: string;
  last_user: string;
  count: number;
  total: string;
  attempts: number;
}

const KIND = 'reward';

/** A credit of a batch: rows of the leaf between two users, but for those that were held back when it was planned. */
const IN_BATCHES = `r.day = $1::date AND r.token = $2 AND r.amount > 0 AND NOT EXISTS (
  SELECT 1 FROM credit_exception x WHERE x.user_id = r.user_id AND x.day = r.day AND x.token = r.token
     AND x.kind = '${KIND}' AND x.state <> 'rejected')`;

/** R23: the outbox. What goes out is stored before the first attempt; ids are functions of the rows. */
export class CreditRepository {
  /** R28: what a banned user earned is kept back for two people. @returns how many */
  holdBanned(tx: Transaction, unit: TokenDay): Promise<number> {
    return tx.affected(
      `INSERT INTO credit_exception (user_id, day, token, kind, amount, state, reason)
       SELECT r.user_id, r.day, r.token, '${KIND}', r.amount, 'held', 'BANNED' FROM reward r JOIN account a USING (user_id)
       WHERE r.day = $1::date AND r.token = $2 AND r.amount > 0 AND a.status = 'banned'
       ON CONFLICT (user_id, day, token, kind) DO NOTHING`,
      [unit.day, unit.token],
    );
  }

  /** Cuts the day's credits into batches, in order of user. @returns how many batches */
  planBatches(tx: Transaction, unit: TokenDay, size: number): Promise<number> {
    return tx.affected(
      `INSERT INTO credit_batch (day, token, kind, batch, first_user, last_user, count, total, state)
       SELECT $1::date, $2, '${KIND}', batch, min(user_id), max(user_id), count(*), sum(amount), 'planned'
       FROM (SELECT r.user_id, r.amount, (row_number() OVER (ORDER BY r.user_id) - 1) / $3::int + 1 AS batch
             FROM reward r WHERE ${IN_BATCHES}) item
       GROUP BY batch`,
      [unit.day, unit.token, size],
    );
  }

  /**
   * The next batch that is planned, or was sent by somebody who has not been heard of since. A claim that runs out is
   * harmless: the ids are permanent, so the same credit sent twice is one credit.
   */
  async claim(tx: Transaction, unit: TokenDay, terms: ClaimTerms): Promise<ClaimedBatch | null> {
    const [row] = await tx.rows<BatchRow>(
      `UPDATE credit_batch SET state = 'sent', attempts = attempts + 1, late = late OR $4, sent_at = coalesce(sent_at, $3),
              claimed_until = clock_timestamp() + $5 * interval '1 millisecond'
       WHERE (day, token, kind, batch) = (
         SELECT day, token, kind, batch FROM credit_batch
         WHERE day = $1::date AND token = $2 AND kind = '${KIND}' AND batch > $6
           AND (state = 'planned' OR (state = 'sent' AND claimed_until < clock_timestamp()))
         ORDER BY batch LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING batch, first_user, last_user, count, total, attempts`,
      [unit.day, unit.token, terms.now, terms.late, terms.forMs, terms.after],
    );
    return row ? toBatch(unit, row) : null;
  }

  /** Another attempt by the same worker. @returns null when somebody else has finished the batch meanwhile */
  async claimAgain(sql: Sql, batch: ClaimedBatch, forMs: number): Promise<ClaimedBatch | null> {
    const [row] = await sql.rows<BatchRow>(
      `UPDATE credit_batch SET attempts = attempts + 1, claimed_until = clock_timestamp() + $4 * interval '1 millisecond'
       WHERE day = $1::date AND token = $2 AND kind = '${KIND}' AND batch = $3 AND state = 'sent'
       RETURNING batch, first_user, last_user, count, total, attempts`,
      [batch.day, batch.token, batch.batch, forMs],
    );
    return row ? toBatch(batch, row) : null;
  }

  /** Lets others (or this worker, later) take the batch after `restMs`. */
  async giveBack(sql: Sql, batch: ClaimedBatch, restMs: number): Promise<void> {
    await sql.affected(
      `UPDATE credit_batch SET claimed_until = clock_timestamp() + $4 * interval '1 millisecond'
       WHERE day = $1::date AND token = $2 AND kind = '${KIND}' AND batch = $3 AND state = 'sent'`,
      [batch.day, batch.token, batch.batch, restMs],
    );
  }

  async itemsOf(sql: Sql, batch: ClaimedBatch): Promise<CreditItem[]> {
    const rows = await sql.rows<{ user_id: string; amount: string }>(
      `SELECT r.user_id, r.amount FROM reward r WHERE r.user_id BETWEEN $3 AND $4 AND ${IN_BATCHES} ORDER BY r.user_id`,
      [batch.day, batch.token, batch.firstUser, batch.lastUser],
    );
    return rows.map((row) => ({ user: row.user_id, amount: atoms(BigInt(row.amount)) }));
  }

  /** @returns false when the batch was done already: then nothing more may be booked for it */
  async finish(tx: Transaction, batch: ClaimedBatch, now: Date): Promise<boolean> {
    const done = await tx.affected(
      `UPDATE credit_batch SET state = 'done', done_at = $4, claimed_until = NULL
       WHERE day = $1::date AND token = $2 AND kind = '${KIND}' AND batch = $3 AND state = 'sent'`,
      [batch.day, batch.token, batch.batch, now],
    );
    return done === 1;
  }

  /** What the core refused stays owed and visible, for people. */
  async addRejected(tx: Transaction, unit: TokenDay, items: readonly RejectedItem[]): Promise<void> {
    if (items.length === 0) return;
    await tx.affected(
      `INSERT INTO credit_exception (user_id, day, token, kind, amount, state, reason)
       SELECT x.user_id, $1::date, $2, '${KIND}', x.amount, 'rejected', x.reason
       FROM unnest($3::text[], $4::numeric[], $5::text[]) AS x(user_id, amount, reason)`,
      [
        unit.day,
        unit.token,
        items.map((item) => item.user),
        items.map((item) => item.amount.toString()),
        items.map((item) => item.reason),
      ],
    );
  }

  async unfinishedBatches(sql: Sql, unit: TokenDay): Promise<number> {
    const [row] = await sql.rows<{ open: number }>(
      `SELECT count(*)::int AS open FROM credit_batch WHERE day = $1::date AND token = $2 AND state <> 'done'`,
      [unit.day, unit.token],
    );
    return row?.open ?? 0;
  }
}

function toBatch(unit: TokenDay, row: BatchRow): ClaimedBatch {
  return {
    day: unit.day,
    token: unit.token,
    batch: row.batch,
    firstUser: row.first_user,
    lastUser: row.last_user,
    count: row.count,
    total: atoms(BigInt(row.total)),
    attempts: row.attempts,
  };
}
