import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { BNB_RULES, PENNY_RULES, bnb } from '../testing/samples.js';
import { qualifies, weightOf, weightUnderOwner, weightsOf } from './weight.js';

const account = (user: string, average: bigint, owner: string | null = null) => ({
  user,
  owner,
  averageAtoms: atoms(average),
});
const weights = (accounts: ReturnType<typeof account>[]): bigint[] =>
  weightsOf(accounts, PENNY_RULES).map((one) => one.weightAtoms);

describe('weightOf', () => {
  it('R10: the minimum itself qualifies, one atom less does not', () => {
    expect(qualifies(bnb(1n, 2n), BNB_RULES)).toBe(true);
    expect(weightOf(bnb(1n, 2n), BNB_RULES)).toBe(bnb(1n, 2n));
    expect(weightOf(atoms(bnb(1n, 2n) - 1n), BNB_RULES)).toBe(0n);
  });

  it('R10: nothing above the cap counts', () => {
    expect(weightOf(bnb(999n), BNB_RULES)).toBe(bnb(999n));
    expect(weightOf(bnb(1_000n), BNB_RULES)).toBe(bnb(1_000n));
    expect(weightOf(bnb(50_000_000n), BNB_RULES)).toBe(bnb(1_000n));
  });
});

describe('weightsOf', () => {
  it('R10: one owner, two accounts, one cap, shared out by average', () => {
    expect(
      weights([account('a', 60n, 'o'), account('b', 40n, 'o'), account('c', 100n), account('d', 100n, 'p')]),
    ).toEqual([36n, 24n, 60n, 60n]);
  });

  it('R10: an owner below the cap loses nothing', () => {
    expect(weights([account('a', 30n, 'o'), account('b', 30n, 'o')])).toEqual([30n, 30n]);
    expect(weights([account('a', 31n, 'o'), account('b', 30n, 'o')])).toEqual([30n, 29n]);
  });

  it('R10: each account meets the minimum by itself; one that does not takes nothing of the cap', () => {
    expect(weights([account('a', 60n, 'o'), account('b', 4n, 'o')])).toEqual([60n, 0n]);
    expect(weights([account('a', 4n, 'o'), account('b', 4n, 'o')])).toEqual([0n, 0n]);
    expect(weightUnderOwner(atoms(4n), atoms(1_000n), PENNY_RULES)).toBe(0n);
  });

  it('R10: a single account of an owner weighs what it weighs alone', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 200n }), (average) => {
        expect(weights([account('a', average, 'o')])).toEqual([weightOf(atoms(average), PENNY_RULES)]);
      }),
    );
  });

  it('R10: nobody is above the cap, no owner either, and no weight is above its average', () => {
    const anyAccount = fc.record({
      average: fc.bigInt({ min: 0n, max: 200n }),
      owner: fc.option(fc.constantFrom('o', 'p')),
    });
    fc.assert(
      fc.property(fc.array(anyAccount), (made) => {
        const accounts = made.map(({ average, owner }, n) => account(`u${n}`, average, owner));
        const weighed = weightsOf(accounts, PENNY_RULES);
        expect(weighed.map((one) => one.user)).toEqual(accounts.map((one) => one.user));
        for (const one of weighed) {
          expect(one.weightAtoms <= one.averageAtoms && one.weightAtoms <= PENNY_RULES.capAtoms).toBe(true);
        }
        for (const owner of ['o', 'p']) {
          const together = weighed.filter((one) => one.owner === owner).reduce((sum, one) => sum + one.weightAtoms, 0n);
          expect(together <= PENNY_RULES.capAtoms).toBe(true);
        }
      }),
    );
  });

  it('R10: splitting coins over accounts of one owner never weighs more', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 5n, max: 200n }), { minLength: 1, maxLength: 5 }), (averages) => {
        const apart = weights(averages.map((average, n) => account(`u${n}`, average, 'o'))).reduce(
          (sum, one) => sum + one,
          0n,
        );
        const together = weightOf(atoms(averages.reduce((sum, one) => sum + one, 0n)), PENNY_RULES);
        expect(apart <= together).toBe(true);
      }),
    );
  });
});
