import type { Database, Sql, Transaction } from '../database.js';

/** What settlement works on: the database, or one transaction of it that is rolled back at the end. */
export interface Transactions extends Sql {
  transaction<T>(work: (tx: Transaction) => Promise<T>, isolation?: 'READ COMMITTED' | 'REPEATABLE READ'): Promise<T>;
}

class RollBack extends Error {}

/**
 * Runs `work` on a database that forgets everything afterwards: all its transactions are parts of one that is rolled
 * back. For dry runs: the same code, no trace.
 */
export async function rolledBack<T>(db: Database, work: (dry: Transactions) => Promise<T>): Promise<T> {
  const result: { value?: T } = {};
  try {
    await db.transaction(async (tx) => {
      result.value = await work({
        rows: tx.rows,
        often: tx.often,
        affected: tx.affected,
        transaction: (inner) => inner(tx),
      });
      throw new RollBack();
    }, 'REPEATABLE READ');
  } catch (error) {
    if (!(error instanceof RollBack)) throw error;
  }
  return result.value as T;
}
