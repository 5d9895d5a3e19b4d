import type { Sql, Transaction } from '../database.js';

/** One worker builds at a time. */
const INDEX_LOCK = 4805;

/**
 * The log has no index by user while lines come in: keeping one costs five times what appending does. Once a token's day
 * is paid nothing comes to it any more (late lines go to the open day, R26), and its leaf gets one, for those who ask
 * about one user (R33). Its name is the leaf's with `_user` after it; it goes with the leaf.
 */
export class LogIndexRepository {
  /** For the transaction. @returns false when another worker builds */
  async take(tx: Transaction): Promise<boolean> {
    const [row] = await tx.rows<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(${INDEX_LOCK}) AS taken`);
    return row?.taken === true;
  }

  /** The newest leaf of a paid day that has no index yet: the newest days are asked about most. */
  async next(sql: Sql): Promise<string | undefined> {
    const [row] = await sql.rows<{ leaf: string }>(
      `SELECT c.relname::text AS leaf FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       JOIN settlement s ON c.relname = 'balance_event_' || to_char(s.day, 'YYYYMMDD') || '_' || lower(s.token)
       WHERE i.inhparent = 'balance_event'::regclass AND s.state = 'paid' AND to_regclass(c.relname || '_user') IS NULL
       ORDER BY s.day DESC, s.token LIMIT 1`,
    );
    return row?.leaf;
  }

  /** Readers go on meanwhile; only writers would wait, and there are none. Nobody waits for it: one core is enough. */
  async build(tx: Transaction, leaf: string): Promise<void> {
    await tx.rows(
      `SELECT set_config('lock_timeout', '2s', true), set_config('maintenance_work_mem', '256MB', true),
              set_config('max_parallel_maintenance_workers', '0', true)`,
    );
    await tx.affected(`CREATE INDEX ${leaf}_user ON ${leaf} (user_id)`);
  }
}
