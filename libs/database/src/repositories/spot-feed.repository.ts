import { Readable } from 'node:stream';
import { bucketOf } from '../bucket.js';
import type { Sql, Transaction } from '../database.js';

/** How far a feed shard has come (R26). */
export interface FeedShard {
  readonly shard: number;
  readonly seq: bigint;
  readonly closedThrough: string | null;
  readonly newestDay: string | null;
  readonly gapExpected: bigint | null;
  readonly gapGot: bigint | null;
}

/** A line of the log as it is stored: what was applied, and what was said where that differs. */
export interface LoggedEvent {
  readonly day: string;
  readonly user: string;
  readonly token: string;
  readonly shard: number;
  readonly seq: bigint;
  readonly msOfDay: number;
  readonly freeDelta: bigint;
  readonly lockedDelta: bigint;
  readonly free: bigint;
  readonly locked: bigint;
  readonly cause: string;
  readonly statedDelta: bigint | null;
}

export interface AccountKey {
  readonly user: string;
  readonly token: string;
}

export interface KnownBalance extends AccountKey {
  readonly shard: number;
  /** When it last moved; at first, when it became known. */
  readonly lastAt: Date;
  readonly free: bigint;
  readonly locked: bigint;
}

/** A balance that is heard of for the first time. */
export interface NewBalance extends AccountKey {
  readonly shard: number;
  readonly knownFrom: string;
  readonly day: string;
}

/** All changes of one account on one day: sums of delta and of delta x rest of the day, in atoms and atoms x ms. */
export interface DayChange extends AccountKey {
  readonly day: string;
  readonly free: bigint;
  readonly locked: bigint;
  readonly freeRest: bigint;
  readonly lockedRest: bigint;
  /** Of the account's last line; the same on all its days. */
  readonly cause: string;
  /** Of the last line of this day. */
  readonly lastAt: string;
}

export interface LateEvent extends AccountKey {
  readonly shard: number;
  readonly seq: bigint;
  readonly day: string;
  readonly msOfDay: number;
  readonly freeDelta: bigint;
  readonly lockedDelta: bigint;
  /** open: R27 looks into it; written-off: it lies before the balance was known, so nothing is owed. */
  readonly state: 'open' | 'written-off';
}

export interface QuarantinedDay extends AccountKey {
  readonly day: string;
  readonly reason: 'NO_SNAPSHOT' | 'MISMATCH';
  readonly shard: number;
  readonly seq: bigint;
  readonly expected: bigint | null;
  readonly got: bigint;
}

export interface FeedMark {
  readonly shard: number;
  readonly seq: bigint;
  readonly day: string;
}

interface ShardRow {
  shard: number;
  seq: string;
  closed_through: string | null;
  newest_day: string | null;
  gap_expected: string | null;
  gap_got: string | null;
}

interface LogRow {
  day: string;
  user_id: string;
  token: string;
  shard: number;
  seq: string;
  ms_of_day: number;
  free_delta: string;
  locked_delta: string;
  free: string;
  locked: string;
  cause: string;
  stated_delta: string | null;
}

interface BalanceRow {
  user_id: string;
  token: string;
  shard: number;
  last_at: Date;
  free: string;
  locked: string;
}

const SHARD_COLUMNS = 'shard, seq, closed_through, newest_day, gap_expected, gap_got';
const LOG_COLUMNS =
  'day, user_id, token, shard, seq, ms_of_day, free_delta, locked_delta, free, locked, cause, stated_delta';
const COPY_CHUNK = 500;

/**
 * The Spot feed's tables. Exactly once comes from the shard's row: it is locked first, and its sequence moves in the
 * transaction that appends the lines. All methods join the caller's transaction.
 */
export class SpotFeedRepository {
  /** Without a lock: what the shards look like just now. */
  async shards(sql: Sql, shards: readonly number[]): Promise<FeedShard[]> {
    const rows = await sql.rows<ShardRow>(
      `SELECT ${SHARD_COLUMNS} FROM feed_shard WHERE shard = ANY($1::smallint[]) ORDER BY shard`,
      [shards],
    );
    return rows.map(toShard);
  }

  /** Locks the shards' rows in ascending order (so that two batches cannot wait for each other), makes missing ones. */
  async lockShards(tx: Transaction, shards: readonly number[]): Promise<FeedShard[]> {
    await tx.affected(
      `INSERT INTO feed_shard (shard)
       SELECT s FROM unnest($1::smallint[]) AS s WHERE NOT EXISTS (SELECT 1 FROM feed_shard f WHERE f.shard = s)
       ORDER BY s ON CONFLICT (shard) DO NOTHING`,
      [shards],
    );
    const rows = await tx.rows<ShardRow>(
      `SELECT ${SHARD_COLUMNS} FROM feed_shard WHERE shard = ANY($1::smallint[]) ORDER BY shard FOR UPDATE`,
      [shards],
    );
    return rows.map(toShard);
  }

  async saveShard(tx: Transaction, shard: FeedShard): Promise<void> {
    await tx.affected(
      `UPDATE feed_shard SET seq = $2, closed_through = $3, newest_day = $4, gap_expected = $5, gap_got = $6, told_at = now()
       WHERE shard = $1`,
      [shard.shard, shard.seq, shard.closedThrough, shard.newestDay, shard.gapExpected, shard.gapGot],
    );
  }

  /** Lines of the log with these numbers, looked for on these days only. */
  async logged(
    tx: Transaction,
    shard: number,
    seqs: readonly bigint[],
    days: readonly string[],
  ): Promise<LoggedEvent[]> {
    if (seqs.length === 0 || days.length === 0) return [];
    const rows = await tx.rows<LogRow>(
      `SELECT ${LOG_COLUMNS} FROM balance_event
       WHERE day = ANY($3::date[]) AND shard = $1 AND seq BETWEEN $4 AND $5 AND seq = ANY($2::bigint[])`,
      [shard, seqs, days, least(seqs), greatest(seqs)],
    );
    return rows.map(toLogged);
  }

  /** Lines that were logged for a later time than they name, each with the log line it became. */
  async loggedLate(
    tx: Transaction,
    shard: number,
    seqs: readonly bigint[],
    users: readonly string[],
  ): Promise<{ readonly late: FeedMark & { readonly msOfDay: number }; readonly event: LoggedEvent }[]> {
    if (seqs.length === 0) return [];
    const late = await tx.rows<{ seq: string; day: string; ms_of_day: number }>(
      `SELECT seq, day, ms_of_day FROM late_event
       WHERE user_id = ANY($2::text[]) AND shard = $1 AND seq = ANY($3::bigint[])`,
      [shard, users, seqs],
    );
    if (late.length === 0) return [];
    const earliest = late.map((row) => row.day).sort()[0];
    const rows = await tx.rows<LogRow>(
      `SELECT ${LOG_COLUMNS} FROM balance_event
       WHERE day >= $2::date AND shard = $1 AND seq = ANY($3::bigint[])`,
      [shard, earliest, late.map((row) => row.seq)],
    );
    const events = new Map(rows.map((row) => [row.seq, toLogged(row)]));
    return late.flatMap((row) => {
      const event = events.get(row.seq);
      return event ? [{ late: { shard, seq: BigInt(row.seq), day: row.day, msOfDay: row.ms_of_day }, event }] : [];
    });
  }

  async marks(tx: Transaction, shard: number, seqs: readonly bigint[]): Promise<FeedMark[]> {
    if (seqs.length === 0) return [];
    const rows = await tx.rows<{ seq: string; day: string }>(
      'SELECT seq, day FROM feed_mark WHERE shard = $1 AND seq = ANY($2::bigint[])',
      [shard, seqs],
    );
    return rows.map((row) => ({ shard, seq: BigInt(row.seq), day: row.day }));
  }

  async balances(tx: Transaction, accounts: readonly AccountKey[]): Promise<KnownBalance[]> {
    const rows = await tx.rows<BalanceRow>(
      `SELECT s.user_id, s.token, s.shard, s.last_at, s.free, s.locked
       FROM unnest($1::text[], $2::text[]) AS a(user_id, token)
       JOIN spot_balance s ON s.user_id = a.user_id AND s.token = a.token`,
      [accounts.map((account) => account.user), accounts.map((account) => account.token)],
    );
    return rows.map((row) => ({
      user: row.user_id,
      token: row.token,
      shard: row.shard,
      lastAt: row.last_at,
      free: BigInt(row.free),
      locked: BigInt(row.locked),
    }));
  }

  async appendLog(tx: Transaction, events: readonly LoggedEvent[]): Promise<void> {
    if (events.length === 0) return;
    await tx.copyIn(
      `COPY balance_event (${LOG_COLUMNS}) FROM STDIN`,
      copyText(events, (event) =>
        copyLine(
          event.day,
          event.user,
          event.token,
          event.shard,
          event.seq,
          event.msOfDay,
          event.freeDelta,
          event.lockedDelta,
          event.free,
          event.locked,
          event.cause,
          event.statedDelta,
        ),
      ),
    );
  }

  /**
   * Balances heard of for the first time, at zero: `applyChanges` brings them to what was said.
   * @returns how many were new; fewer than given means that another shard was first
   */
  addBalances(tx: Transaction, balances: readonly NewBalance[]): Promise<number> {
    if (balances.length === 0) return Promise.resolve(0);
    return tx.affected(
      `INSERT INTO spot_balance (user_id, token, bucket, shard, free, locked, known_from, last_at, day, integral)
       SELECT user_id, token, bucket, shard, 0, 0, known_from, known_from, day, 0
       FROM unnest($1::text[], $2::text[], $3::smallint[], $4::smallint[], $5::timestamptz[], $6::date[])
         AS n(user_id, token, bucket, shard, known_from, day)
       ORDER BY user_id, token ON CONFLICT (user_id, token) DO NOTHING`,
      [
        balances.map((balance) => balance.user),
        balances.map((balance) => balance.token),
        balances.map((balance) => bucketOf(balance.user)),
        balances.map((balance) => balance.shard),
        balances.map((balance) => balance.knownFrom),
        balances.map((balance) => balance.day),
      ],
    );
  }

  /** One statement for the whole batch: moves balances and both day slots (see APPLY_CHANGES). */
  async applyChanges(tx: Transaction, changes: readonly DayChange[]): Promise<number> {
    if (changes.length === 0) return 0;
    await tx.affected(
      `CREATE TEMP TABLE IF NOT EXISTS spot_change (
         user_id text COLLATE "C" NOT NULL, token text COLLATE "C" NOT NULL, day date NOT NULL,
         free numeric NOT NULL, locked numeric NOT NULL, free_rest numeric NOT NULL, locked_rest numeric NOT NULL,
         cause text NOT NULL, last_at timestamptz NOT NULL
       ) ON COMMIT DELETE ROWS`,
    );
    await tx.copyIn(
      'COPY spot_change (user_id, token, day, free, locked, free_rest, locked_rest, cause, last_at) FROM STDIN',
      copyText(changes, (change) =>
        copyLine(
          change.user,
          change.token,
          change.day,
          change.free,
          change.locked,
          change.freeRest,
          change.lockedRest,
          change.cause,
          change.lastAt,
        ),
      ),
    );
    return tx.affected(APPLY_CHANGES);
  }

  async addLate(tx: Transaction, events: readonly LateEvent[]): Promise<void> {
    if (events.length === 0) return;
    await tx.affected(
      `INSERT INTO late_event (user_id, token, shard, seq, day, ms_of_day, free_delta, locked_delta, state)
       SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[], $5::date[], $6::integer[], $7::numeric[], $8::numeric[], $9::text[])`,
      [
        events.map((event) => event.user),
        events.map((event) => event.token),
        events.map((event) => event.shard),
        events.map((event) => event.seq),
        events.map((event) => event.day),
        events.map((event) => event.msOfDay),
        events.map((event) => event.freeDelta),
        events.map((event) => event.lockedDelta),
        events.map((event) => event.state),
      ],
    );
  }

  /** The first reason of a day stays. */
  async addQuarantine(tx: Transaction, days: readonly QuarantinedDay[]): Promise<void> {
    if (days.length === 0) return;
    await tx.affected(
      `INSERT INTO quarantine (user_id, token, day, reason, shard, seq, expected, got)
       SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::smallint[], $6::bigint[], $7::numeric[], $8::numeric[])
       ON CONFLICT (user_id, token, day) DO NOTHING`,
      [
        days.map((day) => day.user),
        days.map((day) => day.token),
        days.map((day) => day.day),
        days.map((day) => day.reason),
        days.map((day) => day.shard),
        days.map((day) => day.seq),
        days.map((day) => day.expected),
        days.map((day) => day.got),
      ],
    );
  }

  async addMarks(tx: Transaction, marks: readonly FeedMark[]): Promise<void> {
    if (marks.length === 0) return;
    await tx.affected(
      'INSERT INTO feed_mark (shard, seq, day) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::date[])',
      [marks.map((mark) => mark.shard), marks.map((mark) => mark.seq), marks.map((mark) => mark.day)],
    );
  }
}

/**
 * The accumulator's step for a whole batch (R8). `last_day` is the later of the row's day and the batch's. A slot's
 * integral is opening x day + sum of delta x rest of day, so a change of an earlier day counts for the whole of a
 * later one, and the order of lines does not matter. Rolling over keeps the two newest adjacent days; a day that had no
 * events is its balance x day. Which balance counts (R7) is the rule of each slot's own day.
 */
const APPLY_CHANGES = `
  WITH rule AS (
    SELECT token,
           CASE WHEN lag(valid_from) OVER w IS NULL THEN '-infinity'::date ELSE valid_from END AS from_day,
           coalesce(lead(valid_from) OVER w, 'infinity'::date) AS until_day,
           CASE counted_balance WHEN 'free+locked' THEN 1 ELSE 0 END AS with_locked
    FROM token_rule WINDOW w AS (PARTITION BY token ORDER BY valid_from)
  ), span AS (
    SELECT user_id, token, greatest(s.day, max(c.day)) AS last_day
    FROM spot_change c JOIN spot_balance s USING (user_id, token)
    GROUP BY user_id, token, s.day
  ), change AS (
    SELECT user_id, token, last_day, sum(free) AS free, sum(locked) AS locked, max(cause) AS cause, max(last_at) AS last_at,
           sum(CASE WHEN day = last_day THEN free_rest ELSE free * 86400000 END) AS last_free,
           sum(CASE WHEN day = last_day THEN locked_rest ELSE locked * 86400000 END) AS last_locked,
           sum(CASE WHEN day = last_day THEN 0 WHEN day = last_day - 1 THEN free_rest ELSE free * 86400000 END) AS prev_free,
           sum(CASE WHEN day = last_day THEN 0 WHEN day = last_day - 1 THEN locked_rest ELSE locked * 86400000 END) AS prev_locked
    FROM spot_change JOIN span USING (user_id, token)
    GROUP BY user_id, token, last_day
  )
  UPDATE spot_balance s SET
    free = s.free + c.free,
    locked = s.locked + c.locked,
    last_cause = c.cause,
    last_at = c.last_at,
    day = c.last_day,
    integral = c.last_free + last_rule.with_locked * c.last_locked
      + CASE WHEN s.day = c.last_day THEN s.integral ELSE (s.free + last_rule.with_locked * s.locked) * 86400000 END,
    prev_day = CASE WHEN s.day = c.last_day THEN s.prev_day ELSE c.last_day - 1 END,
    prev_integral = c.prev_free + prev_rule.with_locked * c.prev_locked
      + CASE WHEN s.day = c.last_day THEN s.prev_integral
             WHEN s.day = c.last_day - 1 THEN s.integral
             ELSE (s.free + prev_rule.with_locked * s.locked) * 86400000 END
  FROM change c
  JOIN rule last_rule ON last_rule.token = c.token AND c.last_day >= last_rule.from_day AND c.last_day < last_rule.until_day
  JOIN rule prev_rule ON prev_rule.token = c.token AND c.last_day - 1 >= prev_rule.from_day AND c.last_day - 1 < prev_rule.until_day
  WHERE s.user_id = c.user_id AND s.token = c.token`;

function toShard(row: ShardRow): FeedShard {
  return {
    shard: row.shard,
    seq: BigInt(row.seq),
    closedThrough: row.closed_through,
    newestDay: row.newest_day,
    gapExpected: row.gap_expected === null ? null : BigInt(row.gap_expected),
    gapGot: row.gap_got === null ? null : BigInt(row.gap_got),
  };
}

function toLogged(row: LogRow): LoggedEvent {
  return {
    day: row.day,
    user: row.user_id,
    token: row.token,
    shard: row.shard,
    seq: BigInt(row.seq),
    msOfDay: row.ms_of_day,
    freeDelta: BigInt(row.free_delta),
    lockedDelta: BigInt(row.locked_delta),
    free: BigInt(row.free),
    locked: BigInt(row.locked),
    cause: row.cause,
    statedDelta: row.stated_delta === null ? null : BigInt(row.stated_delta),
  };
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

function greatest(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}

/** COPY's text format. A string's backslash, tab and line ends are escaped; null is \\N. */
function copyLine(...values: readonly (string | number | bigint | null)[]): string {
  return (
    values
      .map((value) => (value === null ? '\\N' : typeof value === 'string' ? escapeCopy(value) : value.toString()))
      .join('\t') + '\n'
  );
}

function escapeCopy(text: string): string {
  return /[\\\t\n\r]/.test(text)
    ? text.replace(/[\\\t\n\r]/g, (character) => `\\${{ '\t': 't', '\n': 'n', '\r': 'r' }[character] ?? '\\'}`)
    : text;
}

function copyText<Row>(rows: readonly Row[], line: (row: Row) => string): Readable {
  function* chunks(): Generator<string> {
    for (let start = 0; start < rows.length; start += COPY_CHUNK) {
      yield rows
        .slice(start, start + COPY_CHUNK)
        .map(line)
        .join('');
    }
  }
  return Readable.from(chunks());
}
