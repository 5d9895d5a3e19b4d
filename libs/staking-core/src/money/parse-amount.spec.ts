import fc from 'fast-check';
import { ATOMS_LIMIT, signedAtoms } from './atoms.js';
import { formatAmount, formatSignedAmount } from './format-amount.js';
import { parseAmount, parseSignedAmount } from './parse-amount.js';
import { anyAtoms } from '../testing/samples.js';

const codeOf = (input: unknown, decimals = 18): string => {
  const parsed = parseAmount(input, decimals);
  return parsed.ok ? 'ok' : parsed.code;
};
const signedCodeOf = (input: unknown, decimals = 18): string => {
  const parsed = parseSignedAmount(input, decimals);
  return parsed.ok ? 'ok' : parsed.code;
};

describe('parseAmount', () => {
  it('R1: reads decimal strings exactly', () => {
    expect(parseAmount('1.5', 18)).toEqual({ ok: true, atoms: 1_500_000_000_000_000_000n });
    expect(parseAmount('0', 18)).toEqual({ ok: true, atoms: 0n });
    expect(parseAmount('0.000000000000000001', 18)).toEqual({ ok: true, atoms: 1n });
    expect(parseAmount('007.5'.slice(2), 1)).toEqual({ ok: true, atoms: 75n });
    expect(parseAmount('42', 0)).toEqual({ ok: true, atoms: 42n });
    expect(parseAmount('9007199254740993', 0)).toEqual({ ok: true, atoms: 9_007_199_254_740_993n });
  });

  it.each([1.5, 10n, null, undefined, true, {}, ['1']])('R1: refuses %p, which is not a string', (input) => {
    expect(codeOf(input)).toBe('AMOUNT_NOT_STRING');
    expect(signedCodeOf(input)).toBe('AMOUNT_NOT_STRING');
  });

  it.each([
    '',
    ' 12 ',
    '12\n',
    '+1',
    '.5',
    '5.',
    '1e18',
    '0x10',
    '1_000',
    '1,000',
    '1,5',
    'NaN',
    'Infinity',
    '007',
    '00',
    '01.5',
    '١٢',
    '１２',
    '1.5.5',
    '--1',
    '-',
    '- 1',
    '-x',
    '-01',
    '1 000',
    '\u00001',
    '1.5x',
    'x1.5',
  ])('R1: refuses %j as not the grammar', (input) => {
    expect(codeOf(input)).toBe('AMOUNT_FORMAT');
    expect(signedCodeOf(input)).toBe('AMOUNT_FORMAT');
  });

  it('R1: negative, too fine and too large have codes of their own', () => {
    expect(codeOf('-1')).toBe('AMOUNT_NEGATIVE');
    expect(codeOf('-0')).toBe('AMOUNT_NEGATIVE');
    expect(codeOf('-1.5')).toBe('AMOUNT_NEGATIVE');
    expect(codeOf('1.123456789', 8)).toBe('AMOUNT_PRECISION');
    expect(codeOf('1.000000000', 8)).toBe('AMOUNT_PRECISION');
    expect(codeOf('1.0', 0)).toBe('AMOUNT_PRECISION');
    expect(codeOf('9'.repeat(400))).toBe('AMOUNT_RANGE');
    expect(codeOf('9'.repeat(60), 18)).toBe('ok');
    expect(codeOf('1' + '0'.repeat(60), 18)).toBe('AMOUNT_RANGE');
    expect(codeOf('9'.repeat(78), 0)).toBe('ok');
    expect(codeOf('9'.repeat(79), 0)).toBe('AMOUNT_RANGE');
  });

  it('R1: a refusal quotes no more than a line of the input', () => {
    const parsed = parseAmount('x'.repeat(1_000_000), 18);
    expect(parsed.ok ? '' : parsed.detail.length).toBeLessThan(120);
    const short = parseAmount('12a', 18);
    expect(short).toEqual({ ok: false, code: 'AMOUNT_FORMAT', detail: '"12a" is not a decimal amount such as "1.5"' });
    expect(parseAmount(null, 18)).toMatchObject({ detail: expect.stringContaining('not null') });
  });

  it('R1: a change may be negative; zero has one spelling', () => {
    expect(parseSignedAmount('-1.5', 2)).toEqual({ ok: true, atoms: -150n });
    expect(parseSignedAmount('1.5', 2)).toEqual({ ok: true, atoms: 150n });
    expect(parseSignedAmount('0', 2)).toEqual({ ok: true, atoms: 0n });
    expect([signedCodeOf('-0'), signedCodeOf('-0.00')]).toEqual(['AMOUNT_FORMAT', 'AMOUNT_FORMAT']);
    expect(signedCodeOf('-1.001', 2)).toBe('AMOUNT_PRECISION');
    expect(signedCodeOf('-' + '9'.repeat(79), 0)).toBe('AMOUNT_RANGE');
  });

  it.each([-1, 1.5, 78, Number.NaN, Number.POSITIVE_INFINITY])('R1: %p decimals are a mistake of ours', (decimals) => {
    expect(() => parseAmount('1', decimals)).toThrow(/decimals/);
    expect(() => formatAmount(0n as never, decimals)).toThrow(/decimals/);
  });

  it('R1: format and parse are inverse at every width and every number of decimals', () => {
    fc.assert(
      fc.property(anyAtoms(ATOMS_LIMIT - 1n), fc.integer({ min: 0, max: 30 }), (amount, decimals) => {
        expect(parseAmount(formatAmount(amount, decimals), decimals)).toEqual({ ok: true, atoms: amount });
        const change = signedAtoms(-amount);
        expect(parseSignedAmount(formatSignedAmount(change, decimals), decimals)).toEqual({
          ok: true,
          atoms: change + 0n,
        });
      }),
    );
  });

  it('R1: never takes a string the grammar does not have', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 18 }), (text, decimals) => {
        const grammar = new RegExp(`^(0|[1-9][0-9]*)(\\.[0-9]{1,${decimals}})?$`);
        expect(parseAmount(text, decimals).ok).toBe(grammar.test(text));
      }),
    );
  });
});

describe('formatAmount', () => {
  it('R1: has one spelling for each amount', () => {
    expect(formatAmount(1_500_000_000_000_000_000n as never, 18)).toBe('1.5');
    expect(formatAmount(100n as never, 2)).toBe('1');
    expect(formatAmount(1n as never, 2)).toBe('0.01');
    expect(formatAmount(0n as never, 2)).toBe('0');
    expect(formatAmount(120n as never, 0)).toBe('120');
    expect(formatSignedAmount(-150n as never, 2)).toBe('-1.5');
    expect(formatSignedAmount(150n as never, 2)).toBe('1.5');
    expect(formatSignedAmount(0n as never, 2)).toBe('0');
    expect(() => formatAmount(-1n as never, 2)).toThrow(/negative/);
  });
});
