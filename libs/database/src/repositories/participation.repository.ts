import { bucketOf } from '../bucket.js';
import type { Database, Sql, Transaction } from '../database.js';

export interface ConsentRow {
  readonly at: Date;
  readonly active: boolean;
}

/** `[startsAt, endsAt)`: when taking part counts (R4, R5). */
export interface PeriodRow {
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly termsVersion: string;
  readonly since: Date;
}

export type StoredCutReason = 'TOKEN_OFF' | 'TERMS' | 'REGION' | 'BANNED' | 'CLOSED';

export interface CutRow {
  /** '*' is every token. */
  readonly token: string;
  readonly reason: StoredCutReason;
  readonly startsAt: Date;
  readonly endsAt: Date | null;
}

const PERIOD = 'starts_at AS "startsAt", ends_at AS "endsAt", terms_version AS "termsVersion", since';

export class ParticipationRepository {
  constructor(private readonly db: Database) {}

  /**
   * Shares the gate of the days with the settlement for the rest of the transaction: no day can be closed while a
   * change is written, and the change knows which days are closed.
   */
  async closedThrough(tx: Transaction): Promise<string | null> {
    await tx.rows('SELECT pg_advisory_xact_lock_shared(4800)');
    const [gate] = await tx.rows<{ closed: string | null }>(
      'SELECT closed_through AS closed FROM day_gate WHERE id = 1',
    );
    return gate?.closed ?? null;
  }

  async consentAt(sql: Sql, user: string, at: string): Promise<ConsentRow | undefined> {
    const rows = await sql.often<ConsentRow>('SELECT at, active FROM consent WHERE user_id = $1 AND at = $2', [
      user,
      at,
    ]);
    return rows[0];
  }

  async lastConsent(sql: Sql, user: string): Promise<ConsentRow | undefined> {
    const rows = await sql.often<ConsentRow>(
      'SELECT at, active FROM consent WHERE user_id = $1 ORDER BY at DESC LIMIT 1',
      [user],
    );
    return rows[0];
  }

  async openPeriod(sql: Sql, user: string): Promise<PeriodRow | undefined> {
    const rows = await sql.often<PeriodRow>(
      `SELECT ${PERIOD} FROM participation_period WHERE user_id = $1 AND ends_at IS NULL`,
      [user],
    );
    return rows[0];
  }

  /** Periods and cuts that touch `[from, to)`. */
  async periods(user: string, from: string, to: string, sql: Sql = this.db): Promise<PeriodRow[]> {
    return sql.often<PeriodRow>(
      `SELECT ${PERIOD} FROM participation_period
       WHERE user_id = $1 AND starts_at < $3 AND (ends_at IS NULL OR ends_at > $2) ORDER BY starts_at`,
      [user, from, to],
    );
  }

  async cuts(user: string, from: string, to: string, sql: Sql = this.db): Promise<CutRow[]> {
    return sql.often<CutRow>(
      `SELECT token, reason, starts_at AS "startsAt", ends_at AS "endsAt" FROM participation_cut
       WHERE user_id = $1 AND starts_at < $3 AND (ends_at IS NULL OR ends_at > $2) ORDER BY starts_at, token, reason`,
      [user, from, to],
    );
  }

  async addConsent(
    tx: Transaction,
    consent: {
      readonly user: string;
      readonly at: string;
      readonly active: boolean;
      readonly termsVersion: string | null;
      readonly evidence: unknown;
    },
  ): Promise<void> {
    await tx.affected(
      'INSERT INTO consent (user_id, at, active, terms_version, evidence) VALUES ($1, $2, $3, $4, $5)',
      [
        consent.user,
        consent.at,
        consent.active,
        consent.termsVersion,
        consent.evidence === undefined ? null : JSON.stringify(consent.evidence),
      ],
    );
  }

  async openNewPeriod(
    tx: Transaction,
    period: { readonly user: string; readonly startsAt: string; readonly since: string; readonly termsVersion: string },
  ): Promise<void> {
    await holdNewBalances(tx, period.user);
    await tx.affected(
      'INSERT INTO participation_period (user_id, starts_at, since, terms_version) VALUES ($1, $2, $3, $4)',
      [period.user, period.startsAt, period.since, period.termsVersion],
    );
    await tx.affected('UPDATE spot_balance SET counts_from = $2 WHERE user_id = $1', [period.user, period.startsAt]);
  }

  async acceptTerms(tx: Transaction, user: string, termsVersion: string): Promise<number> {
    return tx.affected('UPDATE participation_period SET terms_version = $2 WHERE user_id = $1 AND ends_at IS NULL', [
      user,
      termsVersion,
    ]);
  }

  /** A period that ends before it started to count stays as an empty one. @returns how many were open (0 or 1) */
  async closePeriod(tx: Transaction, user: string, endsAt: string, reason: string): Promise<number> {
    await holdNewBalances(tx, user);
    const closed = await tx.affected(
      `UPDATE participation_period SET ends_at = greatest($2::timestamptz, starts_at), end_reason = $3
       WHERE user_id = $1 AND ends_at IS NULL`,
      [user, endsAt, reason],
    );
    if (closed > 0) await tx.affected('UPDATE spot_balance SET counts_from = NULL WHERE user_id = $1', [user]);
    return closed;
  }

  /** Nothing happens when a cut of the same reason is open already. */
  async openCut(
    tx: Transaction,
    user: string,
    token: string,
    reason: StoredCutReason,
    startsAt: string,
  ): Promise<void> {
    await tx.affected(
      `INSERT INTO participation_cut (user_id, token, reason, starts_at)
       SELECT $1::text, $2::text, $3::text, $4::timestamptz
       WHERE NOT EXISTS (SELECT 1 FROM participation_cut
                         WHERE user_id = $1 AND token = $2 AND reason = $3 AND ends_at IS NULL)
       ON CONFLICT (user_id, token, reason, starts_at) DO UPDATE SET ends_at = NULL`,
      [user, token, reason, startsAt],
    );
  }

  async closeCut(
    tx: Transaction,
    user: string,
    token: string,
    reason: StoredCutReason,
    endsAt: string,
  ): Promise<number> {
    return tx.affected(
      `UPDATE participation_cut SET ends_at = greatest($4::timestamptz, starts_at)
       WHERE user_id = $1 AND token = $2 AND reason = $3 AND ends_at IS NULL`,
      [user, token, reason, endsAt],
    );
  }
}

/**
 * `spot_balance.counts_from` is a copy of the open period's start, made when a balance is first heard of and renewed by
 * every switch. So that neither misses the other, a switch has its bucket of users alone until its transaction ends, and
 * a batch of the feed shares the buckets of its new balances with other batches.
 */
async function holdNewBalances(tx: Transaction, user: string): Promise<void> {
  await tx.rows('SELECT pg_advisory_xact_lock($1::int, $2::int)', [SWITCH_LOCK, bucketOf(user)]);
}

/** Shared: until the transaction ends nobody in these buckets switches. In ascending order, so that two cannot wait for each other. */
export async function holdSwitches(tx: Transaction, users: readonly string[]): Promise<void> {
  const buckets = [...new Set(users.map(bucketOf))].sort((a, b) => a - b);
  await tx.rows('SELECT pg_advisory_xact_lock_shared($1::int, bucket) FROM unnest($2::int[]) AS bucket', [
    SWITCH_LOCK,
    buckets,
  ]);
}

const SWITCH_LOCK = 4803;
