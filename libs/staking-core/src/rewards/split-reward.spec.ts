import fc from 'fast-check';
import { ATOMS_LIMIT, atoms } from '../money/atoms.js';
import { cutToPayoutUnit } from '../money/payout-unit.js';
import { anyAtoms } from '../testing/samples.js';
import { splitReward } from './split-reward.js';

const pool = (poolAtoms: bigint, total: bigint, unit = 1n) => ({
  poolAtoms: atoms(poolAtoms),
  totalWeightAtoms: atoms(total),
  unitAtoms: atoms(unit),
});

describe('splitReward', () => {
  it('R20: a weight of 30 in 70 gets 42 of a pool of 100, rounded down', () => {
    expect(splitReward(pool(100n, 70n), atoms(30n))).toBe(42n);
    expect(splitReward(pool(100n, 70n, 10n), atoms(30n))).toBe(40n);
    expect(splitReward(pool(100n, 70n, 50n), atoms(30n))).toBe(0n);
    expect(splitReward(pool(100n, 70n), atoms(70n))).toBe(100n);
    expect(splitReward(pool(0n, 70n), atoms(70n))).toBe(0n);
    expect(splitReward(pool(100n, 70n), atoms(0n))).toBe(0n);
  });

  it('R20: refuses a pool without weight, a weight above the whole, a unit of nothing', () => {
    expect(() => splitReward(pool(100n, 0n), atoms(0n))).toThrow(/no shares/);
    expect(() => splitReward(pool(100n, 70n), atoms(71n))).toThrow(/outweigh/);
    expect(() => splitReward(pool(100n, 70n, 0n), atoms(1n))).toThrow(/one atom/);
  });

  it('R20: one division is the same as dividing first and cutting to the payout unit after', () => {
    fc.assert(
      fc.property(
        anyAtoms(10n ** 77n),
        anyAtoms(10n ** 77n),
        anyAtoms(10n ** 77n),
        fc.integer({ min: 0, max: 20 }),
        (amount, weight, others, digits) => {
          fc.pre(weight + others > 0n);
          const unit = 10n ** BigInt(digits);
          const total = weight + others;
          const twice = cutToPayoutUnit(atoms((amount * weight) / total), atoms(unit));
          expect(splitReward(pool(amount, total, unit), weight)).toBe(twice);
        },
      ),
    );
  });

  it('R20: a bigger weight never gets less; all shares together never exceed the pool, at any width', () => {
    const anyWeights = fc.array(anyAtoms(10n ** 75n), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(anyAtoms(ATOMS_LIMIT - 1n), anyWeights, fc.constantFrom(1n, 10n ** 10n), (amount, weights, unit) => {
        const total = weights.reduce((sum, one) => sum + one, 0n);
        fc.pre(total > 0n);
        const shares = weights.map((weight) => splitReward(pool(amount, total, unit), weight));
        const paid = shares.reduce((sum, one) => sum + one, 0n);
        expect(paid <= amount).toBe(true);
        expect(amount - paid < BigInt(weights.length) * unit).toBe(true);
        weights.forEach((weight, n) => {
          expect(shares.every((share, m) => (weights[m] ?? 0n) > weight || share <= (shares[n] ?? 0n))).toBe(true);
        });
      }),
    );
  });
});
