import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { addDays } from '../time/utc-day.js';
import { D, anyAtoms } from '../testing/samples.js';
import { releaseReward } from './release-reward.js';

describe('releaseReward', () => {
  it('R15: 100 atoms over seven days: 14 a day, the last takes the rest', () => {
    const parts = releaseReward(atoms(100n), D, 7);
    expect(parts.map((part) => part.amountAtoms)).toEqual([14n, 14n, 14n, 14n, 14n, 14n, 16n]);
    expect(parts.map((part) => part.day)).toEqual(Array.from({ length: 7 }, (_, n) => addDays(D, n)));
    expect(parts.map((part) => part.part)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('R15: K = 1 releases all at once', () => {
    expect(releaseReward(atoms(100n), D, 1)).toEqual([{ part: 1, day: D, amountAtoms: 100n }]);
  });

  it.each([0, -1, 1.5, 367, Number.NaN])('R15: K = %p is refused', (days) => {
    expect(() => releaseReward(atoms(1n), D, days)).toThrow(/K is a whole number/);
  });

  it('R15: the parts add up to the reward, never more has been released than earned so far', () => {
    fc.assert(
      fc.property(anyAtoms(10n ** 77n), fc.constantFrom(1, 2, 5, 7), (amount, days) => {
        const parts = releaseReward(amount, D, days);
        expect(parts).toHaveLength(days);
        expect(parts.reduce((sum, part) => sum + part.amountAtoms, 0n)).toBe(amount);
        let released = 0n;
        parts.forEach((part, n) => {
          released += part.amountAtoms;
          expect(released * BigInt(days) <= amount * BigInt(n + 1)).toBe(true);
        });
        const last = parts.at(-1)?.amountAtoms ?? 0n;
        expect(last - (parts[0]?.amountAtoms ?? 0n)).toBeLessThan(BigInt(days));
      }),
    );
  });
});
