import type { Database, Sql } from '../database.js';

/** The right to act for `name`, as long as nobody has taken a higher fence and its time has not run out. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  readonly fence: bigint;
}

/** Somebody else acts now (or the time ran out): whatever was being written is rolled back. Take the lease again. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly code = 'LEASE_LOST';
  readonly retryable = true;

  constructor(lease: Lease) {
    super(`${lease.holder} no longer holds ${lease.name} (fence ${lease.fence})`);
  }
}

/**
 * One leader a name. Expiry is judged by the database's clock alone, so holders need no clocks that agree; the fence
 * makes a leader that slept through its own expiry harmless: its writes name an old number.
 */
export class LeaseRepository {
  constructor(private readonly db: Database) {}

  /**
   * Takes a lease that is free or expired.
   * @returns null while another holds it (the same holder too: it renews instead)
   */
  async take(name: string, holder: string, ttlMs: number): Promise<Lease | null> {
    // Looking first keeps those who wait from queueing for the row lock behind the leader's transactions.
    const [current] = await this.db.rows<{ held: boolean }>(
      'SELECT expires_at > clock_timestamp() AS held FROM lease WHERE name = $1',
      [name],
    );
    if (current?.held) return null;
    const [taken] = await this.db.rows<{ fence: string }>(
      `INSERT INTO lease (name, holder, fence, expires_at)
       VALUES ($1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond')
       ON CONFLICT (name) DO UPDATE
         SET holder = EXCLUDED.holder, fence = lease.fence + 1, expires_at = clock_timestamp() + $3 * interval '1 millisecond'
         WHERE lease.expires_at <= clock_timestamp()
       RETURNING fence`,
      [name, holder, ttlMs],
    );
    return taken ? { name, holder, fence: BigInt(taken.fence) } : null;
  }

  /** @returns false when it is lost: expired (even if nobody took it since) or taken by another */
  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    const renewed = await this.db.affected(
      `UPDATE lease SET expires_at = clock_timestamp() + $4 * interval '1 millisecond'
       WHERE name = $1 AND holder = $2 AND fence = $3 AND expires_at > clock_timestamp()`,
      [lease.name, lease.holder, lease.fence, ttlMs],
    );
    return renewed === 1;
  }

  /** Gives it back so that the next one need not wait. The row and its fence stay. */
  async release(lease: Lease): Promise<void> {
    await this.db.affected(
      'UPDATE lease SET expires_at = clock_timestamp() WHERE name = $1 AND holder = $2 AND fence = $3 AND expires_at > clock_timestamp()',
      [lease.name, lease.holder, lease.fence],
    );
  }

  /**
   * First statement of every guarded transaction. Locks the lease row in share mode, so that nobody can take it over
   * between this check and the commit.
   * @throws LeaseLost
   */
  async assertHeld(transaction: Sql, lease: Lease): Promise<void> {
    // A leader frozen inside a transaction would keep the row locked; the server ends its session instead.
    await transaction.rows("SET LOCAL idle_in_transaction_session_timeout = '10s'");
    const held = await transaction.rows(
      `SELECT 1 FROM lease WHERE name = $1 AND holder = $2 AND fence = $3 AND expires_at > clock_timestamp() FOR SHARE`,
      [lease.name, lease.holder, lease.fence],
    );
    if (held.length !== 1) throw new LeaseLost(lease);
  }
}
