import fc from 'fast-check';
import {
  DAY_MS,
  addDays,
  compareDays,
  dayEndMs,
  dayFromEpochDay,
  dayOf,
  dayRange,
  dayStartMs,
  daysBetween,
  epochDayOf,
  nextDay,
  parseUtcDay,
  previousDay,
  utcDay,
} from './utc-day.js';

const codeOf = (input: unknown): string => {
  const parsed = parseUtcDay(input);
  return parsed.ok ? 'ok' : parsed.code;
};

describe('UtcDay', () => {
  it('R2: a day is [00:00:00.000, next 00:00:00.000)', () => {
    const day = utcDay('2026-11-19');
    expect(dayStartMs(day)).toBe(BigInt(Date.UTC(2026, 10, 19)));
    expect(dayEndMs(day) - dayStartMs(day)).toBe(86_400_000n);
    expect(dayOf(dayStartMs(day))).toBe(day);
    expect(dayOf(dayEndMs(day) - 1n)).toBe(day);
    expect(dayOf(dayEndMs(day))).toBe('2026-11-20');
  });

  it.each([
    ['2026-02-30', 'DATE_INVALID'],
    ['2026-02-29', 'DATE_INVALID'],
    ['2028-02-29', 'ok'],
    ['2100-02-29', 'DATE_INVALID'],
    ['2000-02-29', 'ok'],
    ['2026-13-01', 'DATE_INVALID'],
    ['2026-00-10', 'DATE_INVALID'],
    ['2026-01-00', 'DATE_INVALID'],
    ['2026-04-31', 'DATE_INVALID'],
    ['2026-04-30', 'ok'],
    ['2026-06-31', 'DATE_INVALID'],
    ['2026-09-31', 'DATE_INVALID'],
    ['2026-11-31', 'DATE_INVALID'],
    ['2026-01-31', 'ok'],
    ['2026-01-32', 'DATE_INVALID'],
    ['2026-12-31', 'ok'],
    ['2026-1-5', 'DATE_FORMAT'],
    ['20260105', 'DATE_FORMAT'],
    ['2026-01-05T00:00:00+09:00', 'DATE_FORMAT'],
    ['2026-01-05\n', 'DATE_FORMAT'],
    ['x2026-01-05', 'DATE_FORMAT'],
    ['', 'DATE_FORMAT'],
    ['10000-01-01', 'DATE_FORMAT'],
    ['0000-01-01', 'DATE_RANGE'],
    ['1969-12-31', 'DATE_RANGE'],
    ['1970-01-01', 'ok'],
    ['9999-12-31', 'ok'],
    [20260105, 'DATE_NOT_STRING'],
    [null, 'DATE_NOT_STRING'],
  ])('R2: parses %j to %s', (input, code) => {
    expect(codeOf(input)).toBe(code);
  });

  it('R2: agrees with the calendar of the platform for every day up to 9999', () => {
    for (let n = 0n; n <= 2_932_896n; n += 97n) {
      expect(dayFromEpochDay(n)).toBe(new Date(Number(n * DAY_MS)).toISOString().slice(0, 10));
    }
    expect(dayFromEpochDay(2_932_896n)).toBe('9999-12-31');
    expect(() => dayFromEpochDay(2_932_897n)).toThrow(/between 1970 and 9999/);
    expect(() => dayFromEpochDay(-1n)).toThrow(/between 1970 and 9999/);
    expect(() => dayOf(-1n)).toThrow(/1970/);
  });

  it('R2: every day round a century and a leap year', () => {
    for (const around of ['1970-01-01', '2000-02-01', '2026-12-01', '2100-02-01', '2400-02-01']) {
      const first = epochDayOf(utcDay(around));
      for (let n = first; n < first + 62n; n += 1n) {
        const day = dayFromEpochDay(n);
        expect(day).toBe(new Date(Number(n * DAY_MS)).toISOString().slice(0, 10));
        expect(parseUtcDay(day).ok).toBe(true);
        expect(epochDayOf(day)).toBe(n);
      }
    }
  });

  it('R2: neighbours, distances and ranges', () => {
    const day = utcDay('2026-12-31');
    expect(nextDay(day)).toBe('2027-01-01');
    expect(previousDay(utcDay('2024-03-01'))).toBe('2024-02-29');
    expect(addDays(day, 59n)).toBe('2027-02-28');
    expect(daysBetween(day, utcDay('2027-01-07'))).toBe(7n);
    expect(daysBetween(utcDay('2027-01-07'), day)).toBe(-7n);
    expect(dayRange(day, utcDay('2027-01-02'))).toEqual(['2026-12-31', '2027-01-01', '2027-01-02']);
    expect(dayRange(day, previousDay(day))).toEqual([]);
    const days = [utcDay('2026-01-02'), utcDay('2025-12-31'), utcDay('2026-01-02')].sort(compareDays);
    expect(days).toEqual(['2025-12-31', '2026-01-02', '2026-01-02']);
    expect(compareDays(day, day)).toBe(0);
    expect(() => utcDay('2026-02-30')).toThrow(/not a UTC day/);
  });

  it('R2: order of the texts is order in time', () => {
    const anyDay = fc.bigInt({ min: 0n, max: 2_932_896n });
    fc.assert(
      fc.property(anyDay, anyDay, (a, b) => {
        expect(compareDays(dayFromEpochDay(a), dayFromEpochDay(b))).toBe(a === b ? 0 : a < b ? -1 : 1);
        expect(epochDayOf(dayFromEpochDay(a))).toBe(a);
      }),
    );
  });
});
