import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What becomes of a day when it is over. Paid days of all tokens are folded into leaves of several days (decision 12);
 * days that are kept long enough go into archives, and `archived_day` says how far each has come.
 */
export class Archives1763600000008 implements MigrationInterface {
  name = 'Archives1763600000008';

  async up(db: QueryRunner): Promise<void> {
    // When the core confirmed the credit, epoch milliseconds: written when the day is folded, so that a list of rewards
    // need not look for the batch of every row. Null: not folded yet, nothing due, or the credit went its own way.
    await db.query('ALTER TABLE reward ADD COLUMN credited_ms bigint');
    // The batch of a user is the first one that ends at or after it.
    await db.query('CREATE INDEX credit_batch_last_user ON credit_batch (day, token, kind, last_user)');
    // Moves in the transaction that changes which leaves `reward` has: who reads leaves by name sees it in the same statement.
    await db.query(`
      CREATE TABLE reward_catalogue (
        id      smallint PRIMARY KEY CHECK (id = 1),
        version bigint NOT NULL
      )`);
    await db.query('INSERT INTO reward_catalogue VALUES (1, 1)');
    // exported: the files are there and were read back; dropped: the rows are in them alone; restored: back in a leaf.
    await db.query(`
      CREATE TABLE archived_day (
        subject         text NOT NULL CHECK (subject IN ('log', 'rewards')),
        day             date NOT NULL,
        state           text NOT NULL CHECK (state IN ('exported', 'dropped', 'restored')),
        manifest_sha256 text NOT NULL CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'),
        line_count      bigint NOT NULL CHECK (line_count >= 0),
        exported_at     timestamptz NOT NULL DEFAULT now(),
        changed_at      timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (subject, day)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE archived_day, reward_catalogue');
    await db.query('DROP INDEX credit_batch_last_user');
    await db.query('ALTER TABLE reward DROP COLUMN credited_ms');
  }
}
