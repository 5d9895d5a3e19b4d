import { BUCKETS } from '../bucket.js';
import type { Sql, Transaction } from '../database.js';
import type { TokenDay } from './settlement.repository.js';

/** A range of user buckets, both ends included. */
export interface Buckets {
  readonly first: number;
  readonly last: number;
}

export const ALL_BUCKETS: Buckets = { first: 0, last: BUCKETS - 1 };

/** The steps that are done by ranges of users. */
export type PieceStep = 'qualify' | 'split' | 'check';

/** What a range came to, as JSON. */
export type PieceResult = Readonly<Record<string, unknown>>;

/** R21: a step of one token's day in ranges of users, done side by side by any number of connections and workers. */
export class SettlementPieceRepository {
  /**
   * Makes the step's ranges. In the caller's transaction, which holds the day.
   * @returns false when they are there already: another worker was faster, or this is a resumption
   */
  async plan(tx: Transaction, unit: TokenDay, step: PieceStep, ranges: number): Promise<boolean> {
    const found = await tx.rows(
      'SELECT 1 FROM settlement_piece WHERE day = $1::date AND token = $2 AND step = $3 LIMIT 1',
      [unit.day, unit.token, step],
    );
    if (found.length > 0) return false;
    const pieces = rangesOf(ranges);
    await tx.affected(
      `INSERT INTO settlement_piece (day, token, step, first_bucket, last_bucket)
       SELECT $1::date, $2, $3, first, last FROM unnest($4::smallint[], $5::smallint[]) AS range(first, last)`,
      [unit.day, unit.token, step, pieces.map((one) => one.first), pieces.map((one) => one.last)],
    );
    return true;
  }

  /** Takes a range that nobody has done or has in hand, until the transaction ends; null: there is none. */
  async take(tx: Transaction, unit: TokenDay, step: PieceStep): Promise<Buckets | null> {
    const [row] = await tx.rows<{ first_bucket: number; last_bucket: number }>(
      `SELECT first_bucket, last_bucket FROM settlement_piece
       WHERE day = $1::date AND token = $2 AND step = $3 AND result IS NULL
       ORDER BY first_bucket LIMIT 1 FOR UPDATE SKIP LOCKED`,
      [unit.day, unit.token, step],
    );
    return row ? { first: row.first_bucket, last: row.last_bucket } : null;
  }

  async finish(tx: Transaction, unit: TokenDay, step: PieceStep, range: Buckets, result: PieceResult): Promise<void> {
    await tx.affected(
      `UPDATE settlement_piece SET result = $5::jsonb WHERE day = $1::date AND token = $2 AND step = $3 AND first_bucket = $4`,
      [unit.day, unit.token, step, range.first, JSON.stringify(result)],
    );
  }

  /** What the ranges came to, or null while one is not done. Together they are all users, each once. */
  async results<Result extends PieceResult>(sql: Sql, unit: TokenDay, step: PieceStep): Promise<Result[] | null> {
    const rows = await sql.rows<{ first_bucket: number; last_bucket: number; result: Result | null }>(
      `SELECT first_bucket, last_bucket, result FROM settlement_piece
       WHERE day = $1::date AND token = $2 AND step = $3 ORDER BY first_bucket`,
      [unit.day, unit.token, step],
    );
    let next = 0;
    const results: Result[] = [];
    for (const row of rows) {
      if (row.first_bucket !== next || row.result === null) return null;
      results.push(row.result);
      next = row.last_bucket + 1;
    }
    return next === BUCKETS ? results : null;
  }
}

function rangesOf(count: number): Buckets[] {
  const ranges = count < 1 ? 1 : count > BUCKETS ? BUCKETS : Math.floor(count);
  return Array.from({ length: ranges }, (_, index) => ({
    first: Math.floor((index * BUCKETS) / ranges),
    last: Math.floor(((index + 1) * BUCKETS) / ranges) - 1,
  }));
}
