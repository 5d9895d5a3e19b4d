import fc from 'fast-check';
import { formatInstant, instant, parseInstant } from './instant.js';

const codeOf = (input: unknown): string => {
  const parsed = parseInstant(input);
  return parsed.ok ? 'ok' : parsed.code;
};

describe('instant', () => {
  it('R2: is epoch milliseconds, as the platform counts them', () => {
    expect(instant('2026-11-19T08:09:10.011Z')).toBe(BigInt(Date.UTC(2026, 10, 19, 8, 9, 10, 11)));
    expect(formatInstant(0n)).toBe('1970-01-01T00:00:00.000Z');
    expect(() => instant('2026-11-19T08:00:00Z')).toThrow(/UTC time/);
  });

  it.each([
    ['2026-11-19T23:59:59.999Z', 'ok'],
    ['2026-11-19T08:00:00Z', 'TIME_FORMAT'],
    ['2026-11-19T08:00:00.000', 'TIME_FORMAT'],
    ['2026-11-19T08:00:00.000+00:00', 'TIME_FORMAT'],
    ['2026-11-19 08:00:00.000Z', 'TIME_FORMAT'],
    ['2026-11-19T08:00:00.000z', 'TIME_FORMAT'],
    ['2026-11-19T08:00:00.0000Z', 'TIME_FORMAT'],
    ['', 'TIME_FORMAT'],
    ['x2026-11-19T08:00:00.000Z', 'TIME_FORMAT'],
    ['2026-11-19T08:00:00.000Zx', 'TIME_FORMAT'],
    ['2026-02-30T08:00:00.000Z', 'TIME_INVALID'],
    ['2026-11-19T24:00:00.000Z', 'TIME_INVALID'],
    ['2026-11-19T08:60:00.000Z', 'TIME_INVALID'],
    ['2026-11-19T23:59:60.000Z', 'TIME_INVALID'],
    ['1969-12-31T23:59:59.999Z', 'TIME_RANGE'],
    [1_763_510_400_000, 'TIME_NOT_STRING'],
    [null, 'TIME_NOT_STRING'],
  ])('R2: parses %j to %s', (input, code) => {
    expect(codeOf(input)).toBe(code);
  });

  it('R2: parse and format are inverse and agree with the platform', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 253_402_300_799_999n }), (epochMs) => {
        const text = formatInstant(epochMs);
        expect(text).toBe(new Date(Number(epochMs)).toISOString());
        expect(instant(text)).toBe(epochMs);
      }),
    );
  });
});
