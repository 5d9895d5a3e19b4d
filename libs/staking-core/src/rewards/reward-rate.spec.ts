import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { anyAtoms } from '../testing/samples.js';
import { rewardRate, rewardRateText } from './reward-rate.js';
import { splitReward } from './split-reward.js';

/** weight x rate, cut down to units: what the settlement's SQL does. */
function rewardOf(weight: bigint, rate: ReturnType<typeof rewardRate>, unit: bigint): bigint {
  return ((weight * rate.digits) / (10n ** BigInt(rate.places) * unit)) * unit;
}

describe('rewardRate', () => {
  it('R20: a pool of 100 over 70 gives 30 its 42, and 70 all of it', () => {
    const rate = rewardRate({ poolAtoms: atoms(100n), totalWeightAtoms: atoms(70n) }, atoms(70n));
    expect(rewardRateText(rate)).toBe('1.4286');
    expect([0n, 30n, 49n, 70n].map((weight) => rewardOf(weight, rate, 1n))).toEqual([0n, 42n, 70n, 100n]);
    expect(rewardRateText(rewardRate({ poolAtoms: atoms(1n), totalWeightAtoms: atoms(16n) }, atoms(1n)))).toBe('0.07');
    expect(() => rewardRate({ poolAtoms: atoms(1n), totalWeightAtoms: atoms(0n) }, atoms(1n))).toThrow(/no shares/);
  });

  it('R20: every weight gets to the atom what dividing by Q gives it, at any width and unit, at the very edge too', () => {
    fc.assert(
      fc.property(
        anyAtoms(10n ** 77n),
        anyAtoms(10n ** 77n),
        anyAtoms(10n ** 77n),
        anyAtoms(10n ** 77n),
        fc.integer({ min: 0, max: 24 }),
        fc.integer({ min: -1, max: 1 }),
        (pool, one, others, more, decimals, beside) => {
          const largest = one + more;
          const total = largest + others;
          fc.pre(total > 0n);
          const unit = 10n ** BigInt(decimals);
          const rate = rewardRate({ poolAtoms: pool, totalWeightAtoms: atoms(total) }, atoms(largest));
          // The weights where a whole unit is just reached or just missed are where a rate can be wrong.
          const edge = pool === 0n ? 0n : (((pool * one) / (total * unit)) * unit * total) / pool + BigInt(beside);
          for (const weight of [0n, one, largest, edge].filter((each) => each >= 0n && each <= largest)) {
            const shares = { poolAtoms: pool, totalWeightAtoms: atoms(total), unitAtoms: atoms(unit) };
            expect(rewardOf(weight, rate, unit)).toBe(splitReward(shares, atoms(weight)));
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('R20: every small pool, Q, weight and unit; one place less would pay somebody too much', () => {
    let paidTooMuch = 0;
    for (let total = 1n; total <= 40n; total += 1n) {
      for (let pool = 0n; pool <= 100n; pool += 1n) {
        const rate = rewardRate({ poolAtoms: atoms(pool), totalWeightAtoms: atoms(total) }, atoms(total));
        const short = { digits: (rate.digits + 9n) / 10n, places: rate.places - 1 };
        for (let weight = 0n; weight <= total; weight += 1n) {
          for (const unit of [1n, 10n]) {
            const shares = { poolAtoms: atoms(pool), totalWeightAtoms: atoms(total), unitAtoms: atoms(unit) };
            const share = splitReward(shares, atoms(weight));
            if (rewardOf(weight, rate, unit) !== share) throw new Error(`${pool} ${total} ${weight} ${unit}`);
            if (rewardOf(weight, short, unit) !== share) paidTooMuch += 1;
          }
        }
      }
    }
    expect(paidTooMuch).toBeGreaterThan(0);
  });
});
