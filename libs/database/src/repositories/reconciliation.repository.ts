import { type Atoms, atoms } from '@app/staking-core';
import type { Sql, Transaction } from '../database.js';
import type { CreditItem } from './credit.repository.js';
import type { TokenDay } from './settlement.repository.js';

export interface CreditSums {
  readonly count: number;
  readonly total: Atoms;
}

/** One credit the two books do not agree about; an amount in atoms as text, null: not in that book. */
export interface CreditDifference {
  readonly id: string;
  readonly ours: string | null;
  readonly core: string | null;
}

export interface ReconciliationResult {
  readonly ours: CreditSums;
  readonly core: CreditSums;
  /** The first few. */
  readonly differences: readonly CreditDifference[];
}

/** Confirmed by the core: in a batch that is done, and not refused. */
const CONFIRMED = `r.day = $1::date AND r.token = $2 AND r.amount > 0
  AND NOT EXISTS (SELECT 1 FROM credit_exception x
    WHERE x.user_id = r.user_id AND x.day = r.day AND x.token = r.token AND x.kind = 'reward')`;

/** R21 (7): our side of the comparison with the core's books. */
export class ReconciliationRepository {
  /** Our confirmed credits of users after `after`, up to `upTo` (null: to the end), in order of user. */
  async confirmedBetween(sql: Sql, unit: TokenDay, after: string, upTo: string | null): Promise<CreditItem[]> {
    const rows = await sql.rows<{ user_id: string; amount: string }>(
      `SELECT r.user_id, r.amount FROM reward r
       WHERE ${CONFIRMED} AND r.user_id > $3 AND ($4::text IS NULL OR r.user_id <= $4::text COLLATE "C") ORDER BY r.user_id`,
      [unit.day, unit.token, after, upTo],
    );
    return rows.map((row) => ({ user: row.user_id, amount: atoms(BigInt(row.amount)) }));
  }

  async confirmedSums(sql: Sql, unit: TokenDay): Promise<CreditSums> {
    const [row] = await sql.rows<{ count: number; total: string }>(
      `SELECT count(*)::int AS count, coalesce(sum(r.amount), 0)::text AS total FROM reward r WHERE ${CONFIRMED}`,
      [unit.day, unit.token],
    );
    return { count: row?.count ?? 0, total: atoms(BigInt(row?.total ?? '0')) };
  }

  async save(tx: Transaction, unit: TokenDay, result: ReconciliationResult): Promise<void> {
    await tx.affected(
      `INSERT INTO reconciliation (day, token, ours_count, ours_total, core_count, core_total, differences)
       VALUES ($1::date, $2, $3, $4, $5, $6, $7::jsonb)
       ON CONFLICT (day, token) DO UPDATE SET ours_count = excluded.ours_count, ours_total = excluded.ours_total,
         core_count = excluded.core_count, core_total = excluded.core_total, differences = excluded.differences, at = now()`,
      [
        unit.day,
        unit.token,
        result.ours.count,
        result.ours.total.toString(),
        result.core.count,
        result.core.total.toString(),
        JSON.stringify(result.differences),
      ],
    );
  }
}
