import { dayEndMs } from './utc-day.js';
import type { UtcDay } from './utc-day.js';
import type { Interval } from './interval.js';

const HOUR_MS = 3_600_000n;

/** R24: credits of day D go out on D+1 between 00:00 and 08:00 UTC. */
export function payoutWindow(day: UtcDay): Interval {
  const opensMs = dayEndMs(day);
  return { startMs: opensMs, endMs: opensMs + 8n * HOUR_MS };
}

export type PayoutTiming = 'TOO_EARLY' | 'ON_TIME' | 'LATE';

/** R24: where a moment lies against the window; a LATE credit still goes out, marked. */
export function payoutTiming(day: UtcDay, atMs: bigint): PayoutTiming {
  const window = payoutWindow(day);
  if (atMs < window.startMs) return 'TOO_EARLY';
  return atMs < window.endMs ? 'ON_TIME' : 'LATE';
}

/** R24: moments of the two alarms for a day whose credits are not out: 06:00 and 08:00 of D+1. */
export function payoutAlarmsMs(day: UtcDay): readonly [bigint, bigint] {
  const opensMs = dayEndMs(day);
  return [opensMs + 6n * HOUR_MS, opensMs + 8n * HOUR_MS];
}
