import type { Database } from '../database.js';

/** The running balance of one token as stored; amounts in atoms as text. */
export interface BalanceRow {
  readonly token: string;
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
  free: string,
  locked: string,
  knownFrom: Date,
  day: string,
  integral: string,
  prevDay: string | null,
  prevIntegral: string | null,
  lastCause: string | null,
];

export interface BalanceEventRow {
  readonly seq: string;
  readonly msOfDay: number;
  readonly freeDelta: string;
  readonly lockedDelta: string;
  readonly free: string;
  readonly locked: string;
  readonly cause: string;
}

/** Reads what the feed wrote, for one user. */
export class BalanceReadingRepository {
  constructor(private readonly db: Database) {}

  /** Prepared: planning one probe of every token's leaf costs more than the probes. */
  async balances(user: string): Promise<BalanceRow[]> {
    const rows = await this.db.oftenAsArrays(
      `SELECT token, free, locked, known_from, day, integral, prev_day, prev_integral, last_cause
       FROM spot_balance WHERE user_id = $1 ORDER BY token`,
      [user],
    );
    return (rows as unknown as BalanceColumns[]).map(
      ([token, free, locked, knownFrom, day, integral, prevDay, prevIntegral, lastCause]) => {
        return { token, free, locked, knownFrom, day, integral, prevDay, prevIntegral, lastCause };
      },
    );
  }

  /** Changes of one day in the core's order. */
  events(user: string, token: string, day: string): Promise<BalanceEventRow[]> {
    return this.db.rows<BalanceEventRow>(
      `SELECT seq, ms_of_day AS "msOfDay", free_delta AS "freeDelta", locked_delta AS "lockedDelta", free, locked, cause
       FROM balance_event WHERE day = $3::date AND user_id = $1 AND token = $2 ORDER BY seq`,
      [user, token, day],
    );
  }

  /** Balance at 00:00 of the day: the current one less everything logged since. Undefined: never heard of. */
  async openingOf(user: string, token: string, day: string): Promise<{ free: string; locked: string } | undefined> {
    const [row] = await this.db.rows<{ free: string; locked: string }>(
      `SELECT s.free - coalesce(e.free, 0) AS free, s.locked - coalesce(e.locked, 0) AS locked
       FROM spot_balance s CROSS JOIN LATERAL (
         SELECT sum(free_delta) AS free, sum(locked_delta) AS locked FROM balance_event
         WHERE day >= $3::date AND day <= s.day AND user_id = $1 AND token = $2) e
       WHERE s.user_id = $1 AND s.token = $2`,
      [user, token, day],
    );
    return row;
  }

  /** Tokens of the user whose day does not count because the feed contradicted itself or their shard has a hole (R26). */
  async quarantined(user: string, day: string): Promise<string[]> {
    const rows = await this.db.oftenAsArrays(
      `SELECT token FROM quarantine WHERE user_id = $1 AND day = $2::date
       UNION
       SELECT token FROM spot_balance WHERE user_id = $1 AND shard IN (
         SELECT shard FROM quarantine WHERE token = '*' AND day = $2::date AND reason = 'SHARD_GAP')`,
      [user, day],
    );
    return rows.map(([token]) => token as string);
  }
}
