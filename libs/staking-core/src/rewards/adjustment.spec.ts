import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { anyAtoms } from '../testing/samples.js';
import { adjustmentOf, offsetDebt } from './adjustment.js';

describe('adjustment', () => {
  it('R27: a late event gives the difference, either way', () => {
    expect(adjustmentOf(atoms(10n), atoms(12n))).toBe(2n);
    expect(adjustmentOf(atoms(10n), atoms(7n))).toBe(-3n);
  });

  it('R27: a debt is set against later rewards, never beyond them', () => {
    expect(offsetDebt(atoms(10n), atoms(3n))).toEqual({ creditAtoms: 7n, offsetAtoms: 3n, debtLeftAtoms: 0n });
    expect(offsetDebt(atoms(10n), atoms(13n))).toEqual({ creditAtoms: 0n, offsetAtoms: 10n, debtLeftAtoms: 3n });
  });

  it('R27: what is credited, offset and still owed adds up', () => {
    fc.assert(
      fc.property(anyAtoms(), anyAtoms(), (reward, debt) => {
        const { creditAtoms, offsetAtoms, debtLeftAtoms } = offsetDebt(reward, debt);
        expect([creditAtoms + offsetAtoms, offsetAtoms + debtLeftAtoms]).toEqual([reward, debt]);
      }),
    );
  });
});
