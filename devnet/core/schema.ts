/**
 * This core's books: a schema of its own that nobody else reads or writes; the staking service and it meet over HTTP
 * only. Times are milliseconds since 1970, so that no driver can shift them.
 */
export const SCHEMA_SQL = `
CREATE SCHEMA IF NOT EXISTS sample_core;

-- One row: what these books are, and the core's own clock. Locked by everything that writes to the ledger.
CREATE TABLE IF NOT EXISTS sample_core.book (
  id            smallint PRIMARY KEY CHECK (id = 1),
  seed          bigint NOT NULL,
  users         integer NOT NULL,
  first_day     date NOT NULL,
  now_ms        bigint NOT NULL,
  open_day      date NOT NULL,
  next_movement bigint NOT NULL
);

-- What these books list; those opened before there was a choice list BNB.
ALTER TABLE sample_core.book ADD COLUMN IF NOT EXISTS tokens text[] NOT NULL DEFAULT '{BNB}';

CREATE TABLE IF NOT EXISTS sample_core.account (
  account text COLLATE "C" PRIMARY KEY,
  status  text NOT NULL CHECK (status IN ('active', 'banned', 'closed', 'house'))
);

CREATE TABLE IF NOT EXISTS sample_core.balance (
  account text COLLATE "C" NOT NULL REFERENCES sample_core.account,
  token   text COLLATE "C" NOT NULL,
  free    numeric(78,0) NOT NULL,
  locked  numeric(78,0) NOT NULL,
  PRIMARY KEY (account, token),
  -- Users own what they own; the house accounts are the other side of every movement and may be below zero.
  CHECK (account LIKE 'house:%' OR (free >= 0 AND locked >= 0))
);

-- A credit id is taken for ever (R23). fed_day: the day in whose feed it was told; null while that lies ahead.
CREATE TABLE IF NOT EXISTS sample_core.credit (
  id          text COLLATE "C" PRIMARY KEY,
  batch       text NOT NULL,
  token       text COLLATE "C" NOT NULL,
  day         date NOT NULL,
  user_id     text COLLATE "C" NOT NULL REFERENCES sample_core.account,
  kind        text NOT NULL,
  atoms       numeric(78,0) NOT NULL CHECK (atoms > 0),
  credited_ms bigint NOT NULL,
  fed_day     date
);
CREATE INDEX IF NOT EXISTS credit_day ON sample_core.credit (day, token, id);
CREATE INDEX IF NOT EXISTS credit_unfed ON sample_core.credit (credited_ms) WHERE fed_day IS NULL;

CREATE TABLE IF NOT EXISTS sample_core.movement (
  movement  bigint PRIMARY KEY,
  at_ms     bigint NOT NULL,
  cause     text NOT NULL,
  credit_id text COLLATE "C" UNIQUE REFERENCES sample_core.credit
);

CREATE TABLE IF NOT EXISTS sample_core.posting (
  movement bigint NOT NULL REFERENCES sample_core.movement,
  account  text COLLATE "C" NOT NULL,
  token    text COLLATE "C" NOT NULL,
  part     text NOT NULL CHECK (part IN ('free', 'locked')),
  atoms    numeric(78,0) NOT NULL CHECK (atoms <> 0),
  PRIMARY KEY (movement, account, token, part),
  FOREIGN KEY (account, token) REFERENCES sample_core.balance
);

CREATE OR REPLACE FUNCTION sample_core.movements_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE broken bigint;
BEGIN
  SELECT movement INTO broken FROM added GROUP BY movement, token HAVING sum(atoms) <> 0 LIMIT 1;
  IF broken IS NOT NULL THEN RAISE EXCEPTION 'movement % does not add up to zero', broken; END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER posting_adds_up AFTER INSERT ON sample_core.posting
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sample_core.movements_add_up();

CREATE OR REPLACE FUNCTION sample_core.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE OR REPLACE TRIGGER posting_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sample_core.posting
  FOR EACH STATEMENT EXECUTE FUNCTION sample_core.append_only();
CREATE OR REPLACE TRIGGER movement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sample_core.movement
  FOR EACH STATEMENT EXECUTE FUNCTION sample_core.append_only();

CREATE TABLE IF NOT EXISTS sample_core.trading_day (
  day    date PRIMARY KEY,
  events integer NOT NULL,
  digest text NOT NULL
);

-- The feed's outbox: written with the movements it tells of, kept for ever, so that a receiver can start over.
CREATE TABLE IF NOT EXISTS sample_core.feed_shard (
  shard    smallint PRIMARY KEY,
  last_seq bigint NOT NULL,
  told_seq bigint NOT NULL CHECK (told_seq <= last_seq)
);
CREATE TABLE IF NOT EXISTS sample_core.feed_line (
  shard smallint NOT NULL REFERENCES sample_core.feed_shard,
  seq   bigint NOT NULL CHECK (seq > 0),
  day   date NOT NULL,
  line  text NOT NULL,
  PRIMARY KEY (shard, seq)
);

CREATE TABLE IF NOT EXISTS sample_core.outgoing_call (
  day           date NOT NULL,
  number        integer NOT NULL,
  lane          text NOT NULL,
  method        text NOT NULL,
  path          text NOT NULL,
  body          jsonb NOT NULL,
  expect_status smallint,
  state         text NOT NULL CHECK (state IN ('open', 'done', 'refused')),
  status        smallint,
  code          text,
  PRIMARY KEY (day, number)
);
CREATE INDEX IF NOT EXISTS outgoing_call_open ON sample_core.outgoing_call (day, number) WHERE state <> 'done';
`;
