import { type Atoms, atoms, type UtcDay, utcDay } from '@app/staking-core';
import type { Sql, Transaction } from '../database.js';

/** R21: the unit of settlement. */
export interface TokenDay {
  readonly day: UtcDay;
  readonly token: string;
}

export type SettlementState =
  'waiting' | 'final' | 'measured' | 'qualified' | 'split' | 'checked' | 'crediting' | 'credited' | 'paid' | 'held';

/** One row of `settlement`; a figure is null until the step that fixes it is done. Amounts in atoms. */
export interface SettlementRow extends TokenDay {
  readonly state: SettlementState;
  readonly rulesVersion: string | null;
  readonly observed: Atoms | null;
  readonly released: Atoms | null;
  readonly stake: Atoms | null;
  readonly qualifying: Atoms | null;
  readonly fee: Atoms | null;
  readonly poolPart: Atoms | null;
  readonly treasuryPart: Atoms | null;
  readonly leftoverBefore: Atoms | null;
  readonly boosts: Atoms | null;
  readonly pool: Atoms | null;
  readonly paid: Atoms | null;
  readonly leftover: Atoms | null;
  readonly users: number | null;
  readonly balancesFrom: 'accumulators' | 'log' | null;
  readonly waitingFor: string | null;
  readonly held: unknown;
  readonly late: boolean;
}

/** Columns a step fixes, by name; bigint amounts go in as they are. */
export type SettlementFigures = Partial<{
  rules_version: string;
  observed: bigint;
  released: bigint;
  stake: bigint;
  qualifying: bigint;
  fee: bigint;
  pool_part: bigint;
  treasury_part: bigint;
  leftover_before: bigint;
  boosts: bigint;
  pool: bigint;
  paid: bigint;
  leftover: bigint;
  users: number;
  balances_from: 'accumulators' | 'log';
  late: boolean;
  paid_at: Date;
}>;

/** The row is not in the state this writer read: another worker was faster. Nothing is lost, read again. */
export class SettlementMoved extends Error {
  override readonly name = 'SettlementMoved';
  readonly code = 'SETTLEMENT_MOVED';
  readonly retryable = true;

  constructor(unit: TokenDay, expected: SettlementState) {
    super(`${unit.day} ${unit.token} is no longer ${expected}`);
  }
}

interface Row extends Record<string, unknown> {
  day: string;
  token: string;
  state: SettlementState;
  users: number | null;
  balances_from: 'accumulators' | 'log' | null;
  waiting_for: string | null;
  rules_version: string | null;
  held: unknown;
  late: boolean;
}

/** R21: the state machine of a token's day. Every move is a compare-and-set on the state it starts from. */
export class SettlementRepository {
  /**
   * Opens the next day of every token whose day before is over, as soon as the feed has gone past it (R17: no day is
   * skipped). A token's first day is the first that the catalogue, the feed and the chain all know.
   * @returns how many rows are new
   */
  openDueDays(sql: Sql): Promise<number> {
    return sql.affected(`
      INSERT INTO settlement (day, token, state, waiting_for)
      SELECT next.day, next.token, 'waiting', 'its turn' FROM (
        SELECT t.symbol AS token, t.delisted_from,
               CASE WHEN last.day IS NOT NULL THEN last.day + 1
                    WHEN chain.first_day IS NOT NULL
                    THEN greatest(t.listed_from, chain.first_day,
                                  (SELECT (min(known_from) AT TIME ZONE 'UTC')::date FROM spot_balance)) END AS day
        FROM token t
        LEFT JOIN LATERAL (SELECT day, state FROM settlement WHERE token = t.symbol ORDER BY day DESC LIMIT 1) last ON true
        LEFT JOIN LATERAL (SELECT min(day) AS first_day FROM chain_day WHERE token = t.symbol) chain ON true
        WHERE last.state IS NULL OR last.state IN ('paid', 'held')
      ) next
      WHERE next.day <= (SELECT max(greatest(closed_through, newest_day - 1)) FROM feed_shard)
        AND (next.delisted_from IS NULL OR next.day < next.delisted_from)
      ON CONFLICT (day, token) DO NOTHING`);
  }

  /** The first unfinished day of each token, in order of day. A held day is over as far as work goes (R22). */
  async unfinished(sql: Sql): Promise<TokenDay[]> {
    const rows = await sql.rows<{ day: string; token: string }>(`
      SELECT day, token FROM (
        SELECT DISTINCT ON (token) token, day FROM settlement WHERE state NOT IN ('paid', 'held') ORDER BY token, day
      ) first ORDER BY day, token`);
    return rows.map((row) => ({ day: utcDay(row.day), token: row.token }));
  }

  async find(sql: Sql, unit: TokenDay): Promise<SettlementRow | null> {
    const [row] = await sql.rows<Row>('SELECT * FROM settlement WHERE day = $1::date AND token = $2', [
      unit.day,
      unit.token,
    ]);
    return row ? toRow(row) : null;
  }

  async ofDay(sql: Sql, day: UtcDay): Promise<SettlementRow[]> {
    const rows = await sql.rows<Row>('SELECT * FROM settlement WHERE day = $1::date ORDER BY token', [day]);
    return rows.map(toRow);
  }

  /** The day before of the same token; null before the first. */
  async dayBefore(sql: Sql, unit: TokenDay): Promise<SettlementRow | null> {
    const [row] = await sql.rows<Row>(
      'SELECT * FROM settlement WHERE token = $2 AND day < $1::date ORDER BY day DESC LIMIT 1',
      [unit.day, unit.token],
    );
    return row ? toRow(row) : null;
  }

  /**
   * About how many users the day is about, for the order and the size of its work and nothing else: those who qualified,
   * those of the day before, or how many the token's leaf holds by the planner's statistics; 0: nobody knows.
   */
  async expectedUsers(sql: Sql, { day, token }: TokenDay): Promise<number> {
    const [row] = await sql.rows<{ users: number }>(
      `SELECT coalesce(
         (SELECT users FROM settlement WHERE day <= $1::date AND token = $2 AND users IS NOT NULL ORDER BY day DESC LIMIT 1),
         (SELECT greatest(reltuples, 0)::int FROM pg_class WHERE oid = to_regclass('spot_balance_' || lower($2))), 0) AS users`,
      [day, token],
    );
    return row?.users ?? 0;
  }

  /**
   * Takes the day for one transaction. A day that another worker has in hand is passed over, not waited for.
   * @returns null when it is taken or no longer in `state`
   */
  async claim(tx: Transaction, unit: TokenDay, state: SettlementState): Promise<SettlementRow | null> {
    const [row] = await tx.rows<Row>(
      'SELECT * FROM settlement WHERE day = $1::date AND token = $2 AND state = $3 FOR UPDATE SKIP LOCKED',
      [unit.day, unit.token, state],
    );
    return row ? toRow(row) : null;
  }

  /** @throws SettlementMoved when the day is not in `from` any more; the caller's transaction then rolls back. */
  async move(
    tx: Transaction,
    unit: TokenDay,
    from: SettlementState,
    to: SettlementState,
    figures: SettlementFigures = {},
  ): Promise<void> {
    const names = Object.keys(figures);
    const sets = names.map((name, index) => `, ${name} = $${index + 5}`).join('');
    const moved = await tx.affected(
      `UPDATE settlement SET state = $4, fence = fence + 1, changed_at = now(), waiting_for = NULL${sets}
       WHERE day = $1::date AND token = $2 AND state = $3`,
      [unit.day, unit.token, from, to, ...Object.values(figures)],
    );
    if (moved !== 1) throw new SettlementMoved(unit, from);
  }

  /**
   * For the rest of the transaction: work on sets. Hash joins, in memory, whatever the statistics say: right after a
   * day's rows came in they say little, and a loop over an index a million times is the price. No sort of all users
   * for a merge join. Compiling costs more than it saves, and PostgreSQL's own workers would only take the cores from
   * the ranges that run side by side.
   */
  async workOnSets(tx: Transaction): Promise<void> {
    await tx.rows(
      `SELECT set_config(name, setting, true) FROM (VALUES ('work_mem', '64MB'), ('maintenance_work_mem', '256MB'), ('jit', 'off'),
         ('enable_nestloop', 'off'), ('enable_mergejoin', 'off'), ('max_parallel_workers_per_gather', '0')) AS wanted(name, setting)`,
    );
  }

  /** R19: says what the day waits for, in a sentence a person understands. */
  async wait(sql: Sql, unit: TokenDay, reason: string): Promise<void> {
    await sql.affected(
      `UPDATE settlement SET waiting_for = $3, changed_at = now()
       WHERE day = $1::date AND token = $2 AND state NOT IN ('paid', 'held') AND waiting_for IS DISTINCT FROM $3`,
      [unit.day, unit.token, reason],
    );
  }

  /**
   * R22: nothing more leaves for this token's day until two people have looked. `held` keeps the state it came from.
   * @returns false when the day had moved on from `from`
   */
  async hold(
    sql: Sql,
    unit: TokenDay,
    from: SettlementState,
    reason: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const held = await sql.affected(
      `UPDATE settlement SET state = 'held', fence = fence + 1, changed_at = now(), waiting_for = 'two people', held = $4::jsonb
       WHERE day = $1::date AND token = $2 AND state = $3`,
      [unit.day, unit.token, from, JSON.stringify({ from, ...reason })],
    );
    return held === 1;
  }
}

function toRow(row: Row): SettlementRow {
  const amount = (name: string): Atoms | null => {
    const text = row[name];
    return typeof text === 'string' ? atoms(BigInt(text)) : null;
  };
  return {
    day: utcDay(row.day),
    token: row.token,
    state: row.state,
    rulesVersion: row.rules_version,
    observed: amount('observed'),
    released: amount('released'),
    stake: amount('stake'),
    qualifying: amount('qualifying'),
    fee: amount('fee'),
    poolPart: amount('pool_part'),
    treasuryPart: amount('treasury_part'),
    leftoverBefore: amount('leftover_before'),
    boosts: amount('boosts'),
    pool: amount('pool'),
    paid: amount('paid'),
    leftover: amount('leftover'),
    users: row.users,
    balancesFrom: row.balances_from,
    waitingFor: row.waiting_for,
    held: row.held,
    late: row.late,
  };
}
