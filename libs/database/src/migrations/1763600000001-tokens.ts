import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reference data: small, the same on every node when the schema is distributed. Business rules are dated rows (R29). */
export class Tokens1763600000001 implements MigrationInterface {
  name = 'Tokens1763600000001';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE token (
        symbol          text COLLATE "C" PRIMARY KEY CHECK (symbol ~ '^[A-Z0-9]{1,12}$'),
        name            text     NOT NULL,
        chain           text     NOT NULL,
        decimals        smallint NOT NULL CHECK (decimals BETWEEN 0 AND 30),
        payout_decimals smallint NOT NULL CHECK (payout_decimals BETWEEN 0 AND decimals),
        aliases         text[]   NOT NULL DEFAULT '{}',
        listed_from     date     NOT NULL,
        delisted_from   date
      )`);
    await db.query(`
      CREATE TABLE token_rule (
        token               text COLLATE "C" NOT NULL REFERENCES token,
        valid_from          date NOT NULL,
        min_atoms           numeric(78,0) NOT NULL CHECK (min_atoms >= 0),
        cap_atoms           numeric(78,0) NOT NULL CHECK (cap_atoms >= min_atoms),
        release_days        smallint NOT NULL CHECK (release_days BETWEEN 1 AND 60),
        fee_bps             smallint NOT NULL CHECK (fee_bps BETWEEN 0 AND 10000),
        counted_balance     text NOT NULL CHECK (counted_balance IN ('free', 'free+locked')),
        max_daily_rate_ppb  bigint NOT NULL CHECK (max_daily_rate_ppb > 0),
        trend_multiple      smallint NOT NULL CHECK (trend_multiple > 1),
        rules_version       text NOT NULL,
        made_by             text NOT NULL,
        approved_by         text NOT NULL,
        recorded_at         timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (token, valid_from),
        CHECK (made_by <> approved_by)
      )`);
    await db.query(`
      CREATE TABLE token_pause (
        token     text COLLATE "C" NOT NULL REFERENCES token,
        starts_at timestamptz NOT NULL,
        ends_at   timestamptz CHECK (ends_at > starts_at),
        reason    text NOT NULL,
        PRIMARY KEY (token, starts_at)
      )`);
    await db.query(`
      CREATE TABLE terms_version (
        version         text PRIMARY KEY,
        valid_from      timestamptz NOT NULL,
        accepted_until  timestamptz
      )`);
    await db.query(`
      CREATE TABLE region_rule (
        region     text NOT NULL,
        valid_from date NOT NULL,
        allowed    boolean NOT NULL,
        PRIMARY KEY (region, valid_from)
      )`);
    await db.query(`
      CREATE TABLE price (
        token text COLLATE "C" NOT NULL REFERENCES token,
        at    timestamptz NOT NULL,
        usdt  numeric(38,18) NOT NULL CHECK (usdt > 0),
        PRIMARY KEY (token, at)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE price, region_rule, terms_version, token_pause, token_rule, token');
  }
}
