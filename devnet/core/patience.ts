import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@app/platform';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Waiting between tries: doubling pauses, given up after `forMs` without progress. This is a development world, so no
 * jitter; the time is this machine's and decides nothing but when to stop trying.
 */
export class Patience {
  private pauseMs = FIRST_PAUSE_MS;
  private deadline: number;

  constructor(
    private readonly forMs: number,
    private readonly stopping: AbortSignal,
  ) {
    this.deadline = performance.now() + forMs;
  }

  /** Something moved: the count starts over. */
  renew(): void {
    this.pauseMs = FIRST_PAUSE_MS;
    this.deadline = performance.now() + this.forMs;
  }

  /** @throws Problem 503 UNDELIVERED with `why` when there is no time left */
  async pause(why: string): Promise<void> {
    if (this.stopping.aborted || performance.now() + this.pauseMs > this.deadline) {
      throw new Problem({
        status: 503,
        code: 'UNDELIVERED',
        detail: `the staking service did not take it: ${why}; ask again to go on`,
      });
    }
    // Woken early by a shutdown; the next turn of the loop then ends here.
    await sleep(this.pauseMs, undefined, { signal: this.stopping }).catch(() => undefined);
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
