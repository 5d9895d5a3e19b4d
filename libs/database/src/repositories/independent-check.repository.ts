import { type Atoms, atoms } from '@app/staking-core';
import type { Sql, Transaction } from '../database.js';
import type { RulesOfDay } from './day-inputs.repository.js';
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

/** An account of the token as it stands now, with everything that says when it counts. */
export interface StreamedAccount {
  readonly user: string;
  readonly owner: string | null;
  /** Counted balance at this moment, not at 00:00. */
  readonly countedNow: bigint;
  readonly knownFromMs: bigint;
  readonly periods: readonly Stretch[];
  readonly cuts: readonly StreamedCut[];
  readonly quarantined: boolean;
}

export interface StreamedChange {
  readonly user: string;
  /** On the day itself, or later: then it only leads from today's balance back to the day's. */
  readonly onTheDay: boolean;
  readonly msOfDay: bigint;
  readonly delta: bigint;
}

/** The figures R22 b and c look at; amounts in atoms. */
export interface DayFigures {
  /** Observed and boosted so far, less what earlier days paid or gave to the treasury. */
  readonly undistributed: Atoms;
  /** On chain at the day's cut, less the credits of earlier days, which are users' already. */
  readonly custody: Atoms;
  /** Pools of the settled days before this one, newest first. */
  readonly trailingPools: readonly Atoms[];
}

export interface CrossCheck {
  readonly key: string;
  readonly amount: string;
  readonly crossCheck: string;
  readonly tolerance: string;
}

const MS = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`;

/** R22: raw material for the independent recomputation (streamed with COPY, some rows at a time) and the bounds. */
export class IndependentCheckRepository {
  /** Accounts that were switched on at some time of the day. One moment with `changes`: REPEATABLE READ. */
  async *accounts(tx: Transaction, unit: TokenDay, rules: RulesOfDay): AsyncGenerator<StreamedAccount[]> {
    const counted = countedExpression(rules.countedBalance)('s', 'free', 'locked');
    const { day, token, start, end } = literals(unit);
    const copy = `COPY (
      SELECT s.user_id, a.owner, ${counted}, ${MS('s.known_from')}, p.periods, c.cuts,
             (q.user_id IS NOT NULL OR aside.shard IS NOT NULL)::int
      FROM spot_balance s
      JOIN account a ON a.user_id = s.user_id
      JOIN (SELECT user_id, string_agg(${MS('starts_at')} || ':' || coalesce(${MS('ends_at')}::text, ''), ',') AS periods
            FROM participation_period WHERE starts_at < ${end} AND (ends_at IS NULL OR ends_at > ${start})
            GROUP BY user_id) p ON p.user_id = s.user_id
      LEFT JOIN (SELECT user_id, string_agg(reason || ':' || ${MS('starts_at')} || ':' || coalesce(${MS('ends_at')}::text, ''), ',') AS cuts
            FROM participation_cut WHERE token IN (${token}, '*') AND starts_at < ${end} AND (ends_at IS NULL OR ends_at > ${start})
            GROUP BY user_id) c ON c.user_id = s.user_id
      LEFT JOIN quarantine q ON q.user_id = s.user_id AND q.token = ${token} AND q.day = ${day}
      LEFT JOIN quarantine aside ON aside.token = '*' AND aside.day = ${day} AND aside.shard = s.shard
      WHERE s.token = ${token}
    ) TO STDOUT`;
    for await (const some of lines(tx, copy)) yield some.map(toAccount);
  }

  /** The log from 00:00 of the day on, as it lies, of everybody who was switched on at some time of the day. */
  async *changes(tx: Transaction, unit: TokenDay, rules: RulesOfDay): AsyncGenerator<StreamedChange[]> {
    const counted = countedExpression(rules.countedBalance)('e', 'free_delta', 'locked_delta');
    const { day, token, start, end } = literals(unit);
    const copy = `COPY (
      SELECT e.user_id, (e.day = ${day})::int, e.ms_of_day, ${counted} FROM balance_event e
      WHERE e.day >= ${day} AND e.token = ${token} AND e.user_id IN (
        SELECT user_id FROM participation_period WHERE starts_at < ${end} AND (ends_at IS NULL OR ends_at > ${start}))
    ) TO STDOUT`;
    for await (const some of lines(tx, copy)) {
      yield some.map(([user, onTheDay, ms, delta]) => ({
        user: user ?? '',
        onTheDay: onTheDay === '1',
        msOfDay: BigInt(ms ?? ''),
        delta: BigInt(delta ?? ''),
      }));
    }
  }

  /** The rewards as stored. */
  async *rewards(tx: Transaction, unit: TokenDay): AsyncGenerator<(readonly [user: string, amount: bigint])[]> {
    for await (const some of lines(tx, `COPY (SELECT user_id, amount FROM ${leafName(unit)}) TO STDOUT`)) {
      yield some.map(([user, amount]) => [user ?? '', BigInt(amount ?? '')] as const);
    }
  }

  async pauses(sql: Sql, unit: TokenDay): Promise<Stretch[]> {
    const rows = await sql.rows<{ from_ms: string; to_ms: string | null }>(
      `SELECT ${MS('starts_at')} AS from_ms, ${MS('ends_at')} AS to_ms FROM token_pause WHERE token = $1`,
      [unit.token],
    );
    return rows.map((row) => ({ fromMs: BigInt(row.from_ms), toMs: row.to_ms === null ? null : BigInt(row.to_ms) }));
  }

  async figures(sql: Sql, unit: TokenDay, trailingDays: number): Promise<DayFigures> {
    const values = [unit.day, unit.token];
    const [row] = await sql.rows<{ undistributed: string; custody: string }>(
      `SELECT ((SELECT coalesce(sum(c.amount), 0) FROM chain_reward c WHERE c.token = $2 AND EXISTS (
                  SELECT 1 FROM reward_release r WHERE r.token = c.token AND r.reward_key = c.key AND r.part = 1 AND r.day <= $1::date))
             + (SELECT coalesce(sum(amount), 0) FROM boost WHERE token = $2 AND day <= $1::date)
             - before.paid - before.treasury)::text AS undistributed,
              greatest(0, chain.held - before.paid)::text AS custody
       FROM (SELECT coalesce(sum(paid), 0) AS paid, coalesce(sum(treasury_part + fee), 0) AS treasury
             FROM settlement WHERE token = $2 AND day < $1::date) before,
            (SELECT cut.liquid + coalesce((SELECT sum(active + activating + exiting + withdrawable + claimable) FROM chain_position p
                     WHERE p.token = d.token AND p.chain = d.chain AND p.height = d.cut_height), 0) AS held
             FROM chain_day d JOIN chain_cut cut ON cut.chain = d.chain AND cut.height = d.cut_height
             WHERE d.day = $1::date AND d.token = $2) chain`,
      values,
    );
    const pools = await sql.rows<{ pool: string }>(
      `SELECT pool FROM settlement WHERE token = $2 AND day < $1::date AND state = 'paid' ORDER BY day DESC LIMIT $3`,
      [...values, trailingDays],
    );
    const undistributed = BigInt(row?.undistributed ?? '0');
    return {
      // Below zero would mean that more was paid than ever came in: then nothing is left to pay from.
      undistributed: atoms(undistributed < 0n ? 0n : undistributed),
      custody: atoms(BigInt(row?.custody ?? '0')),
      trailingPools: pools.map((pool) => atoms(BigInt(pool.pool))),
    };
  }

  /** Rewards of the day that the chain's own events contradict. */
  async contradictedRewards(sql: Sql, unit: TokenDay): Promise<CrossCheck[]> {
    return sql.rows<CrossCheck>(
      `SELECT c.key, c.amount::text, c.cross_check::text AS "crossCheck", c.cross_tolerance::text AS tolerance
       FROM reward_release r JOIN chain_reward c ON c.token = r.token AND c.key = r.reward_key
       WHERE r.token = $2 AND r.day = $1::date AND r.part = 1 AND abs(c.amount - c.cross_check) > coalesce(c.cross_tolerance, 0)
       ORDER BY c.key LIMIT 20`,
      [unit.day, unit.token],
    );
  }

  async saveCheck(tx: Transaction, unit: TokenDay, name: string, passed: boolean, detail: string): Promise<void> {
    await tx.affected(
      `INSERT INTO settlement_check (day, token, name, passed, detail) VALUES ($1::date, $2, $3, $4, $5)
       ON CONFLICT (day, token, name) DO UPDATE SET passed = excluded.passed, detail = excluded.detail`,
      [unit.day, unit.token, name, passed, detail],
    );
  }
}

/** COPY takes no parameters: the two values are checked by shape (see `leafName`) and written out. */
function literals(unit: TokenDay): { day: string; token: string; start: string; end: string } {
  leafName(unit);
  const day = `date '${unit.day}'`;
  return {
    day,
    token: `'${unit.token}'`,
    start: `timestamp '${unit.day}' AT TIME ZONE 'UTC'`,
    end: `(${day} + 1)::timestamp AT TIME ZONE 'UTC'`,
  };
}

/** Lines of COPY's text format as fields, some at a time; null is \\N. A stream that breaks off throws: half of it is never all of it. */
async function* lines(tx: Transaction, copy: string): AsyncGenerator<(string | null)[][]> {
  const source = await tx.copyOut(copy);
  source.setEncoding('utf8');
  try {
    let rest = '';
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      yield parts.map((line) => line.split('\t').map(field));
    }
  } finally {
    // A reader that stops early must leave the connection usable: what is still under way is let through.
    source.resume();
  }
}

function toAccount(line: readonly (string | null)[]): StreamedAccount {
  const [user, owner, now, known, periods, cuts, quarantined] = line;
  return {
    user: user ?? '',
    owner: owner ?? null,
    countedNow: BigInt(now ?? ''),
    knownFromMs: BigInt(known ?? ''),
    periods: (periods ?? '').split(',').map(stretch),
    cuts: cuts ? cuts.split(',').map(cut) : [],
    quarantined: quarantined === '1',
  };
}

function field(text: string): string | null {
  if (text === '\\N') return null;
  return text.includes('\\') ? unescapeCopy(text) : text;
}

function unescapeCopy(field: string): string {
  return field.replace(/\\(.)/g, (_all, letter: string) => ({ t: '\t', n: '\n', r: '\r' })[letter] ?? letter);
}

function stretch(text: string): Stretch {
  const [from = '', to = ''] = text.split(':');
  return { fromMs: BigInt(from), toMs: to === '' ? null : BigInt(to) };
}

function cut(text: string): StreamedCut {
  const colon = text.indexOf(':');
  return { reason: text.slice(0, colon) as StreamedCut['reason'], ...stretch(text.slice(colon + 1)) };
}
