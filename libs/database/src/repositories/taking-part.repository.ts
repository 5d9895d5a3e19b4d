import type { Database } from '../database.js';
import type { StoredCutReason } from './participation.repository.js';

/** `[startsAt, endsAt)`: when taking part counts (R4, R5). */
export interface PeriodRow {
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly termsVersion: string;
  readonly since: Date;
}

export interface CutRow {
  /** '*' is every token. */
  readonly token: string;
  readonly reason: StoredCutReason;
  readonly startsAt: Date;
  readonly endsAt: Date | null;
}

/** What is stored about a user's taking part in a stretch of one day, whatever the token. */
export interface TakingPartRows {
  /** Whose account it is, where the core has said so. */
  readonly owner: string | null;
  /** Those that touch it, and the open one, which may start after it. */
  readonly periods: readonly PeriodRow[];
  readonly cuts: readonly CutRow[];
  /** Tokens whose day does not count because the feed contradicted itself about the user (R26). */
  readonly quarantined: readonly string[];
  /** Feed shards with a hole on that day: no balance that they tell of counts (R26). */
  readonly brokenShards: readonly number[];
}

type Columns = readonly [
  kind: 'account' | 'period' | 'cut' | 'quarantine' | 'gap',
  startsAt: Date | null,
  endsAt: Date | null,
  since: Date | null,
  name: string | null,
  reason: string | null,
  shard: number | null,
];

export class TakingPartRepository {
  constructor(private readonly db: Pick<Database, 'oftenAsArrays'>) {}

  /**
   * Of `[from, to)`, two instants of `day`, in one statement: each is a few rows, and asking costs more than reading.
   * Undefined: no such user.
   */
  async during(user: string, day: string, from: string, to: string): Promise<TakingPartRows | undefined> {
    const rows = (await this.db.oftenAsArrays(
      `SELECT 'account', NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, owner COLLATE "C", NULL::text, NULL::smallint
         FROM account WHERE user_id = $1
       UNION ALL
       SELECT 'period', starts_at, ends_at, since, terms_version, NULL, NULL FROM participation_period
         WHERE user_id = $1 AND (ends_at IS NULL OR (starts_at < $4 AND ends_at > $3))
       UNION ALL
       SELECT 'cut', starts_at, ends_at, NULL, token, reason, NULL FROM participation_cut
         WHERE user_id = $1 AND starts_at < $4 AND (ends_at IS NULL OR ends_at > $3)
       UNION ALL
       SELECT 'quarantine', NULL, NULL, NULL, token, NULL, NULL FROM quarantine WHERE user_id = $1 AND day = $2::date
       UNION ALL
       SELECT 'gap', NULL, NULL, NULL, NULL, NULL, shard FROM quarantine
         WHERE day = $2::date AND token = '*' AND reason = 'SHARD_GAP'
       ORDER BY 2, 5, 6`,
      [user, day, from, to],
    )) as unknown as Columns[];
    const of = (kind: Columns[0]) => rows.filter((row) => row[0] === kind);
    const [account] = of('account');
    if (!account) return undefined;
    return {
      owner: account[4],
      periods: of('period').map(([, startsAt, endsAt, since, termsVersion]) => {
        return { startsAt: startsAt!, endsAt, since: since!, termsVersion: termsVersion! };
      }),
      cuts: of('cut').map(([, startsAt, endsAt, , token, reason]) => {
        return { token: token!, reason: reason as StoredCutReason, startsAt: startsAt!, endsAt };
      }),
      quarantined: of('quarantine').map(([, , , , token]) => token!),
      brokenShards: of('gap').map(([, , , , , , shard]) => shard!),
    };
  }
}
