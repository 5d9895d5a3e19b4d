/**
 * R7: `rule`, by token and day: whether what open orders hold counts (`with_locked`, 1 or 0), from `from_day` until before
 * `until_day`. What a statement starts with.
 */
export const COUNTED_RULES = `WITH rule AS MATERIALIZED (
    SELECT token,
           CASE WHEN lag(valid_from) OVER w IS NULL THEN '-infinity'::date ELSE valid_from END AS from_day,
           coalesce(lead(valid_from) OVER w, 'infinity'::date) AS until_day,
           CASE counted_balance WHEN 'free+locked' THEN 1 ELSE 0 END AS with_locked
    FROM token_rule WINDOW w AS (PARTITION BY token ORDER BY valid_from)
  )`;
