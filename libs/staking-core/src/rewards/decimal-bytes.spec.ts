import fc from 'fast-check';
import { compareDigits, decimalBytes } from './decimal-bytes.js';

describe('compareDigits', () => {
  it('R1: says of digits what bigint says of the numbers, wherever they lie', () => {
    const atoms = fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 78n }), fc.bigInt({ min: 0n, max: 1_200n }));
    fc.assert(
      fc.property(atoms, atoms, fc.nat(5), (one, other, before) => {
        const digits = decimalBytes(one);
        const bytes = new Uint8Array(before + digits.length + 2).fill(57);
        bytes.set(digits, before);
        const compared = compareDigits(bytes, before, before + digits.length, decimalBytes(other));
        expect(Math.sign(compared)).toBe(one < other ? -1 : one > other ? 1 : 0);
      }),
      { numRuns: 500 },
    );
  });
});
