import { type Atoms, atoms, invariant } from '@app/staking-core';
import type { Transaction } from '../database.js';
import type { RulesOfDay } from './day-inputs.repository.js';
import { countedExpression, DAY_END, DAY_START, ratedUsers, rateValues, SET_ASIDE, within } from './reward-sql.js';
import { ALL_BUCKETS, type Buckets } from './settlement-piece.repository.js';
import type { TokenDay } from './settlement.repository.js';

export interface Qualifying {
  /** Q: sum of all weights. */
  readonly qualifying: Atoms;
  /** Accounts with weight. */
  readonly users: number;
}

/**
 * R3-R8, R26 as sets: whose day is not simply whole, and what their balance x time is over exactly the stretches that
 * count. Nobody else gets a row: a whole day is read from the running accumulator as it is. What is there is of a
 * closed day and stays. REPEATABLE READ, so that balances and log are of one moment.
 */
export class RewardMeasureRepository {
  /** Everybody whose day is not simply whole. @returns how many of them have accumulators that left the day behind */
  async measurePartial(tx: Transaction, unit: TokenDay, rules: RulesOfDay): Promise<number> {
    const everybody = `
      SELECT user_id FROM participation_period
      WHERE ${OVERLAPS} AND (NOT (starts_at <= ${DAY_START} AND (ends_at IS NULL OR ends_at >= ${DAY_END})) OR (SELECT during IS NOT NULL FROM pause))
      UNION SELECT user_id FROM cut
      UNION SELECT user_id FROM spot_balance s WHERE ${MOVED_ON}`;
    const [row] = await tx.rows<{ moved_on: number }>(measureFromLog(rules, everybody), [unit.day, unit.token]);
    return row?.moved_on ?? 0;
  }

  /** The feed flows on: accumulators of a range that have left the day behind since `measurePartial`. */
  async measureMovedOn(tx: Transaction, unit: TokenDay, rules: RulesOfDay, range: Buckets): Promise<void> {
    const gone = `
      SELECT user_id FROM spot_balance s WHERE ${MOVED_ON} AND ${within('s', range)} AND s.known_from < ${DAY_END}
        AND NOT EXISTS (SELECT 1 FROM partial_balance b WHERE b.user_id = s.user_id AND b.day = $1::date AND b.token = $2)`;
    if ((await tx.rows(`${gone} LIMIT 1`, [unit.day, unit.token])).length === 0) return;
    await tx.rows(measureFromLog(rules, gone), [unit.day, unit.token]);
  }

  /** R10: the sum over an owner's accounts that qualify by themselves; the cap is shared out by it. */
  async sumOwners(tx: Transaction, unit: TokenDay, rules: RulesOfDay): Promise<void> {
    const owned = 's.user_id IN (SELECT user_id FROM account WHERE owner IS NOT NULL)';
    await tx.affected(
      `INSERT INTO owner_average (day, token, owner, average)
       SELECT $1::date, $2, a.owner, sum(rated.average) FROM (${ratedUsers(rules, ALL_BUCKETS, owned)}) rated
       JOIN account a ON a.user_id = rated.user_id WHERE a.owner IS NOT NULL GROUP BY a.owner
       ON CONFLICT (day, token, owner) DO NOTHING`,
      rateValues(unit, rules),
    );
  }

  /** Q and the number of accounts with weight, of a range of users. */
  async qualify(tx: Transaction, unit: TokenDay, rules: RulesOfDay, range: Buckets): Promise<Qualifying> {
    const [row] = await tx.rows<{ qualifying: string; users: number; unmeasured: number }>(
      `SELECT coalesce(sum(weight), 0)::text AS qualifying, count(*) FILTER (WHERE weight > 0)::int AS users,
              count(*) FILTER (WHERE weight IS NULL)::int AS unmeasured
       FROM (${ratedUsers(rules, range)}) rated`,
      rateValues(unit, rules),
    );
    invariant(row?.unmeasured === 0, 'everybody who takes part is measured (R19)', {
      day: unit.day,
      token: unit.token,
      unmeasured: row?.unmeasured ?? -1,
    });
    return { qualifying: atoms(BigInt(row?.qualifying ?? '0')), users: row?.users ?? 0 };
  }
}

const OVERLAPS = `starts_at < ${DAY_END} AND (ends_at IS NULL OR (ends_at > ${DAY_START} AND ends_at > starts_at))`;

/** Neither slot of the accumulator is the day's any more. */
const MOVED_ON = `s.token = $2 AND s.day > $1::date AND s.prev_day IS DISTINCT FROM $1::date`;

/**
 * Only for the users of `candidates`: those that switched, were cut or paused during the day, and those whose accumulator
 * has left the day behind. A balance is followed backwards: what it is now less everything logged since 00:00.
 * One change adds its delta for every counting millisecond after it, so neither order nor the balances in between matter.
 * The log is read once.
 */
function measureFromLog(rules: RulesOfDay, candidates: string): string {
  const counted = countedExpression(rules.countedBalance);
  return `
    WITH cut AS (
      SELECT user_id, range_agg(tstzrange(starts_at, ends_at)) AS during FROM participation_cut
      WHERE token IN ($2, '*') AND ${OVERLAPS}
      GROUP BY user_id
    ), pause AS (
      SELECT range_agg(tstzrange(starts_at, ends_at)) AS during FROM token_pause
      WHERE token = $2 AND starts_at < ${DAY_END} AND (ends_at IS NULL OR ends_at > ${DAY_START})
    ), candidate AS (${candidates}
    ), period AS (
      SELECT user_id, range_agg(tstzrange(starts_at, ends_at)) AS during
      FROM participation_period JOIN candidate USING (user_id) WHERE ${OVERLAPS} GROUP BY user_id
    ), present AS (
      SELECT s.user_id, s.bucket, ${counted('s', 'free', 'locked')} AS counted,
             period.during * tstzmultirange(tstzrange(greatest(${DAY_START}, s.known_from), ${DAY_END}))
               - coalesce(cut.during, '{}'::tstzmultirange) - coalesce((SELECT during FROM pause), '{}'::tstzmultirange) AS during
      FROM period
      JOIN spot_balance s ON s.user_id = period.user_id AND s.token = $2 AND s.known_from < ${DAY_END}
      LEFT JOIN cut ON cut.user_id = period.user_id
      WHERE NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.user_id = period.user_id AND q.token = $2 AND q.day = $1::date)
        AND s.shard NOT IN (${SET_ASIDE})
        AND NOT EXISTS (SELECT 1 FROM partial_balance b WHERE b.user_id = period.user_id AND b.day = $1::date AND b.token = $2)
    ), piece AS (
      SELECT user_id, (extract(epoch FROM lower(span) - ${DAY_START}) * 1000)::bigint AS from_ms,
             (extract(epoch FROM upper(span) - ${DAY_START}) * 1000)::bigint AS to_ms
      FROM present CROSS JOIN unnest(during) AS span
    ), stretch AS (
      SELECT user_id, sum(to_ms - from_ms) AS length, array_agg(from_ms) AS starts, array_agg(to_ms) AS ends,
             jsonb_agg(jsonb_build_array(from_ms, to_ms) ORDER BY from_ms) AS intervals
      FROM piece GROUP BY user_id
    ), logged AS (
      SELECT e.user_id, sum(${counted('e', 'free_delta', 'locked_delta')}) AS since,
             sum(CASE WHEN e.day = $1::date THEN (${counted('e', 'free_delta', 'locked_delta')}) * (
               SELECT sum(greatest(0, to_ms - greatest(from_ms, e.ms_of_day))) FROM unnest(starts, ends) AS counting(from_ms, to_ms)
             ) END) AS during
      FROM balance_event e JOIN stretch USING (user_id)
      WHERE e.day >= $1::date AND e.token = $2 GROUP BY e.user_id
    ), measured AS (
      INSERT INTO partial_balance (user_id, day, token, bucket, integral, intervals)
      SELECT p.user_id, $1::date, $2, p.bucket,
             (p.counted - coalesce(logged.since, 0)) * stretch.length + coalesce(logged.during, 0), stretch.intervals
      FROM present p JOIN stretch USING (user_id) LEFT JOIN logged USING (user_id)
      RETURNING intervals
    )
    SELECT count(*)::int AS moved_on FROM measured WHERE intervals = '[[0, 86400000]]'::jsonb`;
}
