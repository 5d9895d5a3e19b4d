import { instant } from '../time/instant.js';
import { countsFrom } from './counts-from.js';

describe('countsFrom', () => {
  it.each([
    ['2026-11-19T00:00:00.000Z', '2026-11-20T00:00:00.000Z'],
    ['2026-11-19T12:00:00.000Z', '2026-11-20T00:00:00.000Z'],
    ['2026-11-19T23:59:59.999Z', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
    ['2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
  ])('R4: switched on at %s counts from %s', (at, from) => {
    expect(countsFrom(instant(at))).toBe(instant(from));
  });

  it('R4: time before 1970 is a mistake', () => {
    expect(countsFrom(0n)).toBe(86_400_000n);
    expect(() => countsFrom(-1n)).toThrow(/1970/);
  });
});
