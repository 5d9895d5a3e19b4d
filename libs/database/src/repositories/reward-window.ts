import { addDays, daysBetween } from '@app/staking-core';
import type { UserReads, UserStatement } from './read-together.js';
import { daysOf, type RewardLeaf } from './reward-leaf.js';
import type { RewardRow } from './reward-state.js';

/** Leaves that together hold all of some days: one folded leaf, or the leaves of one day's tokens. */
export interface LeafGroup {
  readonly leaves: readonly RewardLeaf[];
  /** First and last day, both included. */
  readonly first: string;
  readonly last: string;
  readonly days: number;
}

export interface ReadWindow {
  /** Of the catalogue, at the moment of reading. */
  readonly version: string;
  /** As far as the leaf alone says: of a row that needs a second look, `state` is not the last word. */
  readonly rows: readonly RewardRow[];
  /** Whether the credits of a day are all accounted for in its leaf. */
  readonly isFolded: (day: string) => boolean;
}

interface Wanted {
  readonly user: string;
  readonly token: string | null;
  readonly from: string;
  readonly to: string;
  readonly after: { readonly day: string; readonly token: string } | null;
}

/** Opening and locking a leaf costs several microseconds, whether it is read or not. */
const MOST_LEAVES = 24;
const DAY_MS = 86_400_000;
/** Rewards a day of somebody about whom nothing is known yet. */
const USUALLY_PER_DAY = 3;

/** All leaves, in groups, newest first. */
export function groupsOf(leaves: readonly RewardLeaf[]): LeafGroup[] {
  const groups: LeafGroup[] = [];
  for (const leaf of leaves) {
    const { from, to } = daysOf(leaf);
    const before = groups.at(-1);
    if (before?.first === from) groups[groups.length - 1] = { ...before, leaves: [...before.leaves, leaf] };
    else
      groups.push({
        first: from,
        last: addDays(to, -1),
        leaves: [leaf],
        days: Number.parseInt(daysBetween(from, to).toString(), 10),
      });
  }
  return groups;
}

/** Those that can hold a row of the query. */
export function groupsWithin(groups: readonly LeafGroup[], wanted: Wanted): LeafGroup[] {
  const { from, token, after } = wanted;
  const to = after !== null && after.day < wanted.to ? after.day : wanted.to;
  const within = groups.filter((group) => group.last >= from && group.first <= to);
  if (token === null) return within;
  return within.flatMap((group) => {
    const leaves = group.leaves.filter((leaf) => leaf.kind === 'folded' || leaf.token === token);
    return leaves.length === 0 ? [] : [{ ...group, leaves }];
  });
}

/** As many groups as are likely to hold the missing rows, by how many rows the days before held; at least one. */
export function nextWindow(
  groups: readonly LeafGroup[],
  missing: number,
  seen: { readonly days: number; readonly rows: number; readonly ofOneToken: boolean },
): { readonly groups: readonly LeafGroup[]; readonly days: number } {
  const wantedDays =
    seen.days === 0
      ? Math.ceil(missing / (seen.ofOneToken ? 1 : USUALLY_PER_DAY))
      : seen.rows === 0
        ? seen.days * 4
        : Math.ceil((missing * seen.days) / seen.rows);
  let taken = 0;
  let days = 0;
  let leaves = 0;
  for (const group of groups) {
    if (taken > 0 && (days >= wantedDays || leaves + group.leaves.length > MOST_LEAVES)) break;
    taken += 1;
    days += group.days;
    leaves += group.leaves.length;
  }
  return { groups: groups.slice(0, taken), days };
}

/**
 * At least `limit` rows of these groups, whole days, newest day first, symbols in order; fewer when there are no more.
 * One statement, whose text depends on the leaves and on which conditions are needed. All rows come as one text: taking
 * hundreds of columns apart is the largest part of reading, on both sides.
 */
export async function readWindow(
  reads: UserReads,
  groups: readonly LeafGroup[],
  wanted: Wanted,
  limit: number,
): Promise<ReadWindow> {
  const unfolded = groups.reduce((sum, group) => sum + (isFolded(group) ? 0 : group.leaves.length), 0);
  // Rows of days that are not shown yet take no place away from others.
  const values: (string | number)[] = [limit + unfolded];
  const conditions = conditionsOf(groups, wanted, values);
  const row = await reads.row(statementOf(groups, conditions), wanted.user, values);
  const [version, text] = row as readonly [string, string | null];
  const foldedGroups = groups.filter(isFolded);
  return {
    version,
    rows: text === null ? [] : rowsOf(text),
    isFolded:
      unfolded === 0 ? () => true : (day) => foldedGroups.some(({ first, last }) => first <= day && day <= last),
  };
}

const COLUMNS = 'day, token, average, weight, amount, credited_ms';
const VERSION = '(SELECT version FROM reward_catalogue)::text';
const LINES = `string_agg(concat_ws(' ', day - date '1970-01-01', token, average, weight, amount, credited_ms), E'\\n')`;

function isFolded(group: LeafGroup): boolean {
  return group.leaves[0]?.kind === 'folded';
}

/** A statement is made once: the same one is found again by who it is, not by what it says. */
const STATEMENTS = new WeakMap<LeafGroup, Map<string, UserStatement>>();

function statementOf(groups: readonly LeafGroup[], conditions: readonly string[]): UserStatement {
  const newest = groups[0]!;
  let statements = STATEMENTS.get(newest);
  if (!statements) STATEMENTS.set(newest, (statements = new Map()));
  const where = conditions.map((condition) => ` AND ${condition}`).join('');
  const key = `${groups.length}${where}`;
  let statement = statements.get(key);
  if (statement === undefined) {
    const arms = groups.flatMap((group) => group.leaves).map(({ name }) => `SELECT user_id, ${COLUMNS} FROM ${name}`);
    const newestOf = (user: string): string => `(SELECT * FROM (${arms.join(' UNION ALL ')}) leaf
            WHERE user_id = ${user}${where} ORDER BY day DESC FETCH FIRST $2 ROWS WITH TIES) newest`;
    statement = {
      ofOne: `SELECT ${VERSION}, ${LINES} FROM ${newestOf('$1')}`,
      // As a subquery the array has no length that the planner could look at: it would plan anew for each length.
      ofSeveral: `SELECT ${VERSION}, page.lines, u.place::int
        FROM unnest((SELECT $1::text[])) WITH ORDINALITY AS u(id, place)
        CROSS JOIN LATERAL (SELECT ${LINES} AS lines FROM ${newestOf('u.id')}) page`,
    };
    statements.set(key, statement);
  }
  return statement;
}

/** Only what is needed: a condition costs in every leaf. */
function conditionsOf(groups: readonly LeafGroup[], wanted: Wanted, values: (string | number)[]): string[] {
  const conditions: string[] = [];
  const parameter = (value: string): string => `$${values.push(value) + 1}`;
  const { from, to, token, after } = wanted;
  if (groups.some((group) => group.first < from)) conditions.push(`day >= ${parameter(from)}::date`);
  if (groups.some((group) => group.last > to)) conditions.push(`day <= ${parameter(to)}::date`);
  if (token !== null) conditions.push(`token = ${parameter(token)}`);
  if (after !== null && groups.some((group) => group.last >= after.day)) {
    const day = parameter(after.day);
    conditions.push(`day <= ${day}::date AND (day < ${day}::date OR token > ${parameter(after.token)})`);
  }
  return conditions;
}

/** Days since 1970 to their text: a few hundred are ever asked for. */
const DAYS = new Map<number, string>();

function dayOfNumber(number: number): string {
  let day = DAYS.get(number);
  if (day === undefined) {
    day = new Date(number * DAY_MS).toISOString().slice(0, 10);
    DAYS.set(number, day);
  }
  return day;
}

/** Lines `day token average weight amount [credited]`, newest day first; the order within a day is made here. */
function rowsOf(text: string): RewardRow[] {
  const rows: RewardRow[] = [];
  let at = 0;
  while (at <= text.length) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    rows.push(rowOf(text, at, end));
    at = end + 1;
  }
  return rows.sort((a, b) => (a.day === b.day ? (a.token < b.token ? -1 : 1) : a.day < b.day ? 1 : -1));
}

function rowOf(text: string, start: number, end: number): RewardRow {
  const token = text.indexOf(' ', start) + 1;
  const average = text.indexOf(' ', token) + 1;
  const weight = text.indexOf(' ', average) + 1;
  const amount = text.indexOf(' ', weight) + 1;
  const space = text.indexOf(' ', amount);
  const credited = space < 0 || space > end ? end : space;
  const due = text.slice(amount, credited);
  return {
    day: dayOfNumber(Number.parseInt(text.slice(start, token - 1), 10)),
    token: text.slice(token, average - 1),
    average: text.slice(average, weight - 1),
    weight: text.slice(weight, amount - 1),
    amount: due,
    state: due === '0' ? 'nothing-due' : 'credited',
    creditedMs: credited === end ? null : Number.parseInt(text.slice(credited + 1, end), 10),
  };
}
