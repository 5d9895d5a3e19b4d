import { invariant } from '@app/staking-core';
import type { Sql } from '../database.js';
import type { TokenDay } from './settlement.repository.js';

/** What to read after FROM: a leaf that holds these rows and no others, or the parent and a condition. */
export interface ExactLeaves {
  readonly balances: string;
  /** The token's log of the day. */
  readonly ofDay: string;
  /** The token's log of the days after it. */
  readonly later: readonly string[];
}

/**
 * A condition that holds for every row of a leaf is not free ten million times. A leaf is read by its name only where
 * PostgreSQL's own bounds say that it holds exactly the token (and day), and no row can lie elsewhere: what is read must
 * not depend on how leaves are called. The check has this of its own, apart from the statements that it checks.
 */
export async function exactLeaves(sql: Sql, { day, token }: TokenDay): Promise<ExactLeaves> {
  const rows = await sql.rows<{ source: string }>(
    `WITH days AS (
       SELECT d FROM (SELECT $1::date + n AS d
         FROM generate_series(0, greatest(0, (SELECT max(newest_day) FROM feed_shard) - $1::date)) n) one
     ), wanted AS (
       SELECT NULL::date AS day, 'spot_balance'::regclass AS parent, 'spot_balance_' || lower($2) AS name, 'b' AS alias,
              format('FOR VALUES IN (%L)', $2::text) AS bounds, format('spot_balance b WHERE token = %L', $2::text) AS otherwise
       UNION ALL
       SELECT d, 'balance_event'::regclass, 'balance_event_' || to_char(d, 'YYYYMMDD') || '_' || lower($2), 'e',
              format('FOR VALUES FROM (%L, %L) TO (%L, %L)', $2::text, d, $2::text, d + 1),
              format('balance_event e WHERE day = %L AND token = %L', d, $2::text) FROM days
     ), leaf AS (
       SELECT c.oid::regclass::text AS name, i.inhparent AS parent, pg_get_expr(c.relpartbound, c.oid) AS bounds
       FROM wanted w JOIN pg_class c ON c.oid = to_regclass(w.name) JOIN pg_inherits i ON i.inhrelid = c.oid
     )
     SELECT * FROM (
       SELECT w.day, coalesce(leaf.name || ' ' || w.alias || ' WHERE true', w.otherwise) AS source
       FROM wanted w LEFT JOIN leaf ON leaf.parent = w.parent AND leaf.bounds = w.bounds
       UNION ALL SELECT 'infinity', format('balance_event e WHERE day > %L AND token = %L', max(d), $2::text) FROM days
     ) sources ORDER BY day NULLS FIRST`,
    [day, token],
  );
  const [balances, ofDay, ...later] = rows.map((row) => row.source);
  invariant(balances !== undefined && ofDay !== undefined, 'a token has balances, and a day a log (R22)', {
    day,
    token,
  });
  return { balances, ofDay, later };
}
