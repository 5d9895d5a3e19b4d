import type { Database } from '../database.js';

/** The running balance of one token as stored; amounts in atoms as text. */
export interface BalanceRow {
  readonly token: string;
  readonly shard: number;
  readonly free: string;
  readonly locked: string;
  readonly knownFrom: Date;
  readonly day: string;
  readonly integral: string;
  readonly prevDay: string | null;
  readonly prevIntegral: string | null;
  readonly lastCause: string | null;
}

type BalanceColumns = readonly [
  token: string,
  shard: number,
  free: string,
  locked: string,
  knownFrom: Date,
  day: string,
  integral: string,
  prevDay: string | null,
  prevIntegral: string | null,
  lastCause: string | null,
];

/** The balance after a change. */
export interface BalanceEventRow {
  readonly seq: bigint;
  readonly msOfDay: number;
  readonly free: bigint;
  readonly locked: bigint;
}

/** A day of one token as the log has it. */
export interface LoggedDay extends Pick<BalanceRow, 'token' | 'shard' | 'knownFrom'> {
  /** At 00:00. */
  readonly free: string;
  readonly locked: string;
  /** In the core's order. */
  readonly events: readonly BalanceEventRow[];
}

/** Reads what the feed wrote, for one user. */
export class BalanceReadingRepository {
  constructor(private readonly db: Database) {}

  /** Prepared: planning one probe of every token's leaf costs more than the probes. */
  async balances(user: string): Promise<BalanceRow[]> {
    const rows = await this.db.oftenAsArrays(
      `SELECT token, shard, free, locked, known_from, day, integral, prev_day, prev_integral, last_cause
       FROM spot_balance WHERE user_id = $1 ORDER BY token`,
      [user],
    );
    return (rows as unknown as BalanceColumns[]).map(
      ([token, shard, free, locked, knownFrom, day, integral, prevDay, prevIntegral, lastCause]) => {
        return { token, shard, free, locked, knownFrom, day, integral, prevDay, prevIntegral, lastCause };
      },
    );
  }

  /**
   * The day of those of the tokens that the user was ever heard of with, from one statement: a second one might find more.
   * At 00:00 a balance was what the user's first line since then says it was before it (a delta is what was applied, and
   * the core's sequence is the order of an account's lines); without a line it is the balance now. Days are looked into in
   * their order up to that line: a later day's leaf may have no index yet, and is not read for nothing. Not prepared: by
   * its parameters the planner leaves all other tokens' and days' leaves out.
   */
  async loggedDays(user: string, tokens: readonly string[], day: string): Promise<LoggedDay[]> {
    const [token] = tokens;
    // What is asked of each line of the log is most of the cost: of one token it is not asked whether it is among them.
    const among = tokens.length === 1 ? '= $2' : '= ANY($2::text[])';
    const rows = await this.db.rows<Omit<LoggedDay, 'events'> & { readonly events: string | null }>(
      `SELECT s.token, s.shard, s.known_from AS "knownFrom",
              coalesce(l.free, s.free) AS free, coalesce(l.locked, s.locked) AS locked, l.events
       FROM spot_balance s LEFT JOIN LATERAL (
         SELECT lines.free, lines.locked, lines.events
         FROM (SELECT $3::date + n AS day FROM generate_series(0, s.day - $3::date) n ORDER BY 1) since
         CROSS JOIN LATERAL (
           SELECT (array_agg(e.free - e.free_delta ORDER BY e.seq))[1] AS free,
                  (array_agg(e.locked - e.locked_delta ORDER BY e.seq))[1] AS locked,
                  string_agg(concat_ws(' ', e.seq, e.ms_of_day, e.free, e.locked), E'\\n' ORDER BY e.seq)
                    FILTER (WHERE e.day = $3::date) AS events
           FROM balance_event e
           WHERE e.user_id = $1 AND e.token ${among} AND e.token = s.token AND e.day >= $3::date AND e.day = since.day
           HAVING count(*) > 0) lines
         ORDER BY since.day LIMIT 1) l ON true
       WHERE s.user_id = $1 AND s.token ${among}`,
      [user, tokens.length === 1 ? token : tokens, day],
    );
    return rows.map((row) => ({ ...row, events: eventsOf(row.events) }));
  }
}

function eventsOf(text: string | null): BalanceEventRow[] {
  if (text === null) return [];
  return text.split('\n').map((line) => {
    const [seq, msOfDay, free, locked] = line.split(' ') as [string, string, string, string];
    return { seq: BigInt(seq), msOfDay: Number.parseInt(msOfDay, 10), free: BigInt(free), locked: BigInt(locked) };
  });
}
