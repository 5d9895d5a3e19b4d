import type { CountedBalanceMode } from '@app/staking-core';
import type { RulesOfDay } from './day-inputs.repository.js';
import { ALL_BUCKETS, type Buckets } from './settlement-piece.repository.js';
import type { TokenDay } from './settlement.repository.js';

/** First instant of the day ($1) and of the next one. */
export const DAY_START = `($1::date)::timestamp AT TIME ZONE 'UTC'`;
export const DAY_END = `($1::date + 1)::timestamp AT TIME ZONE 'UTC'`;

/** R26: feed shards that were left out when the day closed. */
export const SET_ASIDE = `SELECT shard FROM quarantine WHERE token = '*' AND day = $1::date AND reason = 'SHARD_GAP'`;

/** R7: which part of a balance, or of a change, counts. */
export function countedExpression(mode: CountedBalanceMode): (row: string, free: string, locked: string) => string {
  return (row, free, locked) => (mode === 'free' ? `${row}.${free}` : `${row}.${free} + ${row}.${locked}`);
}

/** $1 day, $2 token, $3 minimum, $4 cap: what every query over `ratedUsers` starts with. */
export function rateValues(unit: TokenDay, rules: RulesOfDay): string[] {
  return [unit.day, unit.token, rules.minAtoms.toString(), rules.capAtoms.toString()];
}

/**
 * R8, R10 as a set: (user_id, bucket, average, weight) of everybody at or above the minimum. One arm reads whole days
 * from the running accumulators, the other the few that were measured from the log. No sort, no loop: hash joins over
 * one pass; everybody the first arm must leave out is one list. An accumulator that has left the day behind and has no
 * row of its own keeps its place with a weight of NULL: an integral that is missing must never become a user who is
 * missing. Callers look for `weight IS NULL`.
 * @param among a further condition on the user, over `user_id`
 */
export function ratedUsers(rules: RulesOfDay, range: Buckets = ALL_BUCKETS, among = 'true'): string {
  const counted = countedExpression(rules.countedBalance);
  return `
    SELECT m.user_id, m.bucket, m.average,
           CASE WHEN m.average IS NULL THEN NULL
                WHEN o.average > $4::numeric THEN div($4::numeric * m.average, o.average)
                ELSE least(m.average, $4::numeric) END AS weight
    FROM (
      SELECT s.user_id, s.bucket,
             CASE WHEN s.day < $1::date THEN ${counted('s', 'free', 'locked')}
                  WHEN s.day = $1::date THEN div(s.integral, 86400000)
                  WHEN s.prev_day = $1::date THEN div(s.prev_integral, 86400000) END AS average
      FROM spot_balance s
      JOIN participation_period p ON p.user_id = s.user_id
       AND p.starts_at <= ${DAY_START} AND (p.ends_at IS NULL OR p.ends_at >= ${DAY_END})
      WHERE s.token = $2 AND s.known_from < ${DAY_END} AND ${within('s', range)} AND ${among}
        AND s.shard NOT IN (${SET_ASIDE})
        AND NOT EXISTS (SELECT 1 FROM (
          SELECT user_id FROM partial_balance WHERE day = $1::date AND token = $2
          UNION ALL SELECT user_id FROM quarantine WHERE token = $2 AND day = $1::date
          UNION ALL SELECT user_id FROM participation_cut
             WHERE token IN ($2, '*') AND starts_at < ${DAY_END} AND (ends_at IS NULL OR (ends_at > ${DAY_START} AND ends_at > starts_at))
        ) otherwise WHERE otherwise.user_id = s.user_id)
        AND NOT EXISTS (
          SELECT 1 FROM token_pause t WHERE t.token = $2
             AND t.starts_at < ${DAY_END} AND (t.ends_at IS NULL OR t.ends_at > ${DAY_START}))
      UNION ALL
      SELECT s.user_id, s.bucket, div(s.integral, 86400000) FROM partial_balance s
      WHERE s.day = $1::date AND s.token = $2 AND ${within('s', range)} AND ${among}
    ) m
    LEFT JOIN (
      SELECT a.user_id, v.average FROM account a
      JOIN owner_average v ON v.owner = a.owner AND v.day = $1::date AND v.token = $2
    ) o ON o.user_id = m.user_id
    WHERE m.average >= $3::numeric OR m.average IS NULL`;
}

/** Two whole numbers of our own, written out so that the planner sees them. */
export function within(row: string, range: Buckets): string {
  if (!Number.isInteger(range.first) || !Number.isInteger(range.last)) throw new RangeError('no range of buckets');
  return range.first === ALL_BUCKETS.first && range.last === ALL_BUCKETS.last
    ? 'true'
    : `${row}.bucket BETWEEN ${range.first} AND ${range.last}`;
}
