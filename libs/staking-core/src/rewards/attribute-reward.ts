import { invariant } from '../money/invariant.js';
import type { Interval } from '../time/interval.js';
import { dayOf, nextDay } from '../time/utc-day.js';
import type { UtcDay } from '../time/utc-day.js';

/** R14: a reward belongs to the day that holds the last millisecond of its earning interval or, if that day is settled
 *  already, to the first day that is not. Settled days never reopen.
 *  @param earned half-open: its last millisecond is `endMs - 1`.
 *  @param settledThrough the token's last settled day (days settle one after the other); null: none yet. */
export function attributeReward(earned: Interval, settledThrough: UtcDay | null): UtcDay {
  invariant(earned.endMs > earned.startMs, 'a reward was earned over some time', { ...earned });
  const day = dayOf(earned.endMs - 1n);
  return settledThrough !== null && day <= settledThrough ? nextDay(settledThrough) : day;
}
