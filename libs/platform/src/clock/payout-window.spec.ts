import { payoutWindow, payoutWindowState } from './payout-window.js';

describe('R24: credits of day D go out on D+1 from 00:00 to 08:00 UTC', () => {
  it.each([
    ['2026-11-19T23:59:59.999Z', 'early'],
    ['2026-11-20T00:00:00.000Z', 'open'],
    ['2026-11-20T05:59:59.999Z', 'open'],
    ['2026-11-20T06:00:00.000Z', 'closing'],
    ['2026-11-20T07:59:59.999Z', 'closing'],
    ['2026-11-20T08:00:00.000Z', 'late'],
    ['2026-11-27T00:00:00.000Z', 'late'],
  ])('R24: at %s day 2026-11-19 is %s', (now, state) => {
    expect(payoutWindowState('2026-11-19', new Date(now))).toBe(state);
  });

  it('R24: crosses months and leap days', () => {
    expect(payoutWindow('2028-02-28').opensAt.toISOString()).toBe('2028-02-29T00:00:00.000Z');
    expect(payoutWindow('2026-12-31').closesAt.toISOString()).toBe('2027-01-01T08:00:00.000Z');
  });

  it.each(['2026-02-30', '2026-1-5', '20260105', '', 'today'])('R24: refuses %j as a day', (day) => {
    expect(() => payoutWindow(day)).toThrow(RangeError);
  });
});
