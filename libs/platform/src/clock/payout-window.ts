const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** When the credits of a day may leave (R24). `closesAt` itself is already late. */
export interface PayoutWindow {
  readonly opensAt: Date;
  readonly alarmAt: Date;
  readonly closesAt: Date;
}

/**
 * R24: credits of day D go out on D+1 from 00:00 to 08:00 UTC, with an alarm at 06:00 and another at the end.
 * @param day UTC calendar day, `YYYY-MM-DD`
 * @throws RangeError when that is not a day of the calendar
 */
export function payoutWindow(day: string): PayoutWindow {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00.000Z`) : Number.NaN;
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) {
    throw new RangeError(`not a UTC day: ${day}`);
  }
  const opens = start + DAY_MS;
  return {
    opensAt: new Date(opens),
    alarmAt: new Date(opens + 6 * HOUR_MS),
    closesAt: new Date(opens + 8 * HOUR_MS),
  };
}

/** Whether credits of `day` must still wait, go out, go out with a raised alarm, or go out marked LATE (R24). */
export function payoutWindowState(day: string, now: Date): 'early' | 'open' | 'closing' | 'late' {
  const window = payoutWindow(day);
  if (now < window.opensAt) return 'early';
  if (now < window.alarmAt) return 'open';
  return now < window.closesAt ? 'closing' : 'late';
}
