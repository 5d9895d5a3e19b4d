import { createHash } from 'node:crypto';
import type { Database } from '../database.js';
import { FactContradiction } from './chain-facts.js';

/** A cut a day: about two months. Only the last one is needed to go on; the others are for books set back by people. */
export const SNAPSHOTS_KEPT = 64;

/**
 * Books of cuts as one chain's adapter reads them, kept over restarts: where the nodes have thrown a state away, the
 * next day is told from here (R19). Structurally the `CutSnapshots` of the chain adapters. Rows are never changed: a key
 * names a block by its hash, so two workers at once can only write the same.
 */
export class CutSnapshotRepository {
  constructor(
    private readonly db: Database,
    private readonly chain: string,
    private readonly most = SNAPSHOTS_KEPT,
  ) {}

  async load(key: string): Promise<string | null> {
    const [row] = await this.db.rows<{ content: string }>(
      'SELECT content FROM chain_cut_snapshot WHERE chain = $1 AND key = $2',
      [this.chain, key],
    );
    return row?.content ?? null;
  }

  /**
   * Keeps what is new, and then no more than the newest few of the chain.
   * @throws FactContradiction when something else is kept under the key already; that stays
   */
  async save(key: string, text: string): Promise<void> {
    for (;;) {
      const inserted = await this.db.affected(
        'INSERT INTO chain_cut_snapshot (chain, key, content) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        [this.chain, key, text],
      );
      if (inserted === 1) return this.forgetOldest();
      const kept = await this.load(key);
      if (kept === text) return;
      // Another worker's `forgetOldest` may have taken the row in between: then it is new again.
      if (kept === null) continue;
      throw new FactContradiction('chain_cut_snapshot', {
        chain: this.chain,
        key,
        sha256: sha256(text),
        keptSha256: sha256(kept),
      });
    }
  }

  private async forgetOldest(): Promise<void> {
    await this.db.affected(
      `DELETE FROM chain_cut_snapshot WHERE chain = $1 AND key IN (
         SELECT key FROM chain_cut_snapshot WHERE chain = $1 ORDER BY kept_at DESC, key OFFSET $2)`,
      [this.chain, this.most],
    );
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
