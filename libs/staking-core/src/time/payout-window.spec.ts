import { instant } from './instant.js';
import { payoutAlarmsMs, payoutTiming, payoutWindow } from './payout-window.js';
import { nextDay } from './utc-day.js';
import { D } from '../testing/samples.js';

describe('payoutWindow', () => {
  it('R24: opens at 00:00 and ends at 08:00 of the day after', () => {
    expect(payoutWindow(D)).toEqual({
      startMs: instant('2026-11-20T00:00:00.000Z'),
      endMs: instant('2026-11-20T08:00:00.000Z'),
    });
  });

  it('R24: never earlier; later goes out marked LATE', () => {
    expect(payoutTiming(D, instant('2026-11-19T23:59:59.999Z'))).toBe('TOO_EARLY');
    expect(payoutTiming(D, instant('2026-11-20T00:00:00.000Z'))).toBe('ON_TIME');
    expect(payoutTiming(D, instant('2026-11-20T07:59:59.999Z'))).toBe('ON_TIME');
    expect(payoutTiming(D, instant('2026-11-20T08:00:00.000Z'))).toBe('LATE');
  });

  it('R24: alarms at 06:00 and 08:00', () => {
    expect(payoutAlarmsMs(D)).toEqual([instant('2026-11-20T06:00:00.000Z'), instant('2026-11-20T08:00:00.000Z')]);
  });

  it('R4: whoever switches on during D gets the first credit on D+2 between 00:00 and 08:00', () => {
    expect(payoutWindow(nextDay(D)).startMs).toBe(instant('2026-11-21T00:00:00.000Z'));
  });
});
