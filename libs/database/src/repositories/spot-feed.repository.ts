import { Readable } from 'node:stream';
import { bucketOf } from '../bucket.js';
import { COUNTED_RULES } from '../counted-rules.js';
import type { Sql, Transaction } from '../database.js';
import type { LogPlace } from './day-partition.repository.js';
import { holdSwitches } from './participation.repository.js';

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
  readonly seq: bigint | number;
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

export interface KnownBalance {
  readonly shard: number;
  /** When it last moved, in epoch milliseconds; at first, when it became known. */
  readonly lastMs: number;
  readonly free: bigint;
  readonly locked: bigint;
}

/** A balance that is heard of for the first time. */
export interface NewBalance extends AccountKey {
  readonly shard: number;
  readonly knownFrom: string;
  readonly day: string;
  /** Its changes on that day; without them it starts at zero. They must not be given to `applyChanges` again. */
  readonly opening?: Omit<DayChange, keyof AccountKey | 'day'>;
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
  /** Of the first and the last line of this day. */
  readonly firstAt: string;
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

const SHARD_COLUMNS = 'shard, seq, closed_through, newest_day, gap_expected, gap_got';
const LOG_COLUMNS =
  'day, user_id, token, shard, seq, ms_of_day, free_delta, locked_delta, free, locked, cause, stated_delta';
const COPY_CHUNK = 500;
/** A line of the log as it was said, but for its time: see `said`. A user id, token or cause holds no tab. */
const SAID = {
  head: "user_id || E'\\t' || token || E'\\t'",
  tail: `E'\\t' || CASE WHEN cause = 'snapshot' THEN '' ELSE coalesce(stated_delta, free_delta)::text END
    || E'\\t' || free || E'\\t' || locked || E'\\t' || cause`,
};

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
    const locked = await this.lockKnown(tx, shards);
    if (locked.length === shards.length) return locked;
    await tx.affected(
      `INSERT INTO feed_shard (shard) SELECT s FROM unnest($1::smallint[]) AS s ORDER BY s ON CONFLICT (shard) DO NOTHING`,
      [shards],
    );
    return this.lockKnown(tx, shards);
  }

  private async lockKnown(tx: Transaction, shards: readonly number[]): Promise<FeedShard[]> {
    const rows = await tx.rows<ShardRow>(
      `SELECT ${SHARD_COLUMNS} FROM feed_shard WHERE shard = ANY($1::smallint[]) ORDER BY shard FOR UPDATE`,
      [shards],
    );
    return rows.map(toShard);
  }

  async saveShard(tx: Transaction, shard: FeedShard): Promise<void> {
    await this.saveShards(tx, [shard]);
  }

  async saveShards(tx: Transaction, shards: readonly FeedShard[]): Promise<void> {
    await tx.affected(
      `UPDATE feed_shard f SET seq = s.seq, closed_through = s.closed_through, newest_day = s.newest_day,
         gap_expected = s.gap_expected, gap_got = s.gap_got, told_at = now()
       FROM unnest($1::smallint[], $2::bigint[], $3::date[], $4::date[], $5::bigint[], $6::bigint[])
         AS s(shard, seq, closed_through, newest_day, gap_expected, gap_got)
       WHERE f.shard = s.shard`,
      [
        shards.map((shard) => shard.shard),
        shards.map((shard) => shard.seq),
        shards.map((shard) => shard.closedThrough),
        shards.map((shard) => shard.newestDay),
        shards.map((shard) => shard.gapExpected),
        shards.map((shard) => shard.gapGot),
      ],
    );
  }

  /**
   * What the log holds under these numbers, looked for in these places only: user, token, day, ms of the day, stated
   * delta (empty on a snapshot), free and locked in atoms, cause; tabs between them. By the number, as text.
   */
  async said(
    tx: Transaction,
    shard: number,
    seqs: readonly number[],
    places: readonly LogPlace[],
  ): Promise<Map<string, string>> {
    if (seqs.length === 0 || places.length === 0) return new Map();
    const leaves = new Map(places.map((place) => [`${place.token} ${place.day}`, place]));
    const values = [...leaves.values()].flatMap(({ token, day }) => [token, day]);
    const rows = await tx.rows<{ seq: string; said: string }>(
      `SELECT seq, ${SAID.head} || day || E'\\t' || ms_of_day || ${SAID.tail} AS said FROM balance_event
       WHERE shard = $1 AND seq BETWEEN $3 AND $4 AND seq = ANY($2::bigint[])
         AND (${eachOf(leaves.size, 5, (token, day) => `token = ${token} AND day = ${day}::date`)})`,
      [shard, listOf(seqs), least(seqs), greatest(seqs), ...values],
    );
    return new Map(rows.map((row) => [row.seq, row.said]));
  }

  /** The same for lines that were logged for a later time than they name; the time is what they name. */
  async saidLate(
    tx: Transaction,
    shard: number,
    seqs: readonly number[],
    users: readonly string[],
  ): Promise<Map<string, string>> {
    if (seqs.length === 0) return new Map();
    const late = await tx.rows<{ seq: string; token: string; day: string; ms_of_day: number }>(
      `SELECT seq, token, day, ms_of_day FROM late_event
       WHERE user_id = ANY($2::text[]) AND shard = $1 AND seq = ANY($3::bigint[])`,
      [shard, textList(users), listOf(seqs)],
    );
    if (late.length === 0) return new Map();
    const numbers = late.map((row) => BigInt(row.seq));
    const earliest = new Map<string, string>();
    for (const { token, day } of late) {
      const before = earliest.get(token);
      if (before === undefined || day < before) earliest.set(token, day);
    }
    const rows = await tx.rows<{ seq: string; head: string; tail: string }>(
      `SELECT seq, ${SAID.head} AS head, ${SAID.tail} AS tail FROM balance_event
       WHERE shard = $1 AND seq BETWEEN $3 AND $4 AND seq = ANY($2::bigint[])
         AND (${eachOf(earliest.size, 5, (token, day) => `token = ${token} AND day >= ${day}::date`)})`,
      [shard, listOf(numbers), least(numbers), greatest(numbers), ...[...earliest].flat()],
    );
    const logged = new Map(rows.map((row) => [row.seq, row]));
    return new Map(
      late.flatMap(({ seq, day, ms_of_day }) => {
        const row = logged.get(seq);
        return row ? [[seq, `${row.head}${day}\t${ms_of_day}${row.tail}`] as const] : [];
      }),
    );
  }

  /** Which of the days have left the database: their lines are in an archive. */
  async archivedDays(tx: Transaction, days: readonly string[]): Promise<Set<string>> {
    const rows = await tx.rows<{ day: string }>(
      `SELECT day FROM archived_day WHERE subject = 'log' AND state = 'dropped' AND day = ANY($1::date[])`,
      [[...new Set(days)]],
    );
    return new Set(rows.map((row) => row.day));
  }

  async marks(tx: Transaction, shard: number, seqs: readonly bigint[]): Promise<FeedMark[]> {
    if (seqs.length === 0) return [];
    const rows = await tx.rows<{ seq: string; day: string }>(
      'SELECT seq, day FROM feed_mark WHERE shard = $1 AND seq = ANY($2::bigint[])',
      [shard, seqs],
    );
    return rows.map((row) => ({ shard, seq: BigInt(row.seq), day: row.day }));
  }

  /**
   * What is known of each account, by its place in the list; undefined: never heard of. Each account is looked up by the
   * key, whatever the size of the table: see `lookUpByKey`.
   */
  async balances(tx: Transaction, accounts: readonly AccountKey[]): Promise<(KnownBalance | undefined)[]> {
    const known = new Array<KnownBalance | undefined>(accounts.length).fill(undefined);
    if (accounts.length === 0) return known;
    await lookUpByKey(tx);
    // Seconds as a double are exact to the millisecond, and cost far less than the driver's Date.
    const rows = await tx.often<{ place: number; shard: number; last_ms: number; free: string; locked: string }>(
      `SELECT a.place::int AS place, s.shard, round(date_part('epoch', s.last_at) * 1000) AS last_ms, s.free, s.locked
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS a(user_id, token, place)
       JOIN spot_balance s ON s.user_id = a.user_id AND s.token = a.token`,
      [textList(accounts.map((account) => account.user)), textList(accounts.map((account) => account.token))],
    );
    for (const { place, shard, last_ms: lastMs, free, locked } of rows) {
      known[place - 1] = { shard, lastMs, free: BigInt(free), locked: locked === '0' ? 0n : BigInt(locked) };
    }
    return known;
  }

  /**
   * In the order given, whatever leaf a line goes to: the server holds back a thousand lines over all leaves. Sorted by
   * leaf it would hold back up to a thousand of each, which costs it more.
   */
  async appendLog(tx: Transaction, events: readonly LoggedEvent[]): Promise<void> {
    if (events.length === 0) return;
    await tx.copyIn(`COPY balance_event (${LOG_COLUMNS}) FROM STDIN`, copyText(events, logLine));
  }

  /**
   * Balances heard of for the first time, as their first day leaves them: one row version, not a zero and its update.
   * Each takes over from and until when its user's participation counts; until the transaction ends no switch of theirs can come
   * between (READ COMMITTED: the statement sees every switch that was before).
   * @returns how many were new; fewer than given means that another shard was first
   */
  async addBalances(tx: Transaction, balances: readonly NewBalance[]): Promise<number> {
    if (balances.length === 0) return 0;
    const users = [...new Set(balances.map((balance) => balance.user))];
    await holdSwitches(tx, users);
    const periods = await newestPeriods(tx, users);
    const openings = balances.map((balance) => balance.opening);
    return tx.affected(ADD_BALANCES, [
      textList(balances.map((balance) => balance.user)),
      textList(balances.map((balance) => balance.token)),
      listOf(balances.map((balance) => bucketOf(balance.user))),
      listOf(balances.map((balance) => balance.shard)),
      textList(balances.map((balance) => balance.knownFrom)),
      textList(balances.map((balance) => balance.day)),
      listOf(openings.map((opening) => opening?.free ?? 0n)),
      listOf(openings.map((opening) => opening?.locked ?? 0n)),
      listOf(openings.map((opening) => opening?.freeRest ?? 0n)),
      listOf(openings.map((opening) => opening?.lockedRest ?? 0n)),
      nullableList(openings.map((opening) => opening?.cause)),
      textList(balances.map((balance) => balance.opening?.lastAt ?? balance.knownFrom)),
      nullableList(balances.map(({ user }) => periods.get(user)?.starts_at)),
      nullableList(balances.map(({ user }) => periods.get(user)?.ends_at)),
    ]);
  }

  /**
   * Moves balances and both day slots (see APPLY_CHANGES): one statement for all accounts, and one more for each further
   * day that some account has changes on.
   * @returns how many changes found their balance
   */
  async applyChanges(tx: Transaction, changes: readonly DayChange[]): Promise<number> {
    if (changes.length === 0) return 0;
    await lookUpByKey(tx);
    let moved = 0;
    for (const round of roundsOf(changes)) {
      moved += await tx.affectedOften(APPLY_CHANGES, [
        textList(round.map((change) => change.user)),
        textList(round.map((change) => change.token)),
        textList(round.map((change) => change.day)),
        listOf(round.map((change) => change.free)),
        listOf(round.map((change) => change.locked)),
        listOf(round.map((change) => change.freeRest)),
        listOf(round.map((change) => change.lockedRest)),
        textList(round.map((change) => change.cause)),
        textList(round.map((change) => change.lastAt)),
        textList(round.map((change) => change.firstAt)),
      ]);
    }
    return moved;
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

const ADD_BALANCES = `
  ${COUNTED_RULES}
  INSERT INTO spot_balance (user_id, token, bucket, shard, free, locked, known_from, last_at, counts_from, counts_to, day, integral, last_cause)
  SELECT user_id, token, bucket, shard, free, locked, known_from, last_at,
         counts_from, counts_to, day,
         free_rest + CASE WHEN locked = 0 AND locked_rest = 0 THEN 0 ELSE locked_rest *
           (SELECT with_locked FROM rule r WHERE r.token = n.token AND n.day >= r.from_day AND n.day < r.until_day) END,
         cause
  FROM unnest($1::text[], $2::text[], $3::smallint[], $4::smallint[], $5::timestamptz[], $6::date[],
              $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[])
    AS n(user_id, token, bucket, shard, known_from, day, free, locked, free_rest, locked_rest, cause, last_at, counts_from, counts_to)
  ORDER BY user_id, token ON CONFLICT (user_id, token) DO NOTHING`;

/**
 * The accumulator's step (R8) for changes of one day an account. A slot's integral is opening x day + sum of delta x rest
 * of day, so a change of an earlier day counts for the whole of a later one, and the order of lines does not matter.
 * Rolling over keeps the two newest adjacent days; a day that had no events is its balance x day. Which balance counts
 * (R7) is the rule of each slot's own day; it is only asked for where an order holds something. What a balance came to when
 * its user switched off holds as long as no line of before is heard after.
 */
const APPLY_CHANGES = `
  ${COUNTED_RULES}
  UPDATE spot_balance s SET
    free = s.free + c.free,
    locked = s.locked + c.locked,
    last_cause = c.cause,
    last_at = greatest(s.last_at, c.last_at),
    left_integral = CASE WHEN s.counts_to > c.first_at THEN NULL ELSE s.left_integral END,
    day = greatest(s.day, c.day),
    integral = CASE WHEN c.day > s.day THEN s.free * 86400000 + c.free_rest
                    WHEN c.day = s.day THEN s.integral + c.free_rest
                    ELSE s.integral + c.free * 86400000 END
      + CASE WHEN s.locked = 0 AND c.locked = 0 AND c.locked_rest = 0 THEN 0 ELSE
          (SELECT with_locked FROM rule r
           WHERE r.token = c.token AND greatest(s.day, c.day) >= r.from_day AND greatest(s.day, c.day) < r.until_day)
          * CASE WHEN c.day > s.day THEN s.locked * 86400000 + c.locked_rest
                 WHEN c.day = s.day THEN c.locked_rest
                 ELSE c.locked * 86400000 END END,
    prev_day = CASE WHEN c.day > s.day THEN c.day - 1 ELSE s.prev_day END,
    prev_integral = CASE WHEN c.day = s.day + 1 THEN s.integral
                         WHEN c.day > s.day THEN s.free * 86400000
                         WHEN c.day = s.day THEN s.prev_integral
                         WHEN c.day = s.day - 1 THEN s.prev_integral + c.free_rest
                         ELSE s.prev_integral + c.free * 86400000 END
      + CASE WHEN c.day = s.day OR c.day = s.day + 1 OR (s.locked = 0 AND c.locked = 0 AND c.locked_rest = 0) THEN 0 ELSE
          (SELECT with_locked FROM rule r
           WHERE r.token = c.token AND greatest(s.day, c.day) - 1 >= r.from_day AND greatest(s.day, c.day) - 1 < r.until_day)
          * CASE WHEN c.day > s.day THEN s.locked * 86400000
                 WHEN c.day = s.day - 1 THEN c.locked_rest
                 ELSE c.locked * 86400000 END END
  FROM unnest($1::text[], $2::text[], $3::date[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::text[], $9::timestamptz[],
              $10::timestamptz[])
    AS c(user_id, token, day, free, locked, free_rest, locked_rest, cause, last_at, first_at)
  WHERE s.user_id = c.user_id AND s.token = c.token`;

interface PeriodTexts {
  readonly user_id: string;
  readonly starts_at: string;
  readonly ends_at: string | null;
}

/** By user, from and until when their newest period counts. */
async function newestPeriods(tx: Transaction, users: readonly string[]): Promise<Map<string, PeriodTexts>> {
  const rows = await tx.rows<PeriodTexts>(
    `SELECT DISTINCT ON (user_id) user_id, starts_at::text, ends_at::text FROM participation_period
     WHERE user_id = ANY($1::text[]) ORDER BY user_id, starts_at DESC, since DESC`,
    [textList(users)],
  );
  return new Map(rows.map((row) => [row.user_id, row]));
}

/** `(token = $5 AND day = $6) OR …`: only so written out does the planner see which leaves it is about. */
function eachOf(count: number, first: number, arm: (token: string, day: string) => string): string {
  return Array.from(
    { length: count },
    (_, index) => `(${arm(`$${first + index * 2}`, `$${first + index * 2 + 1}`)})`,
  ).join(' OR ');
}

/**
 * For the rest of the transaction: a join goes through the key of its inner side. The planner takes a batch for a large
 * part of a small table and reads all of it, which costs more the more users there are. Plans are kept (planning such a
 * statement over all tokens costs as much as running it), so one made for an empty table must be the one for a large one.
 */
async function lookUpByKey(tx: Transaction): Promise<void> {
  await tx.often(
    `SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
            set_config('enable_seqscan', 'off', true)`,
  );
}

/** The first change of every account, then the second of those that have one, ...; days of an account ascend. */
function roundsOf(changes: readonly DayChange[]): DayChange[][] {
  const rounds: DayChange[][] = [];
  const turns = new Map<string, number>();
  const several = changes.some((change) => change.day !== changes[0]!.day);
  if (!several) return [[...changes]];
  for (const change of [...changes].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))) {
    const key = `${change.user}\n${change.token}`;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    (rounds[turn] ??= []).push(change);
  }
  return rounds;
}

/** An array parameter as PostgreSQL reads it; the driver's own way costs several calls an element. */
function listOf(values: readonly (bigint | number)[]): string {
  return `{${values.join(',')}}`;
}

function textList(values: readonly string[]): string {
  return `{${values.map(textElement).join(',')}}`;
}

function nullableList(values: readonly (string | null | undefined)[]): string {
  return `{${values.map((value) => (value == null ? 'NULL' : textElement(value))).join(',')}}`;
}

function textElement(value: string): string {
  return /["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`;
}

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

function least<N extends bigint | number>(values: readonly N[]): N {
  return values.reduce((a, b) => (b < a ? b : a));
}

function greatest<N extends bigint | number>(values: readonly N[]): N {
  return values.reduce((a, b) => (b > a ? b : a));
}

/** COPY's text format. A string's backslash, tab and line ends are escaped; null is \\N. */
function logLine(event: LoggedEvent): string {
  const { day, shard, seq, msOfDay, freeDelta, lockedDelta, free, locked } = event;
  const stated = event.statedDelta === null ? '\\N' : event.statedDelta.toString();
  return `${day}\t${escapeCopy(event.user)}\t${escapeCopy(event.token)}\t${shard}\t${seq}\t${msOfDay}\t${freeDelta}\t${lockedDelta}\t${free}\t${locked}\t${escapeCopy(event.cause)}\t${stated}\n`;
}

function escapeCopy(text: string): string {
  return /[\\\t\n\r]/.test(text)
    ? text.replace(/[\\\t\n\r]/g, (character) => `\\${{ '\t': 't', '\n': 'n', '\r': 'r' }[character] ?? '\\'}`)
    : text;
}

/** Chunk by chunk, so that the server reads the first lines while the next are written. */
function copyText<Row>(rows: readonly Row[], line: (row: Row) => string): Readable {
  function* chunks(): Generator<string> {
    for (let start = 0; start < rows.length; start += COPY_CHUNK) {
      let text = '';
      const end = Math.min(rows.length, start + COPY_CHUNK);
      for (let place = start; place < end; place += 1) text += line(rows[place]!);
      yield text;
    }
  }
  return Readable.from(chunks());
}
