import { type Atoms, atoms } from '@app/staking-core';
import type { Transaction } from '../database.js';
import type { RulesOfDay } from './day-inputs.repository.js';
import {
  type Circumstances,
  circumstancesOf,
  countedExpression,
  DAY_END,
  DAY_START,
  exceptionsOf,
  isIn,
  limitValues,
  NOBODY,
  OVERLAPS,
  ratedUsers,
  rateValues,
  UNREADABLE,
  type UserList,
  wholeDays,
  within,
} from './reward-sql.js';
import { ALL_BUCKETS, type Buckets } from './settlement-piece.repository.js';
import type { TokenDay } from './settlement.repository.js';

export interface Qualifying {
  /** Q: sum of all weights. */
  readonly qualifying: Atoms;
  /** Accounts with weight. */
  readonly users: number;
}

export interface RatedRange extends Qualifying {
  /** Accounts that take part and have no average: more than none, and the rest of it says nothing. */
  readonly unmeasured: number;
}

/**
 * R3-R8, R26 as sets: whose day is not simply whole, and what their balance x time is over exactly the stretches that
 * count. Nobody else gets a row: a whole day is read from the running accumulator as it is. What is there is of a
 * closed day and stays. REPEATABLE READ, so that balances and log are of one moment.
 */
export class RewardMeasureRepository {
  /** Everybody whose day the accumulators do not tell. @returns how many of them took part all day, and had gone on to later days */
  async measurePartial(tx: Transaction, unit: TokenDay, rules: RulesOfDay): Promise<number> {
    const given = await circumstancesOf(tx, unit);
    await measureFromLog(tx, unit, rules, given, given.paused ? EVERYBODY : await odd(tx, unit, given));
    const [row] = await tx.rows<{ moved_on: number }>(
      `SELECT count(*)::int AS moved_on FROM partial_balance
       WHERE day = $1::date AND token = $2 AND intervals = '[[0, 86400000]]'::jsonb`,
      keyOf(unit),
    );
    return row?.moved_on ?? 0;
  }

  /**
   * The world goes on: who has left and come back since `measurePartial` (a closed day's changes count from its end on, and
   * a new period from the 00:00 after that); and, when asked for, whose accumulators have left the day behind since.
   */
  async measureSince(
    tx: Transaction,
    unit: TokenDay,
    rules: RulesOfDay,
    range: Buckets,
    whom: 'back again' | 'moved on too',
  ): Promise<void> {
    const back = backAgain(`${DAY_END} + interval '1 day'`);
    const some = await listed(tx, unit, back);
    if (some === NOBODY && whom === 'back again') return;
    const given = await circumstancesOf(tx, unit);
    const candidates = await holding(tx, unit, given, some, whom === 'moved on too', range);
    await measureFromLog(tx, unit, rules, given, candidates, range);
  }

  /** R10: the sum over an owner's accounts that qualify by themselves; the cap is shared out by it. */
  async sumOwners(tx: Transaction, unit: TokenDay, rules: RulesOfDay): Promise<void> {
    const owned = 'SELECT user_id FROM account WHERE owner IS NOT NULL';
    const [first] = await tx.rows<{ count: number }>(
      `SELECT count(*)::int AS count FROM (${owned} LIMIT ${FEW + 1}) AS counted`,
    );
    const count = first?.count ?? 0;
    if (count === 0) return;
    const given = await circumstancesOf(tx, unit);
    // A few are looked up by the key, many by one pass.
    const owner = count > FEW ? `s.user_id IN (${owned})` : `s.user_id = ANY (ARRAY(${owned}))`;
    const whole = wholeDays(rules, given, { among: given.paused ? 'false' : owner, but: ['$4'] });
    const { otherwise } = await exceptionsOf(tx, unit, rules);
    await tx.affected(
      `INSERT INTO owner_average (day, token, owner, average)
       SELECT $1::date, $2, a.owner, sum(m.average) FROM (${whole} UNION ALL
         SELECT b.user_id, b.bucket, div(b.integral, 86400000) AS average FROM partial_balance b
         WHERE b.day = $1::date AND b.token = $2 AND b.integral >= $3::numeric * 86400000) m
       JOIN account a ON a.user_id = m.user_id AND a.owner IS NOT NULL GROUP BY a.owner
       ON CONFLICT (day, token, owner) DO NOTHING`,
      [...limitValues(unit, rules).slice(0, 3), otherwise],
    );
  }

  /** Q and the number of accounts with weight, of a range of users. */
  async qualify(tx: Transaction, unit: TokenDay, rules: RulesOfDay, range: Buckets): Promise<RatedRange> {
    const [row] = await tx.rows<{ qualifying: string; users: number; unmeasured: number }>(
      `SELECT coalesce(sum(weight), 0)::text AS qualifying, count(average)::int AS users,
              (count(*) - count(average))::int AS unmeasured
       FROM (${ratedUsers(rules, await circumstancesOf(tx, unit), range)}) rated`,
      rateValues(unit, rules, await exceptionsOf(tx, unit, rules, range)),
    );
    return {
      qualifying: atoms(BigInt(row?.qualifying ?? '0')),
      users: row?.users ?? 0,
      unmeasured: row?.unmeasured ?? 0,
    };
  }
}

/** So many owned accounts are looked up one by one. */
const FEW = 20_000;

/** Of a paused token: nobody's day is simply whole. */
const EVERYBODY = Symbol('everybody');

/** Who took part in the day, left, and has a newer period by now, which begins at `from` or later: balances speak of that one. */
function backAgain(from: string): string {
  return `
    SELECT p.user_id FROM participation_period n JOIN participation_period p ON p.user_id = n.user_id
    WHERE n.starts_at >= ${from} AND p.ends_at > ${DAY_START} AND p.starts_at < ${DAY_END} AND p.ends_at > p.starts_at`;
}

/** Whose day the accumulators do not tell: cut, back again, heard of after leaving, or gone on to later days. */
async function odd(tx: Transaction, unit: TokenDay, given: Circumstances): Promise<UserList> {
  const cut = `SELECT user_id FROM participation_cut WHERE token IN ($2, '*') AND ${OVERLAPS}`;
  const some = await listed(tx, unit, `${cut} UNION ${backAgain(DAY_END)}`);
  const left = await tx.rows(
    `SELECT 1 FROM participation_period WHERE ends_at > ${DAY_START} AND ends_at < ${DAY_END} LIMIT 1`,
    [unit.day],
  );
  return holding(tx, unit, given, some, given.farAhead || left.length > 0);
}

/**
 * Who of some holds the token, and, when asked for, who has a balance that does not tell; less those that are measured
 * already: whoever is named costs the statements that follow, and when nobody is, there are none.
 */
async function holding(
  tx: Transaction,
  unit: TokenDay,
  given: Circumstances,
  some: UserList,
  unreadableToo: boolean,
  range: Buckets = ALL_BUCKETS,
): Promise<UserList> {
  if (some === NOBODY && !unreadableToo) return NOBODY;
  const { from, where } = given.balances;
  const holders = `SELECT s.user_id FROM ${from} WHERE ${where} AND ${within('s', range)}`;
  // Some are looked up by the key. Those who do not tell are looked for in every row, by what lies in front in it.
  const named = `${holders} AND s.user_id = ANY (ARRAY(SELECT unnest($3::text[])))`;
  const all = unreadableToo ? `(${named} UNION ${holders} AND ${UNREADABLE})` : named;
  const measured = 'SELECT user_id FROM partial_balance WHERE day = $1::date AND token = $2';
  return listed(tx, unit, `${all} EXCEPT ${measured}`, [some]);
}

async function listed(tx: Transaction, unit: TokenDay, query: string, more: readonly string[] = []): Promise<UserList> {
  const [row] = await tx.rows<{ users: UserList }>(
    `SELECT ARRAY(${query})::text AS users, $1::date AS day, $2::text AS token`,
    [...keyOf(unit), ...more],
  );
  return row?.users ?? NOBODY;
}

/** The token's log from 00:00 of the day on: whose balance changed by how much, and when; a later day's lies after all of it. */
function loggedChanges({ log }: Circumstances, counted: string, among: string): string {
  const leaves = [
    ...(log.day === null ? [] : [{ leaf: log.day, ms: 'e.ms_of_day' }]),
    ...log.later.map((leaf) => ({ leaf, ms: '86400000' })),
  ];
  if (leaves.length === 0) return 'SELECT NULL::text AS user_id, 0 AS ms, 0::numeric AS change WHERE false';
  return leaves
    .map(({ leaf, ms }) => `SELECT e.user_id, ${ms} AS ms, ${counted} AS change FROM ${leaf} e WHERE ${among}`)
    .join(' UNION ALL ');
}

function keyOf(unit: TokenDay): string[] {
  return [unit.day, unit.token];
}

/**
 * Only for the candidates: see `odd`. A balance is followed backwards: what it is now less everything logged since 00:00.
 * A stretch of time counts the present balance, less each change for every millisecond of the stretch that lay before it:
 * so neither order nor the balances in between matter.
 * Candidates are looked up by the key, periods that have ended by when; the log of the token is read once, and most
 * of its lines are passed over at the first look: see `exceptionsOf` for why the candidates come as a list.
 */
async function measureFromLog(
  tx: Transaction,
  unit: TokenDay,
  rules: RulesOfDay,
  given: Circumstances,
  candidates: UserList | typeof EVERYBODY,
  range: Buckets = ALL_BUCKETS,
): Promise<void> {
  if (candidates === NOBODY) return;
  const counted = countedExpression(rules.countedBalance);
  const all = candidates === EVERYBODY;
  // By the key; and one by one in a log that has none.
  const present = all ? 'true' : 's.user_id = ANY (ARRAY(SELECT unnest($3::text[])))';
  const logged = all ? 'true' : isIn('$3', 'e.user_id');
  const ended = all ? 'true' : isIn('$3', 'user_id');
  await tx.affected(
    `
    WITH ended AS (
      SELECT user_id, range_agg(tstzrange(starts_at, ends_at)) AS during FROM participation_period
      WHERE ends_at > ${DAY_START} AND starts_at < ${DAY_END} AND ends_at > starts_at AND ${ended} GROUP BY user_id
    ), cut AS (
      SELECT user_id, range_agg(tstzrange(starts_at, ends_at)) AS during FROM participation_cut
      WHERE token IN ($2, '*') AND ${OVERLAPS} GROUP BY user_id
    ), pause AS (
      SELECT range_agg(tstzrange(starts_at, ends_at)) AS during FROM token_pause
      WHERE token = $2 AND starts_at < ${DAY_END} AND (ends_at IS NULL OR ends_at > ${DAY_START})
    ), present AS (
      SELECT s.user_id, s.bucket, ${counted('s', 'free', 'locked')} AS counted,
             (coalesce(ended.during, '{}'::tstzmultirange)
               + CASE WHEN s.counts_from < ${DAY_END} AND s.counts_to IS NULL THEN tstzmultirange(tstzrange(s.counts_from, NULL)) ELSE '{}'::tstzmultirange END)
             * tstzmultirange(tstzrange(greatest(${DAY_START}, s.known_from), ${DAY_END}))
               - coalesce(cut.during, '{}'::tstzmultirange) - coalesce((SELECT during FROM pause), '{}'::tstzmultirange) AS during
      FROM ${given.balances.from}
      LEFT JOIN ended ON ended.user_id = s.user_id
      LEFT JOIN cut ON cut.user_id = s.user_id
      WHERE ${given.balances.where} AND ${present} AND ${within('s', range)}
        AND s.known_from < ${DAY_END} AND s.shard <> ALL ('{${given.setAside.join(',')}}'::smallint[])
        AND NOT EXISTS (
          SELECT 1 FROM (SELECT user_id FROM quarantine WHERE token = $2 AND day = $1::date
            UNION ALL SELECT user_id FROM partial_balance WHERE day = $1::date AND token = $2) otherwise
          WHERE otherwise.user_id = s.user_id)
    ), piece AS (
      SELECT user_id, place, round(date_part('epoch', lower(span) - ${DAY_START}) * 1000)::bigint AS from_ms,
             round(date_part('epoch', upper(span) - ${DAY_START}) * 1000)::bigint AS to_ms
      FROM present CROSS JOIN unnest(during) WITH ORDINALITY AS one(span, place)
    ), stretch AS (
      SELECT user_id, sum(to_ms - from_ms) AS length, jsonb_agg(jsonb_build_array(from_ms, to_ms) ORDER BY place) AS intervals
      FROM piece GROUP BY user_id
    ), logged AS (
      SELECT e.user_id, sum(e.change * (least(e.ms, to_ms) - from_ms)) AS before
      FROM (${loggedChanges(given, counted('e', 'free_delta', 'locked_delta'), logged)}) e
      JOIN piece ON piece.user_id = e.user_id AND e.ms > from_ms GROUP BY e.user_id
    )
    INSERT INTO partial_balance (user_id, day, token, bucket, integral, intervals)
    SELECT p.user_id, $1::date, $2, p.bucket,
           p.counted * stretch.length - coalesce(logged.before, 0), stretch.intervals
    FROM present p JOIN stretch USING (user_id) LEFT JOIN logged USING (user_id)`,
    all ? keyOf(unit) : [...keyOf(unit), candidates],
  );
}
