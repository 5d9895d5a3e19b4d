import { LeaseLost, type Lease, type LeaseRepository } from '@app/database';

/** The lease as long as it lasts: `signal` aborts when it is lost, so that work under it stops early. */
export interface HeldLease {
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** A third: two renewals may fail before the lease is gone. */
const RENEWALS_A_TERM = 3;

/**
 * One leader for one name. The lease is renewed in the background while it is held; whether it still is decides the
 * fence inside each transaction, never this object: the signal only saves useless work.
 */
export class Leadership {
  private held: { lease: Lease; loss: AbortController; timer: NodeJS.Timeout } | null = null;

  constructor(
    private readonly leases: LeaseRepository,
    readonly name: string,
    readonly holder: string,
    private readonly ttlMs: number,
  ) {}

  /** @returns the lease held or newly taken; null while another process leads */
  async hold(): Promise<HeldLease | null> {
    if (!this.held) {
      const lease = await this.leases.take(this.name, this.holder, this.ttlMs);
      if (!lease) return null;
      const timer = setInterval(() => void this.renew(lease), this.ttlMs / RENEWALS_A_TERM);
      timer.unref();
      this.held = { lease, loss: new AbortController(), timer };
    }
    return { lease: this.held.lease, signal: this.held.loss.signal };
  }

  /** Told by whoever met `LeaseLost`: the next `hold` takes a new lease or waits. */
  drop(): void {
    if (!this.held) return;
    clearInterval(this.held.timer);
    this.held.loss.abort(new LeaseLost(this.held.lease));
    this.held = null;
  }

  /** Gives the lease back at shutdown, so that the other instance goes on at once. */
  async release(): Promise<void> {
    const lease = this.held?.lease;
    this.drop();
    if (lease) await this.leases.release(lease);
  }

  private async renew(lease: Lease): Promise<void> {
    // A database that does not answer is not a lost lease yet: its own clock decides at the next write.
    const kept = await this.leases.renew(lease, this.ttlMs).catch(() => true);
    if (!kept && this.held?.lease === lease) this.drop();
  }
}
