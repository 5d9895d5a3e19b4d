import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The day of a token (R21). `settlement` is its state machine, moved by compare-and-set; `reward` holds one leaf a
 * (day, token): loaded bare, keyed after, attached in the transaction that moves the state. A reward row is itself the
 * credit line of the day's journal entry, and its credit id is a function of its key, so no second table is written.
 */
export class Settlement1763600000005 implements MigrationInterface {
  name = 'Settlement1763600000005';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE settlement (
        day             date NOT NULL,
        token           text COLLATE "C" NOT NULL REFERENCES token,
        state           text NOT NULL CHECK (state IN
          ('waiting', 'final', 'measured', 'qualified', 'split', 'checked', 'crediting', 'credited', 'paid', 'held')),
        rules_version   text,
        observed        numeric(78,0),
        released        numeric(78,0),
        stake           numeric(78,0),
        qualifying      numeric(78,0),
        fee             numeric(78,0),
        pool_part       numeric(78,0),
        treasury_part   numeric(78,0),
        leftover_before numeric(78,0),
        boosts          numeric(78,0),
        pool            numeric(78,0),
        paid            numeric(78,0),
        leftover        numeric(78,0),
        users           integer,
        balances_from   text CHECK (balances_from IN ('accumulators', 'log')),
        waiting_for     text,
        held            jsonb,
        late            boolean NOT NULL DEFAULT false,
        fence           bigint NOT NULL DEFAULT 0,
        changed_at      timestamptz NOT NULL DEFAULT now(),
        paid_at         timestamptz,
        PRIMARY KEY (day, token),
        CHECK (pool = pool_part + leftover_before + boosts),
        CHECK (pool = paid + leftover),
        CHECK (released = fee + pool_part + treasury_part)
      )`);
    await db.query(`
      CREATE TABLE settlement_check (
        day     date NOT NULL,
        token   text COLLATE "C" NOT NULL,
        name    text NOT NULL,
        passed  boolean NOT NULL,
        detail  text NOT NULL,
        PRIMARY KEY (day, token, name),
        FOREIGN KEY (day, token) REFERENCES settlement
      )`);
    // R14, R15: which day takes which part of which chain reward; written once, when the day's inputs are fixed.
    await db.query(`
      CREATE TABLE reward_release (
        token      text COLLATE "C" NOT NULL,
        reward_key text NOT NULL,
        part       smallint NOT NULL,
        day        date NOT NULL,
        amount     numeric(78,0) NOT NULL CHECK (amount >= 0),
        PRIMARY KEY (token, reward_key, part),
        FOREIGN KEY (token, reward_key) REFERENCES chain_reward (token, key)
      )`);
    await db.query('CREATE INDEX reward_release_day ON reward_release (token, day)');
    await db.query(`
      CREATE TABLE boost (
        token       text COLLATE "C" NOT NULL REFERENCES token,
        day         date NOT NULL,
        reason      text NOT NULL,
        amount      numeric(78,0) NOT NULL CHECK (amount > 0),
        made_by     text NOT NULL,
        approved_by text NOT NULL CHECK (approved_by <> made_by),
        PRIMARY KEY (token, day, reason)
      )`);
    // Users whose day is not simply whole: their integral over exactly the intervals that count, from the log.
    await db.query(`
      CREATE TABLE partial_balance (
        user_id   text COLLATE "C" NOT NULL,
        day       date NOT NULL,
        token     text COLLATE "C" NOT NULL,
        bucket    smallint NOT NULL,
        integral  numeric(96,0) NOT NULL,
        intervals jsonb NOT NULL,
        PRIMARY KEY (day, token, user_id)
      ) PARTITION BY RANGE (day)`);
    // R10: several accounts of one owner share one cap; sums over all their shards.
    await db.query(`
      CREATE TABLE owner_average (
        day     date NOT NULL,
        token   text COLLATE "C" NOT NULL,
        owner   text COLLATE "C" NOT NULL,
        average numeric(78,0) NOT NULL,
        PRIMARY KEY (day, token, owner)
      )`);
    await db.query(`
      CREATE TABLE reward (
        user_id text COLLATE "C" NOT NULL,
        day     date NOT NULL,
        token   text COLLATE "C" NOT NULL,
        bucket  smallint NOT NULL,
        average numeric(78,0) NOT NULL,
        weight  numeric(78,0) NOT NULL,
        amount  numeric(78,0) NOT NULL CHECK (amount >= 0),
        PRIMARY KEY (user_id, day, token)
      ) PARTITION BY RANGE (day, token)`);
    // R23: a batch is the rows of one leaf between two users; ids are functions of the rows, stored before any attempt.
    await db.query(`
      CREATE TABLE credit_batch (
        day        date NOT NULL,
        token      text COLLATE "C" NOT NULL,
        kind       text NOT NULL CHECK (kind IN ('reward', 'adjustment', 'boost')),
        batch      integer NOT NULL,
        first_user text COLLATE "C" NOT NULL,
        last_user  text COLLATE "C" NOT NULL,
        count      integer NOT NULL CHECK (count > 0),
        total      numeric(78,0) NOT NULL CHECK (total > 0),
        state      text NOT NULL CHECK (state IN ('planned', 'sent', 'done')),
        attempts   integer NOT NULL DEFAULT 0,
        late       boolean NOT NULL DEFAULT false,
        claimed_until timestamptz,
        sent_at    timestamptz,
        done_at    timestamptz,
        PRIMARY KEY (day, token, kind, batch)
      )`);
    // Single credits that did not simply go with their batch: held (R28) or refused by the core.
    await db.query(`
      CREATE TABLE credit_exception (
        user_id text COLLATE "C" NOT NULL,
        day     date NOT NULL,
        token   text COLLATE "C" NOT NULL,
        kind    text NOT NULL,
        amount  numeric(78,0) NOT NULL CHECK (amount > 0),
        state   text NOT NULL CHECK (state IN ('held', 'rejected', 'released', 'forfeited')),
        reason  text NOT NULL,
        at      timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, day, token, kind)
      )`);
    await db.query(`
      CREATE TABLE reconciliation (
        day         date NOT NULL,
        token       text COLLATE "C" NOT NULL,
        ours_count  integer NOT NULL,
        ours_total  numeric(78,0) NOT NULL,
        core_count  integer NOT NULL,
        core_total  numeric(78,0) NOT NULL,
        differences jsonb NOT NULL,
        at          timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (day, token)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'DROP TABLE reconciliation, credit_exception, credit_batch, reward, owner_average, partial_balance, boost, reward_release, settlement_check, settlement',
    );
  }
}
