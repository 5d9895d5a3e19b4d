import pg from 'pg';
import { purseKey, type ArrivingCredit } from './trading-day.js';
import { dayStart } from './days.js';
import type { Purse } from './habits.js';
import type { OutgoingCall } from './switches.js';
import { SCHEMA_SQL } from './schema.js';

export type Connection = Pick<pg.ClientBase, 'query'>;

/** What these books are and how far they have come. */
export interface Books {
  readonly seed: number;
  readonly users: number;
  readonly firstDay: string;
  /** The core's own clock, milliseconds since 1970. */
  readonly nowMs: number;
  /** The first day that has not been traded yet. */
  readonly openDay: string;
  readonly nextMovement: bigint;
  /** Symbols of what is listed. */
  readonly tokens: readonly string[];
}

const SCHEMA_LOCK = 4_811_001;

/** Its own pool on the given database, UTC, and the schema made if it is not there yet. */
export async function openStore(databaseUrl: string): Promise<pg.Pool> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 6,
    application_name: 'sample-core',
    options: '-c TimeZone=UTC -c statement_timeout=60000 -c lock_timeout=30000 -c client_min_messages=warning',
    keepAlive: true,
  });
  // A connection that PostgreSQL drops (a restart) must not end the process: the next query gets a new one.
  pool.on('error', () => undefined);
  try {
    await inTransaction(pool, async (db) => {
      await db.query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
      await db.query(SCHEMA_SQL);
    });
  } catch (error) {
    await pool.end();
    throw error;
  }
  return pool;
}

/** Commits when `work` resolves, rolls back when it throws. No network call belongs in `work`. */
export async function inTransaction<T>(pool: pg.Pool, work: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  const db = await pool.connect();
  let broken: Error | undefined;
  try {
    await db.query('BEGIN');
    const result = await work(db);
    await db.query('COMMIT');
    return result;
  } catch (error) {
    await db.query('ROLLBACK').catch((trouble: Error) => (broken = trouble));
    throw error;
  } finally {
    db.release(broken);
  }
}

interface BookRow {
  seed: string;
  users: number;
  first_day: string;
  now_ms: string;
  open_day: string;
  next_movement: string;
  tokens: string[];
}

/** @returns undefined before the books are opened. With `lock`, other writers wait until this transaction ends. */
export async function readBooks(db: Connection, lock = false): Promise<Books | undefined> {
  const { rows } = await db.query<BookRow>(
    `SELECT seed::text, users, first_day::text, now_ms::text, open_day::text, next_movement::text, tokens
     FROM sample_core.book WHERE id = 1 ${lock ? 'FOR UPDATE' : ''}`,
  );
  const row = rows[0];
  return (
    row && {
      seed: Number(row.seed),
      users: row.users,
      firstDay: row.first_day,
      nowMs: Number(row.now_ms),
      openDay: row.open_day,
      nextMovement: BigInt(row.next_movement),
      tokens: row.tokens,
    }
  );
}

/** The core's clock never goes back, whatever it is told. */
export async function moveClock(db: Connection, nowMs: number): Promise<void> {
  await db.query('UPDATE sample_core.book SET now_ms = greatest(now_ms, $1) WHERE id = 1', [nowMs]);
}

/**
 * What the feed said last of every account: the balance less the credits whose time still lies ahead of the feed.
 * @returns by `purseKey`
 */
export async function fedPurses(db: Connection): Promise<Map<string, Purse>> {
  const { rows } = await db.query<{ account: string; token: string; free: string; locked: string }>(
    `SELECT b.account, b.token, (b.free - coalesce(c.atoms, 0))::text AS free, b.locked::text AS locked
     FROM sample_core.balance b
     LEFT JOIN (SELECT user_id, token, sum(atoms) AS atoms FROM sample_core.credit
                WHERE fed_day IS NULL GROUP BY user_id, token) c ON c.user_id = b.account AND c.token = b.token
     WHERE b.account NOT LIKE 'house:%'`,
  );
  return new Map(
    rows.map((row) => [purseKey(row.account, row.token), { free: BigInt(row.free), locked: BigInt(row.locked) }]),
  );
}

/** Credits whose time is in the day and that no feed has told yet, in the order of their ids. */
export async function creditsArriving(db: Connection, day: string, untilMs: number): Promise<ArrivingCredit[]> {
  const { rows } = await db.query<{ id: string; user_id: string; token: string; atoms: string; credited_ms: string }>(
    `SELECT id, user_id, token, atoms::text, credited_ms::text FROM sample_core.credit
     WHERE fed_day IS NULL AND credited_ms < $1 ORDER BY id`,
    [untilMs],
  );
  return rows.map((row) => ({
    id: row.id,
    user: row.user_id,
    token: row.token,
    atoms: BigInt(row.atoms),
    msOfDay: Number(row.credited_ms) - dayStart(day),
  }));
}

/** Puts calls to the staking service in the outbox, numbered in their order; they go out after the commit. */
export async function queueCalls(db: Connection, day: string, calls: readonly OutgoingCall[]): Promise<void> {
  if (calls.length === 0) return;
  await db.query(
    `INSERT INTO sample_core.outgoing_call (day, number, lane, method, path, body, expect_status, state)
     SELECT $1::date, coalesce((SELECT max(number) FROM sample_core.outgoing_call WHERE day = $1::date), 0) + n,
            lane, method, path, body, expect_status, 'open'
     FROM unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::smallint[])
       WITH ORDINALITY AS c(lane, method, path, body, expect_status, n)`,
    [
      day,
      calls.map(({ lane }) => lane),
      calls.map(({ method }) => method),
      calls.map(({ path }) => path),
      calls.map(({ body }) => JSON.stringify(body)),
      calls.map(({ expectStatus }) => expectStatus ?? null),
    ],
  );
}

export interface FeedLine {
  readonly shard: number;
  /** The line without its number, keys in the order they are sent. */
  readonly content: Readonly<Record<string, string>>;
}

/**
 * Appends lines to the feed's outbox, numbered without a gap in each shard (R26).
 * @returns the texts as they will be sent, by shard and number
 */
export async function appendFeed(db: Connection, day: string, lines: readonly FeedLine[]): Promise<string[]> {
  const { rows } = await db.query<{ shard: number; last_seq: string }>(
    'SELECT shard, last_seq::text FROM sample_core.feed_shard ORDER BY shard FOR UPDATE',
  );
  const next = new Map(rows.map((row) => [row.shard, Number(row.last_seq) + 1]));
  const numbered = lines.map(({ shard, content }) => {
    const seq = next.get(shard);
    if (seq === undefined) throw new Error(`there is no feed shard ${shard}`);
    next.set(shard, seq + 1);
    return { shard, seq, text: JSON.stringify({ shard, seq, ...content }) };
  });
  await db.query(
    `INSERT INTO sample_core.feed_line (shard, seq, day, line)
     SELECT shard, seq, $1::date, line FROM unnest($2::smallint[], $3::bigint[], $4::text[]) AS l(shard, seq, line)`,
    [day, numbered.map((l) => l.shard), numbered.map((l) => l.seq), numbered.map((l) => l.text)],
  );
  for (const [shard, seq] of next) {
    await db.query('UPDATE sample_core.feed_shard SET last_seq = $2 WHERE shard = $1', [shard, seq - 1]);
  }
  return [...numbered].sort((a, b) => a.shard - b.shard || a.seq - b.seq).map(({ text }) => text);
}
