import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appendOnlyTriggers } from '../append-only.js';

/**
 * R25: double entry. All lines of an entry come in one statement; a statement-level trigger checks that they add up to
 * zero per entry and token (a deferred row trigger for the same costs nine times as much). Nothing changes, nothing
 * vanishes: corrections are new entries. The users' side of the day is the reward leaf itself, under the control
 * account that these lines carry.
 */
export class Journal1763600000006 implements MigrationInterface {
  name = 'Journal1763600000006';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE journal_line (
        day      date NOT NULL,
        entry_id text COLLATE "C" NOT NULL,
        line     smallint NOT NULL,
        token    text COLLATE "C" NOT NULL,
        kind     text NOT NULL,
        account  text NOT NULL,
        amount   numeric(79,0) NOT NULL CHECK (amount <> 0),
        written_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (day, entry_id, line)
      ) PARTITION BY RANGE (day)`);
    await db.query(`
      CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE bad record;
      BEGIN
        SELECT entry_id, token, sum(amount) AS off INTO bad FROM new_lines GROUP BY entry_id, token HAVING sum(amount) <> 0 LIMIT 1;
        IF FOUND THEN
          RAISE EXCEPTION 'journal entry % is off by % % atoms', bad.entry_id, bad.off, bad.token USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
      END $$`);
    await db.query(`
      CREATE TRIGGER journal_line_balances AFTER INSERT ON journal_line
        REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_entry()`);
    await db.query(`
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
      END $$`);
    for (const table of [
      'journal_line',
      'reward',
      'balance_event',
      'consent',
      'chain_reward',
      'chain_flow',
      'reward_release',
    ]) {
      for (const trigger of appendOnlyTriggers(table)) await db.query(trigger);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ['reward', 'balance_event', 'consent', 'chain_reward', 'chain_flow', 'reward_release']) {
      await db.query(`DROP TRIGGER ${table}_append_only ON ${table}`);
      await db.query(`DROP TRIGGER ${table}_kept ON ${table}`);
    }
    await db.query('DROP TABLE journal_line');
    await db.query('DROP FUNCTION refuse_change, refuse_unbalanced_entry');
  }
}
