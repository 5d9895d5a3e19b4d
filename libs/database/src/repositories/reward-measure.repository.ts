import { type Atoms, atoms, invariant } from '@app/staking-core';
import type { Transaction } from '../database.js';
import type { RulesOfDay } from './day-inputs.repository.js';
import type { TokenDay } from './settlement.repository.js';
import { countedExpression, DAY_END, DAY_START, ratedUsers, rateValues, SET_ASIDE } from './reward-sql.js';

export interface Qualifying {
  /** Q: sum of all weights. */
  readonly qualifying: Atoms;
  /** Accounts with weight. */
  readonly users: number;
}

/**
 * R3-R8, R26 as sets: whose day is not simply whole, and what their balance x time is over exactly the stretches that
 * count. Nobody else gets a row: a whole day is read from the running accumulator as it is.
 */
export class RewardMeasureRepository {
  /**
   * Adds what is missing, so it may be called again when the accumulators have moved on meanwhile; what is there is of
   * a closed day and stays. REPEATABLE READ, so that balances and log are of one moment.
   * @returns how many accounts were measured from the log although their day is whole
   */
  async measurePartial(tx: Transaction, unit: TokenDay, rules: RulesOfDay): Promise<number> {
    const [row] = await tx.rows<{ moved_on: string }>(measureFromLog(rules), [unit.day, unit.token]);
    return Number(row?.moved_on ?? '0');
  }

  /** R10: the sum over an owner's accounts that qualify by themselves; the cap is shared out by it. */
  async sumOwners(tx: Transaction, unit: TokenDay, rules: RulesOfDay): Promise<void> {
    await tx.affected(
      `INSERT INTO owner_average (day, token, owner, average)
       SELECT $1::date, $2, a.owner, sum(rated.average) FROM (${ratedUsers(rules)}) rated
       JOIN account a ON a.user_id = rated.user_id WHERE a.owner IS NOT NULL GROUP BY a.owner
       ON CONFLICT (day, token, owner) DO NOTHING`,
      rateValues(unit, rules),
    );
  }

  /** Q and the number of accounts with weight. */
  async qualify(tx: Transaction, unit: TokenDay, rules: RulesOfDay): Promise<Qualifying> {
    const [row] = await tx.rows<{ qualifying: string; users: number; unmeasured: number }>(
      `SELECT coalesce(sum(weight), 0)::text AS qualifying, count(*) FILTER (WHERE weight > 0)::int AS users,
              count(*) FILTER (WHERE weight IS NULL)::int AS unmeasured
       FROM (${ratedUsers(rules)}) rated`,
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

/**
 * Only for accounts in `candidate`: those that switched, were cut or paused during the day, and those whose accumulator
 * has left the day behind. A balance is followed backwards: what it is now less everything logged since 00:00.
 * One change adds its delta for every counting millisecond after it, so neither order nor the balances in between matter.
 */
function measureFromLog(rules: RulesOfDay): string {
  const counted = countedExpression(rules.countedBalance);
  return `
    WITH cut AS (
      SELECT user_id, range_agg(tstzrange(starts_at, ends_at)) AS during FROM participation_cut
      WHERE token IN ($2, '*') AND starts_at < ${DAY_END} AND (ends_at IS NULL OR (ends_at > ${DAY_START} AND ends_at > starts_at))
      GROUP BY user_id
    ), pause AS (
      SELECT range_agg(tstzrange(starts_at, ends_at)) AS during FROM token_pause
      WHERE token = $2 AND starts_at < ${DAY_END} AND (ends_at IS NULL OR ends_at > ${DAY_START})
    ), taking AS (
      SELECT user_id, starts_at, ends_at, starts_at <= ${DAY_START} AND (ends_at IS NULL OR ends_at >= ${DAY_END}) AS whole
      FROM participation_period
      WHERE starts_at < ${DAY_END} AND (ends_at IS NULL OR (ends_at > ${DAY_START} AND ends_at > starts_at))
    ), candidate AS (
      SELECT user_id FROM taking WHERE NOT whole OR (SELECT during IS NOT NULL FROM pause)
      UNION SELECT user_id FROM cut
      UNION SELECT user_id FROM spot_balance WHERE token = $2 AND day > $1::date AND prev_day IS DISTINCT FROM $1::date
    ), period AS (
      SELECT user_id, range_agg(tstzrange(starts_at, ends_at)) AS during FROM taking JOIN candidate USING (user_id) GROUP BY user_id
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
      SELECT user_id, sum(to_ms - from_ms) AS length, jsonb_agg(jsonb_build_array(from_ms, to_ms) ORDER BY from_ms) AS intervals
      FROM piece GROUP BY user_id
    ), since AS (
      SELECT e.user_id, sum(${counted('e', 'free_delta', 'locked_delta')}) AS change
      FROM balance_event e JOIN stretch USING (user_id)
      WHERE e.day >= $1::date AND e.token = $2 GROUP BY e.user_id
    ), during AS (
      SELECT e.user_id, sum((${counted('e', 'free_delta', 'locked_delta')}) * greatest(0, to_ms - greatest(from_ms, e.ms_of_day))) AS change
      FROM balance_event e JOIN piece USING (user_id)
      WHERE e.day = $1::date AND e.token = $2 GROUP BY e.user_id
    ), measured AS (
      INSERT INTO partial_balance (user_id, day, token, bucket, integral, intervals)
      SELECT p.user_id, $1::date, $2, p.bucket,
             (p.counted - coalesce(since.change, 0)) * stretch.length + coalesce(during.change, 0), stretch.intervals
      FROM present p JOIN stretch USING (user_id) LEFT JOIN since USING (user_id) LEFT JOIN during USING (user_id)
      RETURNING intervals
    )
    SELECT count(*)::text AS moved_on FROM measured WHERE intervals = '[[0, 86400000]]'::jsonb`;
}
