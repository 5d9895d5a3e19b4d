import { bucketOf } from '../bucket.js';
import type { Database, Sql, Transaction } from '../database.js';

export type AccountStatus = 'active' | 'banned' | 'closed';

/** What the core says about a user. */
export interface AccountRow {
  readonly user: string;
  readonly region: string;
  readonly owner: string | null;
  readonly status: AccountStatus;
  readonly toldAt: Date;
}

const COLUMNS = 'user_id AS "user", region, owner, status, told_at AS "toldAt"';

export class AccountRepository {
  constructor(private readonly db: Database) {}

  async find(user: string, sql: Sql = this.db): Promise<AccountRow | undefined> {
    const [row] = await sql.often<AccountRow>(`SELECT ${COLUMNS} FROM account WHERE user_id = $1`, [user]);
    return row;
  }

  /** Holds the account's row until the transaction ends: two switches of one user follow each other. */
  async lock(tx: Transaction, user: string): Promise<AccountRow | undefined> {
    const [row] = await tx.often<AccountRow>(`SELECT ${COLUMNS} FROM account WHERE user_id = $1 FOR UPDATE`, [user]);
    return row;
  }

  /** False: the user was known already and nothing was changed. */
  async add(tx: Transaction, account: Omit<AccountRow, 'toldAt'> & { readonly toldAt: string }): Promise<boolean> {
    const added = await tx.affected(
      `INSERT INTO account (user_id, bucket, region, owner, status, told_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (user_id) DO NOTHING`,
      [account.user, bucketOf(account.user), account.region, account.owner, account.status, account.toldAt],
    );
    return added === 1;
  }

  async update(tx: Transaction, account: Omit<AccountRow, 'toldAt'> & { readonly toldAt: string }): Promise<void> {
    await tx.affected(
      'UPDATE account SET region = $2, owner = $3, status = $4, told_at = $5 WHERE user_id = $1 AND told_at <= $5',
      [account.user, account.region, account.owner, account.status, account.toldAt],
    );
  }

  /** Whether the product is offered there on that day. '*' speaks for regions without a line of their own. */
  async regionAllowed(sql: Sql, region: string, day: string): Promise<boolean> {
    const rows = await sql.often<{ allowed: boolean }>(`SELECT ${regionAllowed('$1', '$2')} AS allowed`, [region, day]);
    return rows[0]!.allowed;
  }

  /** The same, and the version of the terms that a user has to accept at this time; null: there are no terms yet. */
  async offerTo(
    sql: Sql,
    region: string,
    day: string,
    at: string,
  ): Promise<{ readonly allowed: boolean; readonly terms: string | null }> {
    const rows = await sql.often<{ allowed: boolean; terms: string | null }>(
      `SELECT ${regionAllowed('$1', '$2')} AS allowed,
              (SELECT version FROM terms_version WHERE valid_from <= $3 ORDER BY valid_from DESC LIMIT 1) AS terms`,
      [region, day, at],
    );
    return rows[0]!;
  }
}

function regionAllowed(region: string, day: string): string {
  return `coalesce((SELECT allowed FROM region_rule WHERE region IN (${region}, '*') AND valid_from <= ${day}::date
    ORDER BY region = '*', valid_from DESC LIMIT 1), false)`;
}
