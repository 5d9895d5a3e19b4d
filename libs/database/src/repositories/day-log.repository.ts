import { type UtcDay, utcDay } from '@app/staking-core';
import type { Transaction } from '../database.js';
import { type CopiedChanges, copiedChanges } from './copied-changes.js';
import { type CopiedLine, copiedLines, copiedLinesTogether } from './copied-lines.js';
import type { RulesOfDay } from './day-inputs.repository.js';
import { exactLeaves } from './exact-leaves.js';
import { leafName } from './reward-split.repository.js';
import { countedExpression } from './reward-sql.js';
import type { TokenDay } from './settlement.repository.js';

/** `[from, to)` in epoch milliseconds; null: still in force. */
export interface Stretch {
  readonly fromMs: bigint;
  readonly toMs: bigint | null;
}

export interface StreamedCut extends Stretch {
  readonly reason: 'TOKEN_OFF' | 'TERMS' | 'REGION' | 'BANNED' | 'CLOSED';
}

/** How many slices users fall into by a hash of the database's own: not the stored bucket, which may be wrong. */
export const SLICES = 1_024;

/** A range of slices, both ends included. */
export interface Slices {
  readonly first: number;
  readonly last: number;
}

/** Fields of one line of `periods`. */
export const PERIOD = { user: 0, stretch: 1 } as const;
/** Fields of one line of `unusual`. */
export const UNUSUAL = { user: 0, knownFrom: 1, cuts: 2, setAside: 3, owner: 4, ownerAverage: 5 } as const;
/** Fields of one line of `balances`. */
export const BALANCE = { user: 0, now: 1 } as const;
/** Fields of one line of `rewards`. */
export const REWARD = { user: 0, average: 1, weight: 2, amount: 3 } as const;
/** Fields of one line of `balancesAndRewards`. */
export const BALANCE_AND_REWARD = {
  user: 0,
  now: 1,
  owner: 2,
  ownerAverage: 3,
  average: 4,
  weight: 5,
  amount: 6,
} as const;

const MS = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`;

/**
 * What the independent recomputation reads (R22a), streamed with COPY as it lies: nothing is sorted, nothing is added
 * up by the database. Memory is one chunk. Read within one REPEATABLE READ transaction, all of it is of one moment.
 */
export class DayLogRepository {
  /** Everybody's participation that touches the day, of all tokens; one line a period, its text empty when it is all day. */
  async periods(tx: Transaction, day: UtcDay, each: (line: CopiedLine) => void): Promise<void> {
    const { start, end } = bounds(day);
    const copy = `COPY (
      SELECT user_id, CASE WHEN starts_at <= ${start} AND (ends_at IS NULL OR ends_at >= ${end}) THEN ''
                           ELSE ${MS('starts_at')} || ':' || coalesce(${MS('ends_at')}::text, '') END
      FROM participation_period WHERE starts_at < ${end} AND (ends_at IS NULL OR (ends_at > ${start} AND ends_at > starts_at))
    ) TO STDOUT`;
    await copiedLines(tx, copy, 2, each);
  }

  /** Accounts for which more than their periods says when they count, and those with an owner. */
  async unusual(tx: Transaction, unit: TokenDay, slices: Slices, each: (line: CopiedLine) => void): Promise<void> {
    const { day, token, start, end } = literals(unit);
    const within = slicing(slices);
    const { balances } = await exactLeaves(tx, unit);
    const copy = `COPY (
      WITH aside AS (SELECT shard FROM quarantine WHERE token = '*' AND day = ${day}),
      unusual AS (
        SELECT user_id FROM participation_cut
        WHERE token IN (${token}, '*') AND starts_at < ${end} AND (ends_at IS NULL OR ends_at > ${start}) ${within('user_id')}
        UNION SELECT user_id FROM quarantine WHERE token = ${token} AND day = ${day} ${within('user_id')}
        UNION SELECT user_id FROM ${balances} AND (known_from > ${start} OR shard = ANY (ARRAY(SELECT shard FROM aside))) ${within('user_id')}
        UNION SELECT user_id FROM account WHERE owner IS NOT NULL ${within('user_id')}
      )
      SELECT s.user_id, ${MS('s.known_from')}, coalesce(c.cuts, ''), (q.user_id IS NOT NULL OR aside.shard IS NOT NULL)::int,
             a.owner, v.average
      FROM spot_balance s
      LEFT JOIN account a ON a.user_id = s.user_id AND a.owner IS NOT NULL
      LEFT JOIN owner_average v ON v.owner = a.owner AND v.day = ${day} AND v.token = ${token}
      LEFT JOIN (SELECT user_id, string_agg(reason || ':' || ${MS('starts_at')} || ':' || coalesce(${MS('ends_at')}::text, ''), ',') AS cuts
            FROM participation_cut WHERE token IN (${token}, '*') AND starts_at < ${end} AND (ends_at IS NULL OR ends_at > ${start})
            GROUP BY user_id) c ON c.user_id = s.user_id
      LEFT JOIN quarantine q ON q.user_id = s.user_id AND q.token = ${token} AND q.day = ${day}
      LEFT JOIN aside ON aside.shard = s.shard
      WHERE s.token = ${token} AND s.user_id = ANY (ARRAY(SELECT user_id FROM unusual))
    ) TO STDOUT`;
    await copiedLines(tx, copy, 6, each);
  }

  /** The log from 00:00 of the day on, leaf by leaf. @param take is told whether the changes are of the day, or of a later one */
  async changes(
    tx: Transaction,
    unit: TokenDay,
    rules: RulesOfDay,
    slices: Slices,
    take: (changes: CopiedChanges, ofDay: boolean) => void,
  ): Promise<void> {
    const delta = countedExpression(rules.countedBalance)('e', 'free_delta', 'locked_delta');
    const within = slicing(slices)('user_id');
    const copy = (from: string): string =>
      `COPY (SELECT user_id, ms_of_day, ${delta} FROM ${from} ${within}) TO STDOUT (FORMAT binary)`;
    const { ofDay, later } = await exactLeaves(tx, unit);
    await copiedChanges(tx, copy(ofDay), (changes) => take(changes, true));
    for (const leaf of later) await copiedChanges(tx, copy(leaf), (changes) => take(changes, false));
  }

  /** Everybody who holds the token, as it is now. @param take is given many lines at once, see `copiedLinesTogether` */
  async balances(
    tx: Transaction,
    unit: TokenDay,
    rules: RulesOfDay,
    slices: Slices,
    take: (line: CopiedLine, count: number) => void,
  ): Promise<void> {
    const now = countedExpression(rules.countedBalance)('b', 'free', 'locked');
    const { balances } = await exactLeaves(tx, unit);
    const copy = `COPY (SELECT user_id, ${now} FROM ${balances} ${slicing(slices)('user_id')}) TO STDOUT`;
    await copiedLinesTogether(tx, copy, 2, take);
  }

  /** Every reward that is stored; a weight that is the average is left out: most are. */
  async rewards(tx: Transaction, unit: TokenDay, slices: Slices, each: (line: CopiedLine) => void): Promise<void> {
    const within = slicing(slices)('user_id');
    const copy = `COPY (SELECT user_id, average, nullif(weight, average), amount FROM ${leafName(unit)} WHERE true ${within}) TO STDOUT`;
    await copiedLines(tx, copy, 4, each);
  }

  /**
   * Everybody who holds the token, as it is now, beside the reward that is stored for the day; and every stored reward.
   * A number that is the same as the one before it is left out (balance, average, weight): most are.
   */
  async balancesAndRewards(
    tx: Transaction,
    unit: TokenDay,
    rules: RulesOfDay,
    slices: Slices,
    each: (line: CopiedLine) => void,
  ): Promise<void> {
    const { day, token } = literals(unit);
    const within = slicing(slices);
    const copy = `COPY (
      SELECT coalesce(s.user_id, r.user_id), coalesce(s.now, 0), o.owner, o.average,
             nullif(r.average, coalesce(s.now, 0)), nullif(r.weight, r.average), r.amount
      FROM (SELECT user_id, ${countedExpression(rules.countedBalance)('b', 'free', 'locked')} AS now
            FROM spot_balance b WHERE token = ${token} ${within('user_id')}) s
      LEFT JOIN (SELECT a.user_id, a.owner, v.average FROM account a
                 LEFT JOIN owner_average v ON v.owner = a.owner AND v.day = ${day} AND v.token = ${token}
                 WHERE a.owner IS NOT NULL ${within('a.user_id')}) o ON o.user_id = s.user_id
      FULL JOIN (SELECT user_id, average, weight, amount FROM ${leafName(unit)} WHERE true ${within('user_id')}) r ON r.user_id = s.user_id
    ) TO STDOUT`;
    await copiedLines(tx, copy, 7, each);
  }

  /** The stored sums of owners. */
  async owners(tx: Transaction, unit: TokenDay, each: (owner: string, average: bigint) => void): Promise<void> {
    const { day, token } = literals(unit);
    const copy = `COPY (SELECT owner, average FROM owner_average WHERE day = ${day} AND token = ${token}) TO STDOUT`;
    await copiedLines(tx, copy, 2, (line) => each(line.text(0), line.bigint(1)));
  }
}

/** Of a line of `periods` that is not of all day. */
export function stretchOf(text: string): Stretch {
  return stretch(text);
}

export function cutsOf(text: string): StreamedCut[] {
  return text === '' ? [] : text.split(',').map(cut);
}

function stretch(text: string): Stretch {
  const [from = '', to = ''] = text.split(':');
  return { fromMs: BigInt(from), toMs: to === '' ? null : BigInt(to) };
}

function cut(text: string): StreamedCut {
  const colon = text.indexOf(':');
  return { reason: text.slice(0, colon) as StreamedCut['reason'], ...stretch(text.slice(colon + 1)) };
}

/** All slices need no filter. */
function slicing({ first, last }: Slices): (column: string) => string {
  if (!Number.isInteger(first) || !Number.isInteger(last)) throw new RangeError(`no slices ${first} to ${last}`);
  if (first === 0 && last === SLICES - 1) return () => '';
  return (column) => `AND (hashtext(${column}) & ${SLICES - 1}) BETWEEN ${first} AND ${last}`;
}

/** COPY takes no parameters: the two values are checked by shape (see `leafName`) and written out. */
function literals(unit: TokenDay): { day: string; token: string; start: string; end: string } {
  leafName(unit);
  return { token: `'${unit.token}'`, ...bounds(unit.day) };
}

function bounds(of: UtcDay): { day: string; start: string; end: string } {
  const day = `date '${utcDay(of)}'`;
  return { day, start: `${day}::timestamp AT TIME ZONE 'UTC'`, end: `(${day} + 1)::timestamp AT TIME ZONE 'UTC'` };
}
