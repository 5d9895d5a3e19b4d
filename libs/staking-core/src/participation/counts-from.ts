import { DAY_MS } from '../time/utc-day.js';
import { invariant } from '../money/invariant.js';

/** R4: switching on during day D counts from 00:00 of D+1. An opt-in at exactly 00:00:00.000 happens during the day
 *  that this instant opens, so it waits for that day's end like any other. */
export function countsFrom(switchedOnAtMs: bigint): bigint {
  invariant(switchedOnAtMs >= 0n, 'time starts in 1970', { switchedOnAtMs });
  return (switchedOnAtMs / DAY_MS + 1n) * DAY_MS;
}
