import { type Atoms, atoms } from '@app/staking-core';
import type { Sql, Transaction } from '../database.js';
import type { Stretch } from './day-log.repository.js';
import type { TokenDay } from './settlement.repository.js';

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

/** R22: the bounds of a day, and where the outcome of each check is kept. */
export class IndependentCheckRepository {
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
