import type { CountedBalanceMode } from '@app/staking-core';
import type { RulesOfDay } from './day-inputs.repository.js';
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
 * one pass. An accumulator that has left the day behind and has no row of its own keeps its place with a weight of NULL:
 * an integral that is missing must never become a user who is missing. Callers look for `weight IS NULL`.
 */
export function ratedUsers(rules: RulesOfDay): string {
  const counted = countedExpression(rules.countedBalance);
  return `
    SELECT m.user_id, m.bucket, m.average,
           CASE WHEN m.average IS NULL THEN NULL
                WHEN o.average > $4::numeric THEN div($4::numeric * m.average, o.average)
                ELSE least(m.average, $4::numeric) END AS weight
    FROM (
      SELECT s.user_id, s.bucket,
             div(CASE WHEN s.day = $1::date THEN s.integral
                      WHEN s.day < $1::date THEN (${counted('s', 'free', 'locked')}) * 86400000
                      WHEN s.prev_day = $1::date THEN s.prev_integral END, 86400000) AS average
      FROM spot_balance s
      JOIN participation_period p ON p.user_id = s.user_id
       AND p.starts_at <= ${DAY_START} AND (p.ends_at IS NULL OR p.ends_at >= ${DAY_END})
      WHERE s.token = $2 AND s.known_from < ${DAY_END}
        AND s.shard NOT IN (${SET_ASIDE})
        AND NOT EXISTS (SELECT 1 FROM partial_balance b WHERE b.user_id = s.user_id AND b.day = $1::date AND b.token = $2)
        AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.user_id = s.user_id AND q.token = $2 AND q.day = $1::date)
        AND NOT EXISTS (
          SELECT 1 FROM participation_cut c WHERE c.user_id = s.user_id AND c.token IN ($2, '*')
             AND c.starts_at < ${DAY_END} AND (c.ends_at IS NULL OR (c.ends_at > ${DAY_START} AND c.ends_at > c.starts_at)))
        AND NOT EXISTS (
          SELECT 1 FROM token_pause t WHERE t.token = $2
             AND t.starts_at < ${DAY_END} AND (t.ends_at IS NULL OR t.ends_at > ${DAY_START}))
      UNION ALL
      SELECT b.user_id, b.bucket, div(b.integral, 86400000) FROM partial_balance b WHERE b.day = $1::date AND b.token = $2
    ) m
    LEFT JOIN account a ON a.user_id = m.user_id AND a.owner IS NOT NULL
    LEFT JOIN owner_average o ON o.owner = a.owner AND o.day = $1::date AND o.token = $2
    WHERE m.average >= $3::numeric OR m.average IS NULL`;
}
