import type { Database } from '../database.js';

export interface CreditRow {
  readonly token: string;
  readonly user: string;
  readonly amount: string;
  readonly state: string;
  readonly batch: number | null;
  readonly reason: string | null;
  readonly creditedAt: Date | null;
}

export const CREDIT_STATES = ['planned', 'sent', 'credited', 'held', 'rejected', 'released', 'forfeited'] as const;

/** Credits of one day, by token and user. A credit exists as soon as it is planned (R23): in a batch, or kept back (R28). */
export class CreditListRepository {
  constructor(private readonly db: Database) {}

  page(query: {
    readonly day: string;
    readonly token: string | null;
    readonly state: string | null;
    readonly after: { readonly token: string; readonly user: string } | null;
    readonly limit: number;
  }): Promise<CreditRow[]> {
    return this.db.rows<CreditRow>(
      `SELECT * FROM (
         SELECT r.token, r.user_id AS "user", r.amount, b.batch, x.reason,
                coalesce(x.state, CASE b.state WHEN 'done' THEN 'credited' ELSE b.state END) AS state,
                CASE WHEN x.state IS NULL THEN b.done_at END AS "creditedAt"
         FROM reward r
         LEFT JOIN credit_batch b ON b.day = r.day AND b.token = r.token AND b.kind = 'reward'
           AND r.user_id BETWEEN b.first_user AND b.last_user
         LEFT JOIN credit_exception x
           ON x.user_id = r.user_id AND x.day = r.day AND x.token = r.token AND x.kind = 'reward'
         WHERE r.day = $1::date AND r.amount > 0 AND (b.state IS NOT NULL OR x.state IS NOT NULL) AND ($2::text IS NULL OR r.token = $2)
           AND ($4::text IS NULL OR (r.token, r.user_id) > ($4::text COLLATE "C", $5::text COLLATE "C"))
       ) c
       WHERE $3::text IS NULL OR c.state = $3
       ORDER BY token COLLATE "C", "user" COLLATE "C" LIMIT $6`,
      [query.day, query.token, query.state, query.after?.token ?? null, query.after?.user ?? null, query.limit],
    );
  }
}
