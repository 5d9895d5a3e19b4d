import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Books of chain cuts as adapters keep them: nodes that throw states away cannot be asked again (R19). */
export class CutSnapshots1763600000009 implements MigrationInterface {
  name = 'CutSnapshots1763600000009';

  async up(db: QueryRunner): Promise<void> {
    // The key names one block by its hash: under it nothing else can ever be true.
    await db.query(`
      CREATE TABLE chain_cut_snapshot (
        chain   text NOT NULL,
        key     text COLLATE "C" NOT NULL,
        content text NOT NULL,
        kept_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (chain, key)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE chain_cut_snapshot');
  }
}
