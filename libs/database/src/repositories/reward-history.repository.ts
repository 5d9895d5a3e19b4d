import type { Database } from '../database.js';

export interface RewardRow {
  readonly day: string;
  readonly token: string;
  readonly average: string;
  readonly weight: string;
  readonly amount: string;
  readonly state: string;
  readonly creditedAt: Date | null;
}

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

/** A user's place in the list: older days, or the same day and a later symbol, come next. */
export interface RewardPlace {
  readonly day: string;
  readonly token: string;
}

/** The word of a single credit: its exception, else its batch, else what the settlement says. */
const STATE = `CASE WHEN x.state IS NOT NULL THEN x.state
  WHEN r.amount = 0 THEN 'nothing-due'
  WHEN b.state = 'done' THEN 'credited'
  WHEN b.state IS NOT NULL THEN b.state
  ELSE 'planned' END`;
const CREDIT_OF_REWARD = `LEFT JOIN credit_exception x
    ON x.user_id = r.user_id AND x.day = r.day AND x.token = r.token AND x.kind = 'reward'
  LEFT JOIN LATERAL (
    SELECT state, done_at FROM credit_batch
    WHERE day = r.day AND token = r.token AND kind = 'reward' AND r.user_id BETWEEN first_user AND last_user
    ORDER BY batch LIMIT 1) b ON true`;
const COLUMNS = `r.day, r.token, r.average, r.weight, r.amount, ${STATE} AS state,
  CASE WHEN x.state IS NULL AND r.amount > 0 THEN b.done_at END AS "creditedAt"`;

export class RewardHistoryRepository {
  constructor(private readonly db: Database) {}

  /**
   * Newest day first, symbols in order within a day. One window of days at a time: each (day, token) is a leaf, and
   * only those of the window are opened. Days whose split has not passed its checks are not shown.
   */
  window(query: {
    readonly user: string;
    readonly token: string | null;
    readonly from: string;
    readonly to: string;
    readonly after: RewardPlace | null;
    readonly limit: number;
  }): Promise<RewardRow[]> {
    return this.db.rows<RewardRow>(
      `SELECT ${COLUMNS} FROM reward r
       JOIN settlement s ON s.day = r.day AND s.token = r.token AND s.state IN ('crediting', 'credited', 'paid')
       ${CREDIT_OF_REWARD}
       WHERE r.user_id = $1 AND r.day BETWEEN $2::date AND $3::date AND ($4::text IS NULL OR r.token = $4)
         AND ($5::date IS NULL OR r.day < $5::date OR (r.day = $5::date AND r.token > $6))
       ORDER BY r.day DESC, r.token LIMIT $7`,
      [
        query.user,
        query.from,
        query.to,
        query.token,
        query.after?.day ?? null,
        query.after?.token ?? null,
        query.limit,
      ],
    );
  }

  async one(user: string, token: string, day: string): Promise<RewardRow | undefined> {
    const rows = await this.db.rows<RewardRow>(
      `SELECT ${COLUMNS} FROM reward r ${CREDIT_OF_REWARD} WHERE r.user_id = $1 AND r.day = $2::date AND r.token = $3`,
      [user, day, token],
    );
    return rows[0];
  }

  async ownerAverage(day: string, token: string, owner: string): Promise<string | undefined> {
    const rows = await this.db.rows<{ average: string }>(
      'SELECT average FROM owner_average WHERE day = $1::date AND token = $2 AND owner = $3',
      [day, token, owner],
    );
    return rows[0]?.average;
  }

  /** The chain rewards behind a day's pool, each with the part released on it (R15) and the block it was read at. */
  released(day: string, token: string): Promise<ReleasedRewardRow[]> {
    return this.db.rows<ReleasedRewardRow>(
      `SELECT c.key, c.validator, c.period, c.amount, l.part, l.amount AS released, c.height, c.hash,
              (SELECT count(*)::int FROM reward_release o WHERE o.token = l.token AND o.reward_key = l.reward_key) AS parts
       FROM reward_release l JOIN chain_reward c ON c.token = l.token AND c.key = l.reward_key
       WHERE l.day = $1::date AND l.token = $2 ORDER BY c.key`,
      [day, token],
    );
  }
}
