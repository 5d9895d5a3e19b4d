import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A step of one token's day done by ranges of users, side by side (R21). Rows are made together when the step begins;
 * one is filled in the transaction that did the range's work, so that a crash costs the ranges under way and no more.
 */
export class SettlementPieces1763600000007 implements MigrationInterface {
  name = 'SettlementPieces1763600000007';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE settlement_piece (
        day          date NOT NULL,
        token        text COLLATE "C" NOT NULL,
        step         text NOT NULL CHECK (step IN ('qualify', 'split', 'check')),
        first_bucket smallint NOT NULL CHECK (first_bucket >= 0),
        last_bucket  smallint NOT NULL CHECK (last_bucket BETWEEN first_bucket AND 63),
        -- what the range came to; null until its work is committed
        result       jsonb,
        PRIMARY KEY (day, token, step, first_bucket),
        FOREIGN KEY (day, token) REFERENCES settlement
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE settlement_piece');
  }
}
