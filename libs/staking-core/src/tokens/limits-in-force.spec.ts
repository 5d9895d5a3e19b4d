import fc from 'fast-check';
import { instant } from '../time/instant.js';
import { addDays, utcDay } from '../time/utc-day.js';
import { checkDatedChange, limitsInForce } from './limits-in-force.js';

const rows = [
  { validFrom: utcDay('2026-03-01'), minimum: 'second' },
  { validFrom: utcDay('2026-01-01'), minimum: 'first' },
  { validFrom: utcDay('2026-06-01'), minimum: 'third' },
];

describe('limitsInForce', () => {
  it('R10: the row in force at 00:00 holds all day', () => {
    const on = (day: string): string => {
      const found = limitsInForce(rows, utcDay(day));
      return found.ok ? found.rules.minimum : found.code;
    };
    expect(on('2026-02-28')).toBe('first');
    expect(on('2026-03-01')).toBe('second');
    expect(on('2026-05-31')).toBe('second');
    expect(on('2030-01-01')).toBe('third');
  });

  it('R29: there is no silent default', () => {
    expect(limitsInForce(rows, utcDay('2025-12-31'))).toEqual({
      ok: false,
      code: 'NO_RULES_IN_FORCE',
      detail: 'no rules are in force on 2025-12-31',
    });
    expect(limitsInForce([], utcDay('2026-01-01')).ok).toBe(false);
  });

  it('R29: two rows from the same day contradict each other, even when an other day is asked for', () => {
    const twice = [...rows, { validFrom: utcDay('2026-06-01'), minimum: 'other' }];
    expect(() => limitsInForce(twice, utcDay('2026-02-01'))).toThrow(/same day/);
  });

  it('R29: order of the rows does not matter; a later change leaves earlier days as they were', () => {
    const base = utcDay('2026-01-01');
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50), { minLength: 2 }), fc.nat(50), (starts, asked) => {
        const made = starts.map((n) => ({ validFrom: addDays(base, n), n }));
        const day = addDays(base, asked);
        const expected = starts.filter((n) => n <= asked).sort((a, b) => b - a)[0];
        for (const order of [made, [...made].reverse()]) {
          const found = limitsInForce(order, day);
          expect(found.ok ? found.rules.n : undefined).toBe(expected);
        }
      }),
    );
  });
});

describe('checkDatedChange', () => {
  const change = {
    madeBy: 'maker',
    approvedBy: 'checker',
    approvedAtMs: instant('2026-11-19T10:00:00.000Z'),
    validFrom: utcDay('2026-11-20'),
  };

  it('R29: the next 00:00 at the earliest, and two people', () => {
    expect(checkDatedChange(change)).toEqual({ ok: true });
    expect(checkDatedChange({ ...change, validFrom: utcDay('2026-12-24') })).toEqual({ ok: true });
    expect(checkDatedChange({ ...change, validFrom: utcDay('2026-11-19') })).toMatchObject({
      code: 'CHANGE_TOO_EARLY',
      detail: expect.stringContaining('2026-11-20'),
    });
    expect(checkDatedChange({ ...change, approvedBy: 'maker' })).toMatchObject({ code: 'CHANGE_SAME_PERSON' });
  });
});
