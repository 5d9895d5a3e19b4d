import { dayOf, dayStartMs, instant } from '@app/staking-core';
import { bucketOf } from '../bucket.js';
import { COUNTED_RULES } from '../counted-rules.js';
import type { Sql, Transaction } from '../database.js';

export interface ConsentRow {
  readonly at: Date;
  readonly active: boolean;
}

export interface BeforeSwitch {
  /** At that very instant. */
  readonly said: ConsentRow | undefined;
  /** The newest of all. */
  readonly last: ConsentRow | undefined;
  readonly open: { readonly since: Date; readonly startsAt: Date; readonly termsVersion: string } | undefined;
}

interface SwitchRow extends ConsentRow {
  readonly kind: 'said' | 'last' | 'open';
  readonly startsAt: Date | null;
  readonly termsVersion: string | null;
}

export type StoredCutReason = 'TOKEN_OFF' | 'TERMS' | 'REGION' | 'BANNED' | 'CLOSED';

/** Writes are prepared too where every switch makes them: planning one over all leaves of balances costs more than it. */
export class ParticipationRepository {
  /**
   * Shares the gate of the days with the settlement for the rest of the transaction: no day can be closed while a
   * change is written, and the change knows which days are closed.
   */
  async closedThrough(tx: Transaction): Promise<string | null> {
    await tx.often('SELECT pg_advisory_xact_lock_shared(4800)');
    const [gate] = await tx.often<{ closed: string | null }>(
      'SELECT closed_through AS closed FROM day_gate WHERE id = 1',
    );
    return gate?.closed ?? null;
  }

  /** What a switch at this instant meets, of one user: one statement of the user's own rows. */
  async beforeSwitch(sql: Sql, user: string, at: string): Promise<BeforeSwitch> {
    const rows = await sql.often<SwitchRow>(
      `SELECT 'said' AS kind, at, active, NULL::timestamptz AS "startsAt", NULL AS "termsVersion"
         FROM consent WHERE user_id = $1 AND at = $2
       UNION ALL
       (SELECT 'last', at, active, NULL, NULL FROM consent WHERE user_id = $1 ORDER BY at DESC LIMIT 1)
       UNION ALL
       SELECT 'open', since, true, starts_at, terms_version
         FROM participation_period WHERE user_id = $1 AND ends_at IS NULL`,
      [user, at],
    );
    const of = (kind: SwitchRow['kind']) => rows.find((row) => row.kind === kind);
    const open = of('open');
    return {
      said: of('said'),
      last: of('last'),
      open: open && { since: open.at, startsAt: open.startsAt!, termsVersion: open.termsVersion! },
    };
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
    await tx.often('INSERT INTO consent (user_id, at, active, terms_version, evidence) VALUES ($1, $2, $3, $4, $5)', [
      consent.user,
      consent.at,
      consent.active,
      consent.termsVersion,
      consent.evidence === undefined ? null : JSON.stringify(consent.evidence),
    ]);
  }

  async openNewPeriod(
    tx: Transaction,
    period: { readonly user: string; readonly startsAt: string; readonly since: string; readonly termsVersion: string },
  ): Promise<void> {
    await holdNewBalances(tx, period.user);
    await tx.often(
      'INSERT INTO participation_period (user_id, starts_at, since, terms_version) VALUES ($1, $2, $3, $4)',
      [period.user, period.startsAt, period.since, period.termsVersion],
    );
    await tx.often(
      'UPDATE spot_balance SET counts_from = $2, counts_to = NULL, left_integral = NULL WHERE user_id = $1',
      [period.user, period.startsAt],
    );
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
    if (closed > 0) {
      const atMs = instant(endsAt);
      const day = dayOf(atMs);
      await tx.often(LEAVE, [user, endsAt, day, (atMs - dayStartMs(day)).toString()]);
    }
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

  /** Whichever of these are open. */
  async closeCuts(
    tx: Transaction,
    user: string,
    token: string,
    reasons: readonly StoredCutReason[],
    endsAt: string,
  ): Promise<void> {
    if (reasons.length === 0) return;
    await tx.often(
      `UPDATE participation_cut SET ends_at = greatest($4::timestamptz, starts_at)
       WHERE user_id = $1 AND token = $2 AND reason = ANY($3::text[]) AND ends_at IS NULL`,
      [user, token, reasons, endsAt],
    );
  }
}

/**
 * R5, R8: all balances of a user who leaves at a millisecond: what each came to until then on that day (see `left_integral`),
 * as the accumulator has it, less the present balance for the rest of the day. Unknown when the feed is ahead of the switch.
 * $1 user, $2 when, $3 and $4 its day and the milliseconds since its 00:00.
 */
const LEAVE = `
  ${COUNTED_RULES}
  UPDATE spot_balance s SET
    counts_to = greatest($2::timestamptz, s.counts_from),
    left_integral = CASE
      WHEN s.last_at > $2::timestamptz OR s.day > $3::date THEN NULL
      ELSE CASE WHEN s.day = $3::date THEN s.integral ELSE 0 END
        + (s.free + CASE WHEN s.locked = 0 THEN 0 ELSE s.locked *
            (SELECT with_locked FROM rule r WHERE r.token = s.token AND $3::date >= r.from_day AND $3::date < r.until_day) END)
          * CASE WHEN s.day = $3::date THEN $4::bigint - 86400000 ELSE $4::bigint END END
  WHERE s.user_id = $1`;

/**
 * `spot_balance.counts_from` and `counts_to` are a copy of the newest period, made when a balance is first heard of and renewed by
 * every switch. So that neither misses the other, a switch has its bucket of users alone until its transaction ends, and
 * a batch of the feed shares the buckets of its new balances with other batches.
 */
async function holdNewBalances(tx: Transaction, user: string): Promise<void> {
  await tx.often('SELECT pg_advisory_xact_lock($1::int, $2::int)', [SWITCH_LOCK, bucketOf(user)]);
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
