import type { Sql, Transaction } from '../database.js';
import { newestFirst, type RewardLeaf, rewardLeafOf } from './reward-leaf.js';

/** The leaves of `reward` as of one version of the catalogue. */
export interface RewardLeaves {
  readonly version: string;
  /** Newest first. */
  readonly leaves: readonly RewardLeaf[];
  /** On Citus a user's rewards lie on one node, other users' on others. */
  readonly onCluster: boolean;
}

/**
 * Which leaves `reward` has. Whoever attaches or drops one moves the version in the same transaction, so a statement that
 * reads leaves by name and the version beside them knows whether it knew them all.
 */
export class RewardCatalogueRepository {
  /** One statement, one moment: a transaction reads it fresh. */
  async read(sql: Sql): Promise<RewardLeaves> {
    const [row] = await sql.rows<{ version: string; on_cluster: boolean; names: string[] }>(
      `SELECT (SELECT version FROM reward_catalogue)::text AS version,
         to_regclass('pg_dist_partition') IS NOT NULL AS on_cluster, array(
         SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'reward'::regclass) AS names`,
    );
    const leaves = (row?.names ?? []).map((name) => {
      const leaf = rewardLeafOf(name);
      // Rows of a leaf that nobody can name would be missing from every list.
      if (!leaf) throw new Error(`"${name}" is a leaf of reward under a name that is not ours`);
      return leaf;
    });
    return { version: row?.version ?? '0', leaves: leaves.sort(newestFirst), onCluster: row?.on_cluster ?? false };
  }

  /** Call it in the transaction that attaches or drops a leaf, when it holds the lock on `reward`. */
  async moved(tx: Transaction): Promise<void> {
    await tx.affected('UPDATE reward_catalogue SET version = version + 1');
  }
}
