import { type Atoms, atoms, type CountedBalanceMode, type TokenRules, type UtcDay, utcDay } from '@app/staking-core';
import type { Sql, Transaction } from '../database.js';
import type { TokenDay } from './settlement.repository.js';

/** Writers of participation, accounts and cuts take this lock shared, so nothing of a closed day changes (R2). */
const GATE_LOCK = 4800;

/** How far a feed shard has come, as the closing of a day looks at it (R26). */
export interface ShardProgress {
  readonly shard: number;
  readonly closedThrough: UtcDay | null;
  readonly gapExpected: bigint | null;
}

/** The rules of a token that hold for one day (R29), with what the settlement needs besides. */
export interface RulesOfDay extends TokenRules {
  readonly chain: string;
  /** R28: this is the token's last day, so everything still unreleased goes into it. */
  readonly lastDay: boolean;
}

/** S of the day and the block it was read at. */
export interface ChainDay {
  readonly averageStake: Atoms;
  readonly cutHeight: bigint;
  /** Set when the chain's books stopped for a person. */
  readonly halted: string | null;
}

export interface AppliedSlash {
  readonly key: string;
  readonly amount: Atoms;
}

interface RuleRow {
  decimals: number;
  payout_decimals: number;
  chain: string;
  min_atoms: string;
  cap_atoms: string;
  release_days: number;
  fee_bps: number;
  counted_balance: CountedBalanceMode;
  max_daily_rate_ppb: string;
  trend_multiple: number;
  rules_version: string;
  last_day: boolean;
}

/** Everything a day is computed from, read and fixed (R14-R19). */
export class DayInputsRepository {
  async closedThrough(sql: Sql): Promise<UtcDay | null> {
    const [row] = await sql.rows<{ closed_through: string | null }>('SELECT closed_through FROM day_gate WHERE id = 1');
    return row?.closed_through ? utcDay(row.closed_through) : null;
  }

  /** First statement of the transaction that closes a day. READ COMMITTED: what follows sees what was committed before. */
  async lockGate(tx: Transaction): Promise<void> {
    await tx.rows('SELECT pg_advisory_xact_lock($1)', [GATE_LOCK]);
  }

  async shards(sql: Sql): Promise<ShardProgress[]> {
    const rows = await sql.rows<{ shard: number; closed_through: string | null; gap_expected: string | null }>(
      'SELECT shard, closed_through, gap_expected FROM feed_shard ORDER BY shard',
    );
    return rows.map((row) => ({
      shard: row.shard,
      closedThrough: row.closed_through === null ? null : utcDay(row.closed_through),
      gapExpected: row.gap_expected === null ? null : BigInt(row.gap_expected),
    }));
  }

  /**
   * R26: the accounts of a shard that is left out do not count on this day, nor does an account that is heard of later.
   * The row `shard:n` stands for the whole shard.
   */
  async setShardAside(tx: Transaction, day: UtcDay, shard: ShardProgress): Promise<void> {
    await tx.affected(
      `INSERT INTO quarantine (user_id, token, day, reason, shard, seq)
       SELECT user_id, token, $1::date, 'SHARD_GAP', $2::smallint, $3::bigint FROM spot_balance WHERE shard = $2::smallint
       UNION ALL SELECT 'shard:' || $2::smallint, '*', $1::date, 'SHARD_GAP', $2::smallint, $3::bigint
       ON CONFLICT (user_id, token, day) DO NOTHING`,
      [day, shard.shard, (shard.gapExpected ?? 0n).toString()],
    );
  }

  /** @returns false when the gate was there already */
  async moveGate(tx: Transaction, day: UtcDay): Promise<boolean> {
    const moved = await tx.affected(
      'UPDATE day_gate SET closed_through = $1::date WHERE id = 1 AND (closed_through IS NULL OR closed_through < $1::date)',
      [day],
    );
    return moved === 1;
  }

  /** R29: the row in force at 00:00 of the day; null: there is none, and no default. */
  async rulesOn(sql: Sql, unit: TokenDay): Promise<RulesOfDay | null> {
    const [row] = await sql.rows<RuleRow>(
      `SELECT t.decimals, t.payout_decimals, t.chain, r.min_atoms, r.cap_atoms, r.release_days, r.fee_bps, r.counted_balance,
              r.max_daily_rate_ppb, r.trend_multiple, r.rules_version, t.delisted_from IS NOT DISTINCT FROM $1::date + 1 AS last_day
       FROM token t JOIN token_rule r ON r.token = t.symbol AND r.valid_from <= $1::date
       WHERE t.symbol = $2 ORDER BY r.valid_from DESC LIMIT 1`,
      [unit.day, unit.token],
    );
    if (!row) return null;
    return {
      token: unit.token,
      decimals: row.decimals,
      payoutDecimals: row.payout_decimals,
      chain: row.chain,
      minAtoms: atoms(BigInt(row.min_atoms)),
      capAtoms: atoms(BigInt(row.cap_atoms)),
      releaseDays: row.release_days,
      feeBps: row.fee_bps,
      countedBalance: row.counted_balance,
      maxDailyRatePpb: BigInt(row.max_daily_rate_ppb),
      trendMultiple: row.trend_multiple,
      rulesVersion: row.rules_version,
      lastDay: row.last_day,
    };
  }

  /** null: the chain has not said everything about the day yet, which is not zero (R19). */
  async chainDay(sql: Sql, unit: TokenDay): Promise<ChainDay | null> {
    const [row] = await sql.rows<{ average_stake: string; cut_height: string; halted: string | null }>(
      `SELECT d.average_stake, d.cut_height, c.halted FROM chain_day d LEFT JOIN chain_cursor c USING (chain)
       WHERE d.day = $1::date AND d.token = $2`,
      [unit.day, unit.token],
    );
    if (!row) return null;
    return {
      averageStake: atoms(BigInt(row.average_stake)),
      cutHeight: BigInt(row.cut_height),
      halted: row.halted,
    };
  }

  /** R31: credits are valued in USDT, so a price of the token must be known by the end of the day. */
  async hasPrice(sql: Sql, unit: TokenDay): Promise<boolean> {
    const rows = await sql.rows(
      `SELECT 1 FROM price WHERE token = $2 AND at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC' LIMIT 1`,
      [unit.day, unit.token],
    );
    return rows.length > 0;
  }

  /**
   * R14, R15: gives every reward that no day has taken yet, and that the chain had told by this day's cut, to this day:
   * in K equal daily parts, the last with the rest. The cut makes it the same however late the day is settled. Rewards
   * earned before the token's first day were nobody's and stay with the treasury.
   */
  async attributeRewards(tx: Transaction, unit: TokenDay, cutHeight: bigint, releaseDays: number): Promise<void> {
    await tx.affected(
      `INSERT INTO reward_release (token, reward_key, part, day, amount)
       SELECT c.token, c.key, part, $1::date + (part - 1),
              CASE WHEN part < $4::int THEN div(c.amount, $4::int) ELSE c.amount - div(c.amount, $4::int) * ($4::int - 1) END
       FROM chain_reward c CROSS JOIN generate_series(1, $4::int) AS part
       WHERE c.token = $2 AND c.height <= $3::bigint
         AND c.earned_to <= ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
         AND c.earned_to > (SELECT min(day) FROM settlement WHERE token = $2)::timestamp AT TIME ZONE 'UTC'
         AND NOT EXISTS (SELECT 1 FROM reward_release r WHERE r.token = c.token AND r.reward_key = c.key)`,
      [unit.day, unit.token, cutHeight.toString(), releaseDays],
    );
  }

  /** Rewards whose first part is of this day: what was observed for it. */
  async observedRewards(sql: Sql, unit: TokenDay): Promise<{ readonly key: string; readonly amount: Atoms }[]> {
    const rows = await sql.rows<{ key: string; amount: string }>(
      `SELECT c.key, c.amount FROM reward_release r JOIN chain_reward c ON c.token = r.token AND c.key = r.reward_key
       WHERE r.token = $2 AND r.day = $1::date AND r.part = 1 ORDER BY c.key`,
      [unit.day, unit.token],
    );
    return rows.map((row) => ({ key: row.key, amount: atoms(BigInt(row.amount)) }));
  }

  /** R15: all parts of the day; on a token's last day all that are left (R28). */
  async releasedOn(sql: Sql, unit: TokenDay, lastDay: boolean): Promise<Atoms> {
    const [row] = await sql.rows<{ amount: string }>(
      `SELECT coalesce(sum(amount), 0)::text AS amount FROM reward_release
       WHERE token = $2 AND (day = $1::date OR ($3 AND day > $1::date))`,
      [unit.day, unit.token, lastDay],
    );
    return atoms(BigInt(row?.amount ?? '0'));
  }

  async boostsOf(sql: Sql, unit: TokenDay): Promise<Atoms> {
    const [row] = await sql.rows<{ amount: string }>(
      'SELECT coalesce(sum(amount), 0)::text AS amount FROM boost WHERE token = $2 AND day = $1::date',
      [unit.day, unit.token],
    );
    return atoms(BigInt(row?.amount ?? '0'));
  }

  /** R18: slashes that count by now and that no day has booked. The entry's key names the slash. */
  async unbookedSlashes(sql: Sql, unit: TokenDay): Promise<AppliedSlash[]> {
    const rows = await sql.rows<{ key: string; amount: string }>(
      `SELECT s.key, s.amount FROM chain_slash s
       WHERE s.token = $2 AND s.state = 'applied' AND s.amount > 0 AND s.at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
         AND NOT EXISTS (
           SELECT 1 FROM journal_line j
           WHERE j.token = s.token AND j.kind = 'slash' AND right(j.entry_id, length(s.key) + 7) = '.slash.' || s.key)
       ORDER BY s.key`,
      [unit.day, unit.token],
    );
    return rows.map((row) => ({ key: row.key, amount: atoms(BigInt(row.amount)) }));
  }
}
