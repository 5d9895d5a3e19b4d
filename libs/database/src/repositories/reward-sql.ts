import type { CountedBalanceMode } from '@app/staking-core';
import type { Sql } from '../database.js';
import type { RulesOfDay } from './day-inputs.repository.js';
import { ALL_BUCKETS, type Buckets } from './settlement-piece.repository.js';
import type { TokenDay } from './settlement.repository.js';

/** First instant of the day ($1) and of the next one. */
export const DAY_START = `($1::date)::timestamp AT TIME ZONE 'UTC'`;
export const DAY_END = `($1::date + 1)::timestamp AT TIME ZONE 'UTC'`;

/** A stretch of participation or of a cut that touches the day. */
export const OVERLAPS = `starts_at < ${DAY_END} AND (ends_at IS NULL OR (ends_at > ${DAY_START} AND ends_at > starts_at))`;

/** What holds for all accounts of a token's day, looked up once and written into the statements over them. */
export interface Circumstances {
  /** R26: feed shards that were left out when the day closed. */
  readonly setAside: readonly number[];
  /** A pause of the token touches the day: nobody's day is simply whole. */
  readonly paused: boolean;
  /** The feed has come so far that accumulators may have left the day behind. */
  readonly farAhead: boolean;
  /** Where the token's balances are, and a condition for each row (named `s`) when others are there too. */
  readonly balances: { readonly from: string; readonly where: string };
  /** Leaves of the token's log: of the day, and of those after it. */
  readonly log: { readonly day: string | null; readonly later: readonly string[] };
}

interface CircumstancesRow {
  aside: number[];
  paused: boolean;
  ahead: boolean;
  balances: string | null;
  log: { day: string; leaf: string }[];
}

/** Leaves are named where there are any: a condition that holds for every row of one is not free a million times. */
export async function circumstancesOf(sql: Sql, unit: TokenDay): Promise<Circumstances> {
  const [row] = await sql.rows<CircumstancesRow>(
    `SELECT ARRAY(SELECT shard FROM quarantine WHERE token = '*' AND day = $1::date AND reason = 'SHARD_GAP' ORDER BY 1) AS aside,
            EXISTS (SELECT 1 FROM token_pause WHERE token = $2 AND starts_at < ${DAY_END}
                      AND (ends_at IS NULL OR ends_at > ${DAY_START})) AS paused,
            newest > $1::date + 1 AS ahead, to_regclass('spot_balance_' || lower($2))::text AS balances,
            (SELECT coalesce(json_agg(json_build_object('day', of.day, 'leaf', of.leaf) ORDER BY of.day), '[]')
             FROM (SELECT ($1::date + n)::text AS day,
                          to_regclass('balance_event_' || to_char($1::date + n, 'YYYYMMDD') || '_' || lower($2))::text AS leaf
                   FROM generate_series(0, newest - $1::date) AS n) of WHERE of.leaf IS NOT NULL) AS log
     FROM (SELECT coalesce(max(newest_day), $1::date) AS newest FROM feed_shard) feed`,
    [unit.day, unit.token],
  );
  const leaves = row?.log ?? [];
  return {
    setAside: row?.aside ?? [],
    paused: row?.paused ?? false,
    farAhead: row?.ahead ?? false,
    balances: row?.balances
      ? { from: `${row.balances} s`, where: 'true' }
      : { from: 'spot_balance s', where: 's.token = $2' },
    log: {
      day: leaves.find((one) => one.day === unit.day)?.leaf ?? null,
      later: leaves.filter((one) => one.day !== unit.day).map((one) => one.leaf),
    },
  };
}

/** R7: which part of a balance, or of a change, counts. */
export function countedExpression(mode: CountedBalanceMode): (row: string, free: string, locked: string) => string {
  return (row, free, locked) => (mode === 'free' ? `${row}.${free}` : `${row}.${free} + ${row}.${locked}`);
}

/** Users as PostgreSQL writes an array. */
export type UserList = string;

export const NOBODY: UserList = '{}';

/** Users of a token's day who are not simply read from the accumulator by themselves, looked up once a statement over all. */
export interface Exceptions {
  /** Read otherwise than whole from the accumulator, or not at all. */
  readonly otherwise: UserList;
  /** R10: of an owner who holds more than the cap. */
  readonly sharing: UserList;
}

/**
 * $1 day, $2 token, $3 minimum, $4 cap, $5 and $6 the exceptions: what every query over `ratedUsers` starts with. Nobody
 * takes part with nothing, whatever the minimum.
 */
export function rateValues(unit: TokenDay, rules: RulesOfDay, { otherwise, sharing }: Exceptions): string[] {
  return [...limitValues(unit, rules), otherwise, sharing];
}

/** $1 day, $2 token, $3 minimum, $4 cap. */
export function limitValues(unit: TokenDay, rules: RulesOfDay): string[] {
  const least = rules.minAtoms > 0n ? rules.minAtoms : 1n;
  return [unit.day, unit.token, least.toString(), rules.capAtoms.toString()];
}

/** Everybody whose day is read otherwise than whole from the accumulator, or not at all. */
const otherwise = (range: Buckets): string => `
  SELECT user_id FROM partial_balance b WHERE day = $1::date AND token = $2 AND ${within('b', range)}
  UNION ALL SELECT user_id FROM quarantine WHERE token = $2 AND day = $1::date
  UNION ALL SELECT user_id FROM participation_cut WHERE token IN ($2, '*') AND ${OVERLAPS}`;

/**
 * The exceptions, of a range of users (and some more). They go back as a parameter: a list that the planner sees is hashed,
 * and a look into it costs a row a fifth of a look into what a subquery gave.
 */
export async function exceptionsOf(
  sql: Sql,
  unit: TokenDay,
  rules: RulesOfDay,
  range: Buckets = ALL_BUCKETS,
): Promise<Exceptions> {
  const [row] = await sql.rows<Exceptions>(
    `SELECT ARRAY(${otherwise(range)})::text AS otherwise, ARRAY(SELECT user_id FROM (${sharing('$3')}) sharing)::text AS sharing`,
    [unit.day, unit.token, rules.capAtoms.toString()],
  );
  return row ?? { otherwise: NOBODY, sharing: NOBODY };
}

/** CASE, because the planner would otherwise guess how many rows pass, user by user of the list. */
export function isIn(list: string, column: string): string {
  return `CASE WHEN ${column} = ANY (${list}::text[]) THEN true ELSE false END`;
}

export interface WholeDays {
  /** A condition on `s.user_id` or `s.bucket`. */
  readonly among: string;
  /** Parameters with users who are not meant. */
  readonly but: readonly string[];
}

/** A stretch of the user's newest period is of the day (named `s`): from its 00:00 on, until its end or before (R4, R5). */
const TAKES_PART = `s.counts_from <= ${DAY_START} AND s.known_from < ${DAY_END}
      AND (s.counts_to IS NULL OR s.counts_to > greatest(${DAY_START}, s.known_from))`;

/** Left during the day: what it came to until then stands beside the balance, or nothing does. */
const LEFT = `s.counts_to < ${DAY_END}`;

/**
 * Who takes part, but what the balance came to is not in its row: heard of after leaving, or gone on to later days. What
 * hardly anybody is stands first.
 */
export const UNREADABLE = `(s.day > $1::date OR ${LEFT})
      AND CASE WHEN ${LEFT} THEN s.left_integral IS NULL ELSE s.day > $1::date AND s.prev_day IS DISTINCT FROM $1::date END
      AND ${TAKES_PART}`;

/**
 * R5, R8: (user_id, bucket, average) of those who took part from 00:00 on and reach the minimum, from the running
 * accumulators alone. One that does not tell (see UNREADABLE) and has no row of its own keeps its place with an average of
 * NULL: an integral that is missing must never become a user who is missing. The minimum times the day, because then only
 * those who reach it cost a division. Every branch of the average has the column's type, which saves a cast a row.
 */
export function wholeDays(rules: RulesOfDay, given: Circumstances, { among, but }: WholeDays): string {
  const counted = countedExpression(rules.countedBalance)('s', 'free', 'locked');
  const now = rules.countedBalance === 'free' ? counted : `(${counted})::numeric(78,0)`;
  const average = (integral: string): string => `div(s.${integral}, 86400000)::numeric(78,0)`;
  const enough = (integral: string): string => `s.${integral} >= $3::numeric * 86400000`;
  return `
    SELECT s.user_id, s.bucket,
           CASE WHEN ${LEFT} THEN ${average('left_integral')}
                WHEN s.day < $1::date THEN ${now}
                WHEN s.day = $1::date THEN ${average('integral')}
                WHEN s.prev_day = $1::date THEN ${average('prev_integral')} END AS average
    FROM ${given.balances.from}
    WHERE ${given.balances.where} AND ${TAKES_PART} AND ${notAside(given)} AND ${among}
      AND CASE WHEN ${LEFT} THEN (${enough('left_integral')}) IS NOT FALSE
               WHEN s.day < $1::date THEN ${counted} >= $3::numeric
               WHEN s.day = $1::date THEN ${enough('integral')}
               WHEN s.prev_day = $1::date THEN ${enough('prev_integral')}
               ELSE true END
      ${but.map((list) => `AND NOT ${isIn(list, 's.user_id')}`).join(' ')}`;
}

/** R10: accounts of owners who hold more than the cap together, and how much that is. */
const sharing = (cap: string): string => `
  SELECT a.user_id, v.average FROM owner_average v JOIN account a ON a.owner = v.owner
  WHERE v.day = $1::date AND v.token = $2 AND v.average > ${cap}::numeric`;

/**
 * R8, R10 as a set: (user_id, bucket, average, weight) of everybody who has weight. One arm reads whole days from the
 * running accumulators, one the accounts that share a cap, one the few that were measured from the log. No sort, no loop
 * over all, no join of all. An average of NULL is somebody unmeasured (see `wholeDays`): whatever else is said is void.
 */
export function ratedUsers(rules: RulesOfDay, given: Circumstances, range: Buckets = ALL_BUCKETS): string {
  // Of a paused token nobody's day is simply whole.
  const among = given.paused ? 'false' : within('s', range);
  const cap = '$4::numeric(78,0)';
  const alone = (average: string): string => `least(${average}, ${cap})`;
  const shared = (average: string): string => `div(${cap} * ${average}, o.average)::numeric(78,0)`;
  const measured = 'div(b.integral, 86400000)::numeric(78,0)';
  // Each arm leaves out who has a weight of zero by itself: a condition on the weight would be worked out again.
  return `
    SELECT w.user_id, w.bucket, w.average, ${alone('w.average')} AS weight
    FROM (${wholeDays(rules, given, { among, but: ['$5', '$6'] })}) w WHERE ${cap} > 0
    UNION ALL SELECT w.user_id, w.bucket, w.average, ${shared('w.average')}
    FROM (${wholeDays(rules, given, { among: `${among} AND s.user_id = ANY (ARRAY(SELECT unnest($6::text[])))`, but: ['$5'] })}) w
    JOIN (${sharing('$4')}) o ON o.user_id = w.user_id WHERE (${cap} * w.average >= o.average) IS NOT FALSE
    UNION ALL SELECT b.user_id, b.bucket, ${measured},
           CASE WHEN o.average IS NULL THEN ${alone(measured)} ELSE ${shared(measured)} END
    FROM partial_balance b LEFT JOIN (${sharing('$4')}) o ON o.user_id = b.user_id
    WHERE b.day = $1::date AND b.token = $2 AND ${within('b', range)} AND b.integral >= $3::numeric * 86400000
      AND ${cap} > 0 AND (o.average IS NULL OR ${cap} * div(b.integral, 86400000) >= o.average)`;
}

function notAside({ setAside }: Circumstances): string {
  return setAside.length === 0 ? 'true' : `s.shard <> ALL ('{${setAside.join(',')}}'::smallint[])`;
}

/** Two whole numbers of our own, written out so that the planner sees them. */
export function within(row: string, range: Buckets): string {
  if (!Number.isInteger(range.first) || !Number.isInteger(range.last)) throw new RangeError('no range of buckets');
  return range.first === ALL_BUCKETS.first && range.last === ALL_BUCKETS.last
    ? 'true'
    : `${row}.bucket BETWEEN ${range.first} AND ${range.last}`;
}
