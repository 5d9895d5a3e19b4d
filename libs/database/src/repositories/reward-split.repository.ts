import { type Atoms, atoms, rewardRate, rewardRateText, type UtcDay } from '@app/staking-core';
import { appendOnlyTriggers } from '../append-only.js';
import { placeLeaf } from '../citus/place-leaf.js';
import type { Sql, Transaction } from '../database.js';
import type { RulesOfDay } from './day-inputs.repository.js';
import type { Qualifying } from './reward-measure.repository.js';
import { RewardCatalogueRepository } from './reward-catalogue.repository.js';
import { circumstancesOf, exceptionsOf, ratedUsers, rateValues } from './reward-sql.js';
import type { Buckets } from './settlement-piece.repository.js';
import type { TokenDay } from './settlement.repository.js';

/** What is shared out (R20). */
export interface SplitPool {
  readonly pool: Atoms;
  /** Q. */
  readonly qualifying: Atoms;
}

export interface LoadedLeaf extends Qualifying {
  readonly paid: Atoms;
}

const ONE_DAY = 'reward_of_one_day';
const NOT_NEGATIVE = 'reward_amount_check';
const NOT_NULL_VIOLATION = '23502';

/**
 * The leaf of `reward` for one token's day: loaded bare, by ranges of users, keyed after, attached in
 * the transaction that moves the state: until then nobody can read it under `reward`.
 */
export class RewardSplitRepository {
  private readonly catalogue = new RewardCatalogueRepository();

  /** Makes the leaf, without key, checks or triggers: what is asked of all rows at once costs half of asking one by one. */
  async createLeaf(tx: Transaction, unit: TokenDay): Promise<void> {
    await tx.affected(`CREATE TABLE ${leafName(unit)} (LIKE reward INCLUDING DEFAULTS)`);
    await placeLeaf(tx, leafName(unit), 'reward');
  }

  /**
   * R20: reward = floor(pool x weight / Q), cut to payout units, in the one division of `rewardRate`: weight x rate, cut at the
   * unit's place, which is a power of ten. Somebody unmeasured breaks NOT NULL: then nothing of the range is written.
   * @returns how many rows were
   */
  async load(
    tx: Transaction,
    unit: TokenDay,
    rules: RulesOfDay,
    pool: SplitPool,
    range: Buckets,
  ): Promise<number | 'unmeasured'> {
    if (pool.qualifying === 0n) return 0;
    const given = await circumstancesOf(tx, unit);
    const exceptions = await exceptionsOf(tx, unit, rules, range);
    const text = `
      INSERT INTO ${leafName(unit)} (user_id, day, token, bucket, average, weight, amount)
      SELECT user_id, $1::date, $2, bucket, average, weight,
             trunc($7::numeric * weight, ${rules.payoutDecimals - rules.decimals})
      FROM (${ratedUsers(rules, given, range)}) rated`;
    const largest = rules.capAtoms < pool.qualifying ? rules.capAtoms : pool.qualifying;
    const rate = rewardRate({ poolAtoms: pool.pool, totalWeightAtoms: pool.qualifying }, largest);
    await tx.rows('SAVEPOINT load');
    try {
      return await tx.affected(text, [...rateValues(unit, rules, exceptions), rewardRateText(rate)]);
    } catch (error) {
      if ((error as { code?: unknown }).code !== NOT_NULL_VIOLATION) throw error;
      await tx.rows('ROLLBACK TO SAVEPOINT load');
      return 'unmeasured';
    }
  }

  async sums(sql: Sql, unit: TokenDay): Promise<LoadedLeaf> {
    const [row] = await sql.rows<{ users: number; weight: string; paid: string }>(
      `SELECT count(*)::int AS users, coalesce(sum(weight), 0)::text AS weight, coalesce(sum(amount), 0)::text AS paid
       FROM ${leafName(unit)}`,
    );
    return {
      users: row?.users ?? 0,
      qualifying: atoms(BigInt(row?.weight ?? '0')),
      paid: atoms(BigInt(row?.paid ?? '0')),
    };
  }

  /** Checks, key, append-only trigger (a statement on the leaf itself is not seen by the parent's), attachment. */
  async attachLeaf(tx: Transaction, unit: TokenDay): Promise<void> {
    const leaf = leafName(unit);
    // The second check implies the leaf's bounds: attaching need not read all rows again, while nobody else may attach.
    await tx.affected(
      `ALTER TABLE ${leaf} ADD CONSTRAINT ${NOT_NEGATIVE} CHECK (amount >= 0),
         ADD CONSTRAINT ${ONE_DAY} CHECK (day = '${unit.day}'::date AND token = '${unit.token}')`,
    );
    await tx.affected(`ALTER TABLE ${leaf} ADD PRIMARY KEY (user_id, day, token)`);
    for (const trigger of appendOnlyTriggers(leaf)) await tx.affected(trigger);
    // The lock that ATTACH takes, before looking: no leaf is folded or attached between the two.
    await tx.affected('LOCK TABLE reward IN SHARE UPDATE EXCLUSIVE MODE');
    const { leaves } = await this.catalogue.read(tx);
    const folded = leaves.some((one) => one.kind === 'folded' && one.from <= unit.day && unit.day < one.to);
    await tx.affected(
      folded
        ? // A token that comes to a day after the others' days were folded: its rows go into the folded leaf.
          `INSERT INTO reward SELECT * FROM ${leaf}`
        : `ALTER TABLE reward ATTACH PARTITION ${leaf}
             FOR VALUES FROM ('${unit.day}', '${unit.token}') TO ('${unit.day}', '${unit.token}!')`,
    );
    await tx.affected(`ALTER TABLE ${leaf} DROP CONSTRAINT ${ONE_DAY}`);
    await this.catalogue.moved(tx);
  }
}

/** `reward_20261119_bnb`. The only place where a day and a symbol become an identifier, so both are looked at again. */
export function leafName(unit: { readonly day: UtcDay; readonly token: string }): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(unit.day) || !/^[A-Z0-9]{1,12}$/.test(unit.token)) {
    throw new RangeError(`no leaf for ${unit.day} ${unit.token}`);
  }
  return `reward_${unit.day.replaceAll('-', '')}_${unit.token.toLowerCase()}`;
}
