import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { anyAtoms } from '../testing/samples.js';
import { aprOf, ratioText } from './apr.js';

const day = (paid: bigint, qualifying: bigint) => ({ paidAtoms: atoms(paid), qualifyingAtoms: atoms(qualifying) });

describe('aprOf', () => {
  it('R30: what was paid x 365 / qualifying weight-days', () => {
    expect(aprOf([day(10n, 100_000n), day(12n, 100_000n)])).toEqual({
      numerator: 22n * 365n,
      denominator: 200_000n,
      text: '0.04015000',
    });
    expect(aprOf([day(0n, 100_000n)])?.text).toBe('0.00000000');
    expect(aprOf([day(3n, 1n)])?.text).toBe('1095.00000000');
  });

  it('R30: a day without payment lowers the rate: what is shown is what was paid', () => {
    expect(aprOf([day(10n, 1_000n), day(0n, 1_000n)])?.text).toBe('1.82500000');
  });

  it('R30: where nobody qualified there is no rate, which is not a rate of zero', () => {
    expect(aprOf([])).toBeNull();
    expect(aprOf([day(0n, 0n)])).toBeNull();
  });

  it('R30: is rounded down at the eighth decimal, never up', () => {
    fc.assert(
      fc.property(anyAtoms(10n ** 60n), anyAtoms(10n ** 60n), (paid, qualifying) => {
        fc.pre(qualifying > 0n);
        const apr = aprOf([{ paidAtoms: paid, qualifyingAtoms: qualifying }]);
        const shown = BigInt((apr?.text ?? '').replace('.', ''));
        const exact = paid * 365n * 10n ** 8n;
        expect(shown * qualifying <= exact && exact < (shown + 1n) * qualifying).toBe(true);
        expect(apr?.text).toMatch(/^(0|[1-9][0-9]*)\.[0-9]{8}$/);
      }),
    );
  });

  it('R30: refuses a ratio of nothing', () => {
    expect(() => ratioText(1n, 0n, 8)).toThrow(/ratio/);
    expect(() => ratioText(-1n, 1n, 8)).toThrow(/ratio/);
    expect(() => ratioText(1n, 1n, 0)).toThrow(/decimals/);
    expect(ratioText(1n, 3n, 1)).toBe('0.3');
  });
});
