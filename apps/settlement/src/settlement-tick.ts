import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@app/platform';
import type { SettlementRun } from './settlement-run.js';

/** Looks for work, rests, looks again, until `signal` aborts; what is under way is finished first. */
export async function tickUntil(signal: AbortSignal, run: SettlementRun, tickMs: number, log: Logger): Promise<void> {
  while (!signal.aborted) {
    try {
      const { units } = await run.tick(signal);
      for (const unit of units)
        if (unit.state === 'paid') log.info({ day: unit.day, token: unit.token }, 'a day is paid');
    } catch (error) {
      // The database is away or being restarted: nothing is lost, the state is all in it.
      log.error({ err: error }, 'the tick failed and is tried again');
    }
    await pause(tickMs, undefined, { signal }).catch(() => undefined);
  }
}
