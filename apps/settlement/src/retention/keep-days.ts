import type { ArchiveSubject } from '@app/database';
import { addDays, dayOf, type UtcDay } from '@app/staking-core';
import { ArchiveError } from './archive-error.js';
import type { ArchiveTools } from './archive-tools.js';
import { dropDay } from './drop-day.js';
import { exportDay } from './export-day.js';

/** Leaves made ahead: midnight never waits for them, and neither does the one after when this stands still for a day. */
const DAYS_AHEAD = 2;

/** SQLSTATE: somebody reads a leaf for longer than we make others wait for it. */
const LOCK_TIMEOUT = '55P03';

/**
 * What is done for days that begin and days that are over: leaves of tomorrow and the day after, archives of what has
 * been kept long enough. Anything may end it anywhere; the next run goes on, whoever runs it.
 */
export class DayKeeper {
  private ahead: UtcDay | undefined;
  private looked: UtcDay | undefined;

  constructor(private readonly tools: ArchiveTools) {}

  /** Short, unless a day is due. Once a day the whole look; what could not be done is tried at the next call. */
  async tick(signal?: AbortSignal): Promise<void> {
    const today = dayOf(BigInt((await this.tools.clock.now()).getTime()));
    if (this.ahead !== today) {
      await this.makeAhead(today);
      this.ahead = today;
    }
    if (this.looked === today) return;
    const { logDays, rewardDays } = this.tools.retention;
    const all = [
      await this.archive('log', today, logDays, signal),
      await this.archive('rewards', today, rewardDays, signal),
    ];
    if (all.every((done) => done)) this.looked = today;
  }

  private async makeAhead(today: UtcDay): Promise<void> {
    const { leaves } = this.tools;
    for (let ahead = 0; ahead <= DAYS_AHEAD; ahead += 1) {
      const day = addDays(today, ahead);
      await leaves.ensure('balance_event', [day]);
      await leaves.openDay(day);
    }
  }

  /** @returns whether nothing more is due */
  private async archive(
    subject: ArchiveSubject,
    today: UtcDay,
    keptDays: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { archives, db, log } = this.tools;
    // Today counts as one of the days that are kept.
    const last = addDays(today, -keptDays);
    for (const day of await archives.due(db, subject, last)) {
      if (signal?.aborted) return false;
      const together = await archives.together(db, subject, day);
      // A leaf of rewards leaves as a whole, with its youngest day.
      if (together.some((one) => one > last)) continue;
      try {
        for (const one of together) await exportDay(this.tools, subject, one);
        await dropDay(this.tools, subject, day);
        log.info({ subject, day }, 'a day is archived');
      } catch (error) {
        // Days leave in order: what is open of one keeps all after it.
        if (error instanceof ArchiveError && error.code === 'DAY_NOT_PAID') return true;
        const later =
          (error instanceof ArchiveError && error.code === 'ARCHIVE_BUSY') || codeOf(error) === LOCK_TIMEOUT;
        log[later ? 'debug' : 'error']({ subject, day, err: error }, 'a day is not archived yet');
        return !later;
      }
    }
    return true;
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
