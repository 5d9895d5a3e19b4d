import type { Database } from '../database.js';

/** One token's day as the settlement stored it; amounts in atoms as text, null where not known yet (R19). */
export interface DaySummaryRow {
  readonly day: string;
  readonly token: string;
  readonly state: string;
  readonly rulesVersion: string | null;
  readonly observed: string | null;
  readonly released: string | null;
  readonly stake: string | null;
  readonly qualifying: string | null;
  readonly fee: string | null;
  readonly poolPart: string | null;
  readonly treasuryPart: string | null;
  readonly leftoverBefore: string | null;
  readonly boosts: string | null;
  readonly pool: string | null;
  readonly paid: string | null;
  readonly leftover: string | null;
  readonly users: number | null;
  readonly waitingFor: string | null;
  readonly held: unknown;
  readonly late: boolean;
  readonly paidAt: Date | null;
}

/** A chain reward behind a day's pool, with the part released on it (R15) and the block it was read at. */
export interface ReleasedRewardRow {
  readonly key: string;
  readonly validator: string;
  readonly period: string;
  readonly amount: string;
  readonly part: number;
  readonly parts: number;
  readonly released: string;
  readonly height: string;
  readonly hash: string;
}

/** One check of R22 as it came out before anything was paid. */
export interface DayCheckRow {
  readonly token: string;
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

export interface TokenDayRow extends DaySummaryRow {
  readonly chainRewards: readonly ReleasedRewardRow[];
}

export interface PaidDayRow {
  readonly day: string;
  readonly paid: string;
  readonly qualifying: string;
}

export interface TokenPaidDayRow extends PaidDayRow {
  readonly token: string;
}

const COLUMNS = `day, token, state, rules_version AS "rulesVersion", observed, released, stake, qualifying, fee,
  pool_part AS "poolPart", treasury_part AS "treasuryPart", leftover_before AS "leftoverBefore", boosts, pool, paid,
  leftover, users, waiting_for AS "waitingFor", held, late, paid_at AS "paidAt"`;

export class DaySummaryRepository {
  constructor(private readonly db: Database) {}

  ofDay(day: string): Promise<DaySummaryRow[]> {
    return this.db.often<DaySummaryRow>(`SELECT ${COLUMNS} FROM settlement WHERE day = $1::date ORDER BY token`, [day]);
  }

  checksOf(day: string): Promise<DayCheckRow[]> {
    return this.db.often<DayCheckRow>(
      'SELECT token, name, passed, detail FROM settlement_check WHERE day = $1::date ORDER BY token, name',
      [day],
    );
  }

  /** With the chain rewards behind its pool, by key. */
  async ofToken(day: string, token: string): Promise<TokenDayRow | undefined> {
    const rows = await this.db.often<TokenDayRow>(
      `SELECT ${COLUMNS}, (
         SELECT coalesce(json_agg(json_build_object('key', c.key, 'validator', c.validator, 'period', c.period,
                  'amount', c.amount::text, 'part', l.part, 'released', l.amount::text, 'height', c.height::text,
                  'hash', c.hash, 'parts', (SELECT count(*) FROM reward_release o
                                            WHERE o.token = l.token AND o.reward_key = l.reward_key)) ORDER BY c.key), '[]')
         FROM reward_release l JOIN chain_reward c ON c.token = l.token AND c.key = l.reward_key
         WHERE l.day = $1::date AND l.token = $2) AS "chainRewards"
       FROM settlement WHERE day = $1::date AND token = $2`,
      [day, token],
    );
    return rows[0];
  }

  /** Paid days of a token between two days, both included, oldest first. */
  paidDays(token: string, from: string, to: string): Promise<PaidDayRow[]> {
    return this.db.often<PaidDayRow>(
      `SELECT day, paid, qualifying FROM settlement
       WHERE token = $1 AND day BETWEEN $2::date AND $3::date AND state = 'paid'
         AND paid IS NOT NULL AND qualifying IS NOT NULL ORDER BY day`,
      [token, from, to],
    );
  }

  /**
   * The newest paid days of each token, up to seven, newest first: back from the newest day a few steps in the index,
   * however many days there are.
   */
  lastSevenPaid(): Promise<TokenPaidDayRow[]> {
    return this.db.often<TokenPaidDayRow>(
      `SELECT t.symbol AS token, s.day, s.paid, s.qualifying
       FROM token t CROSS JOIN LATERAL (
         SELECT day, paid, qualifying FROM settlement
         WHERE token = t.symbol AND state = 'paid' AND paid IS NOT NULL AND qualifying IS NOT NULL
         ORDER BY day DESC LIMIT 7) s
       ORDER BY t.symbol, s.day DESC`,
    );
  }
}
