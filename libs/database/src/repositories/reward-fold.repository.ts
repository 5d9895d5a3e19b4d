import { addDays, dayOf, dayStartMs, invariant, type UtcDay, utcDay } from '@app/staking-core';
import { appendOnlyTriggers } from '../append-only.js';
import type { Sql, Transaction } from '../database.js';
import { placeLeaf } from '../citus/place-leaf.js';
import { RewardCatalogueRepository } from './reward-catalogue.repository.js';
import { type DayRange, daysOf, foldedLeafName, newestFirst, type RewardLeaf } from './reward-leaf.js';

/** Days of one block become one leaf: a month of somebody's rewards lies in four or five. */
export const FOLD_DAYS = 16n;

/** Leaves that become one. */
export interface RewardFold extends DayRange {
  readonly name: string;
  /** Newest first. */
  readonly sources: readonly RewardLeaf[];
}

/** One worker folds at a time. */
const FOLD_LOCK = 4803;
const DAY_LENGTH_MS = 86_400_000n;
const COLUMNS = 'user_id, day, token, bucket, average, weight, amount, credited_ms';

/**
 * Folding (decision 12): the leaves of paid days, one a (day, token), become one leaf for all tokens of up to sixteen days,
 * in order of user. Nothing is changed by it but where rows lie, and that a row now says when its credit was confirmed.
 */
export class RewardFoldRepository {
  private readonly catalogue = new RewardCatalogueRepository();

  /** For the transaction. @returns false when another worker folds */
  async take(tx: Transaction): Promise<boolean> {
    const [row] = await tx.rows<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(${FOLD_LOCK}) AS taken`);
    return row?.taken === true;
  }

  /**
   * The oldest leaves that can be folded now. A day waits while a token of it is not paid, is held, or has yet to get
   * there: every listed token that has a chain day or a settlement must have come as far as the day.
   */
  async next(sql: Sql): Promise<RewardFold | undefined> {
    const { leaves } = await this.catalogue.read(sql);
    if (leaves.length === 0) return undefined;
    const rows = await sql.rows<{ day: string }>(
      `SELECT d.day FROM (SELECT day FROM settlement GROUP BY day HAVING bool_and(state = 'paid')) d
       WHERE NOT EXISTS (
         SELECT 1 FROM token t LEFT JOIN (SELECT token, max(day) AS day FROM settlement GROUP BY token) s ON s.token = t.symbol
         WHERE t.listed_from <= d.day AND (t.delisted_from IS NULL OR t.delisted_from > d.day)
           AND coalesce(s.day < d.day, EXISTS (SELECT 1 FROM chain_day c WHERE c.token = t.symbol)))`,
    );
    return foldOf(leaves, new Set(rows.map((row) => row.day)));
  }

  /** Makes the new leaf, bare of its parent: it is complete when the transaction is, and nobody reads it before `swap`. */
  async build(tx: Transaction, fold: RewardFold): Promise<void> {
    const { name, from, to } = fold;
    await tx.rows(`SELECT set_config('work_mem', '128MB', true), set_config('maintenance_work_mem', '256MB', true)`);
    await tx.affected(`CREATE TABLE ${name} (LIKE reward INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
    await placeLeaf(tx, name, 'reward');
    const values: unknown[] = [];
    const arms: string[] = [];
    for (const source of fold.sources) arms.push(await this.armOf(tx, source, values));
    // In order of user, so that what one user reads lies on one page.
    await tx.affected(
      `INSERT INTO ${name} (${COLUMNS}) SELECT * FROM (${arms.join(' UNION ALL ')}) leaf ORDER BY user_id, day, token`,
      values,
    );
    await this.fillLate(tx, fold);
    await tx.affected(`ALTER TABLE ${name} ADD PRIMARY KEY (user_id, day, token)`);
    // What the partition's bounds say, so that attaching it has nothing to look through.
    await tx.affected(`ALTER TABLE ${name} ADD CONSTRAINT ${name}_days CHECK (day >= '${from}' AND day < '${to}')`);
    for (const trigger of appendOnlyTriggers(name)) await tx.affected(trigger);
    await this.check(tx, fold);
    await tx.affected(`ANALYZE ${name}`);
  }

  /** Whether `build` has been here before and the process ended between the two. */
  async isBuilt(sql: Sql, fold: RewardFold): Promise<boolean> {
    const [row] = await sql.rows<{ leaf: string | null }>('SELECT to_regclass($1)::text AS leaf', [fold.name]);
    return row?.leaf != null;
  }

  /**
   * The new leaf in place of the old ones. Everybody opens leaves newest first and `reward` before them; so does this,
   * and nobody waits in a circle.
   * @returns false when the leaves are other ones by now: then the new leaf is taken away again
   */
  async swap(tx: Transaction, fold: RewardFold): Promise<boolean> {
    await tx.rows(`SELECT set_config('lock_timeout', '2s', true)`);
    await tx.affected('LOCK TABLE reward IN ACCESS EXCLUSIVE MODE');
    const { leaves } = await this.catalogue.read(tx);
    const now = leaves.filter((leaf) => overlaps(daysOf(leaf), fold)).map((leaf) => leaf.name);
    if (now.join() !== fold.sources.map((leaf) => leaf.name).join()) {
      await this.discard(tx, fold);
      return false;
    }
    await tx.affected(`LOCK TABLE ${now.join(', ')} IN ACCESS EXCLUSIVE MODE`);
    await tx.affected(`DROP TABLE ${now.join(', ')}`);
    await tx.affected(
      `ALTER TABLE reward ATTACH PARTITION ${fold.name} FOR VALUES FROM ('${fold.from}', MINVALUE) TO ('${fold.to}', MINVALUE)`,
    );
    await this.catalogue.moved(tx);
    return true;
  }

  /** A leaf that `build` made and nobody attached. */
  async discard(tx: Transaction, fold: RewardFold): Promise<void> {
    await tx.affected(`DROP TABLE IF EXISTS ${fold.name}`);
  }

  /** Count and sums of every token's day against what was settled. @throws InvariantViolation when they differ */
  async check(sql: Sql, fold: RewardFold): Promise<void> {
    const wrong = await sql.rows<Record<string, string | null>>(
      `SELECT coalesce(s.day, r.day)::text AS day, coalesce(s.token, r.token) AS token, s.users::text, r.users::text AS found,
              s.paid::text, r.paid::text AS "foundPaid", r.unsaid::text AS unsaid, x.excepted::text AS excepted
       FROM (SELECT day, token, users, paid, qualifying FROM settlement WHERE day >= $1::date AND day < $2::date) s
       FULL JOIN (SELECT day, token, count(*) AS users, sum(amount) AS paid, sum(weight) AS qualifying,
                         count(*) FILTER (WHERE amount > 0 AND credited_ms IS NULL) AS unsaid
                  FROM ${fold.name} GROUP BY day, token) r ON r.day = s.day AND r.token = s.token
       LEFT JOIN (SELECT day, token, count(*) AS excepted FROM credit_exception WHERE kind = 'reward'
                  GROUP BY day, token) x ON x.day = r.day AND x.token = r.token
       WHERE s.day IS NULL OR coalesce(s.users, 0) <> coalesce(r.users, 0) OR coalesce(s.paid, 0) <> coalesce(r.paid, 0)
          OR (r.day IS NOT NULL AND s.qualifying <> r.qualifying) OR coalesce(r.unsaid, 0) <> coalesce(x.excepted, 0)
       ORDER BY 1, 2 LIMIT 1`,
      [fold.from, fold.to],
    );
    invariant(wrong.length === 0, 'a folded leaf holds what was settled, and every credit of it is accounted for', {
      leaf: fold.name,
      ...wrong[0],
    });
  }

  private async armOf(tx: Transaction, source: RewardLeaf, values: unknown[]): Promise<string> {
    if (source.kind === 'folded') return `SELECT ${COLUMNS} FROM ${source.name}`;
    return `SELECT r.user_id, r.day, r.token, r.bucket, r.average, r.weight, r.amount,
        ${await this.credited(tx, source, values)} AS credited_ms
      FROM ${source.name} r
      LEFT JOIN credit_exception x ON x.user_id = r.user_id AND x.day = r.day AND x.token = r.token AND x.kind = 'reward'`;
  }

  /** Batches are the rows in order of user, cut: a user's batch is the last one that begins at or before it. */
  private async credited(
    tx: Transaction,
    unit: { readonly day: string; readonly token: string },
    values: unknown[],
  ): Promise<string> {
    const batches = await tx.rows<{ first_user: string; done_at: Date }>(
      `SELECT first_user, done_at FROM credit_batch
       WHERE day = $1::date AND token = $2 AND kind = 'reward' AND state = 'done' ORDER BY first_user`,
      [unit.day, unit.token],
    );
    const firsts = values.push(batches.map((batch) => batch.first_user));
    const times = values.push(batches.map((batch) => batch.done_at.getTime()));
    return `CASE WHEN r.amount > 0 AND x.user_id IS NULL
      THEN ($${times}::bigint[])[width_bucket(r.user_id, $${firsts}::text[])] END`;
  }

  /** A token that came to a day after it was folded wrote into the folded leaf: its rows know nothing of credits yet. */
  private async fillLate(tx: Transaction, { name, sources }: RewardFold): Promise<void> {
    if (!sources.some((source) => source.kind === 'folded')) return;
    const late = await tx.rows<{ day: string; token: string }>(
      `SELECT DISTINCT r.day, r.token FROM ${name} r WHERE r.amount > 0 AND r.credited_ms IS NULL AND NOT EXISTS (
         SELECT 1 FROM credit_exception x WHERE x.user_id = r.user_id AND x.day = r.day AND x.token = r.token AND x.kind = 'reward')`,
    );
    for (const unit of late) {
      const values: unknown[] = [unit.day, unit.token];
      const credited = await this.credited(tx, unit, values);
      await tx.affected(
        `UPDATE ${name} r SET credited_ms = ${credited.replace(' AND x.user_id IS NULL', '')}
         WHERE r.day = $1::date AND r.token = $2 AND r.credited_ms IS NULL AND NOT EXISTS (
           SELECT 1 FROM credit_exception x WHERE x.user_id = r.user_id AND x.day = r.day AND x.token = r.token AND x.kind = 'reward')`,
        values,
      );
    }
  }
}

/**
 * What to fold, oldest block first: within a block of sixteen days, days in a row that are ready and do not lie in one
 * leaf yet. A day that is not ready, or has no leaf at all (archived), parts a block in two.
 * @param ready days whose tokens are all paid
 */
export function foldOf(leaves: readonly RewardLeaf[], ready: ReadonlySet<string>): RewardFold | undefined {
  const oldestFirst = [...leaves].sort(newestFirst).reverse();
  let run: RewardLeaf[] = [];
  let end: UtcDay | undefined;
  for (const leaf of oldestFirst) {
    const days = daysOf(leaf);
    const goesOn =
      run.length > 0 && (days.from === end || days.to === end) && blockOf(days.from) === blockOf(daysOf(run[0]!).from);
    if (!goesOn || !isReady(days, ready)) {
      if (run.length > 1 || run[0]?.kind === 'token-day') return foldFrom(run);
      run = [];
    }
    if (!isReady(days, ready)) continue;
    run.push(leaf);
    end = days.to;
  }
  return run.length > 1 || run[0]?.kind === 'token-day' ? foldFrom(run) : undefined;
}

function foldFrom(run: readonly RewardLeaf[]): RewardFold {
  const range = { from: daysOf(run[0]!).from, to: daysOf(run.at(-1)!).to };
  return { ...range, name: foldedLeafName(range), sources: [...run].sort(newestFirst) };
}

/** A folded leaf was ready once, and is still, unless a token has come to it late and is under way. */
function isReady({ from, to }: DayRange, ready: ReadonlySet<string>): boolean {
  for (let day = from; day < to; day = addDays(day, 1)) if (!ready.has(day)) return false;
  return true;
}

function blockOf(day: UtcDay): bigint {
  return dayStartMs(day) / DAY_LENGTH_MS / FOLD_DAYS;
}

function overlaps(a: DayRange, b: DayRange): boolean {
  return a.from < b.to && b.from < a.to;
}

/** First and last day of the block a day lies in, for those who make leaves ready-made (benchmarks). */
export function foldBlockOf(day: UtcDay): DayRange {
  const first = dayOf(blockOf(day) * FOLD_DAYS * DAY_LENGTH_MS);
  return { from: first, to: utcDay(addDays(first, FOLD_DAYS)) };
}
