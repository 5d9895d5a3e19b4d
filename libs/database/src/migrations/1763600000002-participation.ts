import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who takes part. User data: keyed and distributed by user_id; bucket is its hash, the unit of parallel work. */
export class Participation1763600000002 implements MigrationInterface {
  name = 'Participation1763600000002';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE account (
        user_id  text COLLATE "C" PRIMARY KEY,
        bucket   smallint NOT NULL CHECK (bucket BETWEEN 0 AND 63),
        region   text NOT NULL,
        owner    text COLLATE "C",
        status   text NOT NULL CHECK (status IN ('active', 'banned', 'closed')),
        told_at  timestamptz NOT NULL
      )`);
    // R10: the accounts that share a cap, found without reading those that do not.
    await db.query('CREATE INDEX account_owner ON account (owner, user_id) WHERE owner IS NOT NULL');
    // Every statement of will, as given: append-only (R3, R5: repeating a switch adds nothing).
    await db.query(`
      CREATE TABLE consent (
        user_id       text COLLATE "C" NOT NULL REFERENCES account,
        at            timestamptz NOT NULL,
        active        boolean NOT NULL,
        terms_version text,
        evidence      jsonb,
        recorded_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, at)
      )`);
    // What the statements mean: [starts_at, ends_at) with starts_at a 00:00 (R4) and ends_at the very millisecond (R5).
    await db.query(`
      CREATE TABLE participation_period (
        user_id       text COLLATE "C" NOT NULL REFERENCES account,
        starts_at     timestamptz NOT NULL,
        ends_at       timestamptz,
        terms_version text NOT NULL,
        since         timestamptz NOT NULL,
        end_reason    text,
        PRIMARY KEY (user_id, starts_at, since),
        CONSTRAINT participation_period_from_midnight CHECK (starts_at = date_trunc('day', starts_at, 'UTC')),
        CHECK (ends_at IS NULL OR end_reason IS NOT NULL)
      )`);
    await db.query(`
      CREATE UNIQUE INDEX participation_period_open ON participation_period (user_id) WHERE ends_at IS NULL`);
    // Whose day is not simply whole is found by when a period ended: a day never reads the periods of all users.
    await db.query(`
      CREATE INDEX participation_period_ends ON participation_period (ends_at) WHERE ends_at IS NOT NULL`);
    // Who switched on again after a day that is being settled, so that his balances speak of another period.
    await db.query('CREATE INDEX participation_period_starts ON participation_period (starts_at)');
    // R6: each cut is a row. token '*' means every token. ends_at null: still in force.
    await db.query(`
      CREATE TABLE participation_cut (
        user_id   text COLLATE "C" NOT NULL REFERENCES account,
        token     text COLLATE "C" NOT NULL,
        reason    text NOT NULL CHECK (reason IN ('TOKEN_OFF', 'TERMS', 'REGION', 'BANNED', 'CLOSED')),
        starts_at timestamptz NOT NULL,
        ends_at   timestamptz CHECK (ends_at >= starts_at),
        PRIMARY KEY (user_id, token, reason, starts_at)
      )`);
    await db.query('CREATE INDEX participation_cut_ends ON participation_cut (ends_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE participation_cut, participation_period, consent, account');
  }
}
