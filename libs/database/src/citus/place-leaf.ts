import type { Sql, Transaction } from '../database.js';
import { GROUP_HEAD, USER_COLUMN } from './placement.js';

/** Whether the schema has been distributed: false on plain PostgreSQL, and on Citus before `db:distribute`. */
export async function isDistributed(sql: Sql, table: string = GROUP_HEAD): Promise<boolean> {
  const [citus] = await sql.rows<{ there: boolean }>(`SELECT to_regclass('pg_dist_partition') IS NOT NULL AS there`);
  if (!citus?.there) return false;
  const found = await sql.rows(
    `SELECT 1 FROM pg_dist_partition WHERE logicalrelid = $1::regclass AND partmethod = 'h'`,
    [table],
  );
  return found.length > 0;
}

/**
 * For a leaf that has its triggers and no rows yet, before it is filled and attached: on Citus it is distributed beside
 * its parent, so that rows are written where they stay (ATTACH would move them afterwards, through the coordinator).
 * Elsewhere nothing happens.
 */
export async function placeLeaf(tx: Transaction, leaf: string, parent: string): Promise<void> {
  if (!(await isDistributed(tx, parent))) return;
  await tx.rows(`SELECT create_distributed_table($1::regclass, $2, colocate_with => $3)`, [leaf, USER_COLUMN, parent]);
}
