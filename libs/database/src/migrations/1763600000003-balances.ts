import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The Spot feed. `balance_event` is the log (append-only, no unique index: exactly once comes from the watermark of
 * the feed shard, which moves in the same transaction). `spot_balance` is the running accumulator: two day slots, so
 * that today flows while yesterday settles; `integral` is opening x day + sum(delta x rest of day), so order is free.
 * What it came to when its user switched off stays beside it. No index but the key: updates stay HOT. Both lie apart by token, in one level of partitions: a token's day is settled
 * by reading that token's rows and no others.
 */
export class Balances1763600000003 implements MigrationInterface {
  name = 'Balances1763600000003';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE feed_shard (
        shard          smallint PRIMARY KEY CHECK (shard >= 0),
        seq            bigint NOT NULL DEFAULT 0,
        closed_through date,
        newest_day     date,
        gap_expected   bigint,
        gap_got        bigint,
        told_at        timestamptz NOT NULL DEFAULT now(),
        CHECK ((gap_expected IS NULL) = (gap_got IS NULL))
      )`);
    await db.query(`
      CREATE TABLE balance_event (
        day          date NOT NULL,
        user_id      text COLLATE "C" NOT NULL,
        token        text COLLATE "C" NOT NULL,
        shard        smallint NOT NULL,
        seq          bigint NOT NULL,
        ms_of_day    integer NOT NULL,
        free_delta   numeric(78,0) NOT NULL,
        locked_delta numeric(78,0) NOT NULL,
        free         numeric(78,0) NOT NULL,
        locked       numeric(78,0) NOT NULL,
        cause        text NOT NULL,
        -- what the core said, where it is not what was applied (a mismatch, R26): a resent line is compared with this
        stated_delta numeric(78,0)
      ) PARTITION BY RANGE (token, day)`);
    // End-of-day marks take a number of the shard's sequence too: a resent one is compared with this.
    await db.query(`
      CREATE TABLE feed_mark (
        shard smallint NOT NULL REFERENCES feed_shard,
        seq   bigint NOT NULL,
        day   date NOT NULL,
        PRIMARY KEY (shard, seq)
      )`);
    // Columns of fixed width first: the settlement looks at them in every row, and at the amounts in few.
    await db.query(`
      CREATE TABLE spot_balance (
        bucket        smallint NOT NULL,
        shard         smallint NOT NULL,
        day           date NOT NULL,
        known_from    timestamptz NOT NULL,
        last_at       timestamptz NOT NULL,
        -- copies of starts_at and ends_at of the user's newest participation period; null: there is none, or no end
        counts_from   timestamptz,
        counts_to     timestamptz,
        prev_day      date,
        user_id       text COLLATE "C" NOT NULL,
        token         text COLLATE "C" NOT NULL,
        free          numeric(78,0) NOT NULL CHECK (free >= 0),
        locked        numeric(78,0) NOT NULL CHECK (locked >= 0),
        integral      numeric(96,0) NOT NULL,
        prev_integral numeric(96,0),
        -- balance x time of the day of counts_to until then; null: only the log can tell
        left_integral numeric(96,0),
        -- R11: what the core said moved it last, for the reason shown to the user
        last_cause    text COLLATE "C",
        PRIMARY KEY (user_id, token)
      ) PARTITION BY LIST (token)`);
    // Each token of the catalogue has a leaf of its own (token-seed); this one is for what has none yet.
    await db.query('CREATE TABLE spot_balance_any_other PARTITION OF spot_balance DEFAULT WITH (fillfactor = 80)');
    // R26: the account's token for that day does not count; the rest settles.
    await db.query(`
      CREATE TABLE quarantine (
        user_id  text COLLATE "C" NOT NULL,
        token    text COLLATE "C" NOT NULL,
        day      date NOT NULL,
        reason   text NOT NULL,
        shard    smallint NOT NULL,
        seq      bigint NOT NULL,
        expected numeric(78,0),
        got      numeric(78,0),
        PRIMARY KEY (user_id, token, day)
      )`);
    await db.query('CREATE INDEX quarantine_day ON quarantine (day, token)');
    // Said after the shard had closed the day: the balance moves at the start of the open day, the past waits for R27.
    await db.query(`
      CREATE TABLE late_event (
        user_id      text COLLATE "C" NOT NULL,
        token        text COLLATE "C" NOT NULL,
        shard        smallint NOT NULL,
        seq          bigint NOT NULL,
        day          date NOT NULL,
        ms_of_day    integer NOT NULL,
        free_delta   numeric(78,0) NOT NULL,
        locked_delta numeric(78,0) NOT NULL,
        state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'adjusted', 'written-off')),
        PRIMARY KEY (user_id, shard, seq)
      )`);
    // Days up to here are closed: every input of theirs is fixed, whatever is said later (R2, R14).
    await db.query(`
      CREATE TABLE day_gate (
        id             smallint PRIMARY KEY CHECK (id = 1),
        closed_through date
      )`);
    await db.query('INSERT INTO day_gate VALUES (1, NULL)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE day_gate, late_event, quarantine, spot_balance, feed_mark, balance_event, feed_shard');
  }
}
