import { ATOMS_LIMIT, atoms } from '../money/atoms.js';
import { countedBalance } from './counted-balance.js';

describe('countedBalance', () => {
  const balance = { freeAtoms: atoms(7n), lockedAtoms: atoms(5n) };

  it('R7: Spot free counts; with free+locked, open orders count too', () => {
    expect(countedBalance(balance, 'free')).toBe(7n);
    expect(countedBalance(balance, 'free+locked')).toBe(12n);
  });

  it('R1: two amounts of 78 digits together are too many', () => {
    const most = atoms(ATOMS_LIMIT - 1n);
    expect(() => countedBalance({ freeAtoms: most, lockedAtoms: atoms(1n) }, 'free+locked')).toThrow(/78 digits/);
  });
});
