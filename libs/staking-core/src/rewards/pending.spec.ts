import { atoms } from '../money/atoms.js';
import { BNB_RULES, HOUR, bnb } from '../testing/samples.js';
import { pendingToday } from './pending.js';

describe('pendingToday', () => {
  const lastPaid = { paidAtoms: bnb(1n, 100n), qualifyingAtoms: bnb(100n) };

  it('R34: the average so far and the estimate from the last paid rate', () => {
    expect(
      pendingToday({
        integralSoFar: bnb(8n) * 6n * HOUR,
        integralProjected: bnb(8n) * 24n * HOUR,
        rules: BNB_RULES,
        lastPaid,
      }),
    ).toEqual({
      averageSoFarAtoms: bnb(2n),
      averageProjectedAtoms: bnb(8n),
      estimateAtoms: bnb(8n, 10_000n),
    });
  });

  it('R34: below the minimum the estimate is zero, above the cap that of the cap, in payout units', () => {
    const estimate = (average: bigint): bigint | null =>
      pendingToday({ integralSoFar: 0n, integralProjected: average * 24n * HOUR, rules: BNB_RULES, lastPaid })
        .estimateAtoms;
    expect(estimate(bnb(1n, 3n))).toBe(0n);
    expect(estimate(bnb(5_000n))).toBe(estimate(bnb(1_000n)));
    expect(estimate(bnb(2n, 3n))).toBe(66_660_000_000_000n);
  });

  it('R34: without a paid day there is no estimate; a day nobody qualified on gives none to hope for', () => {
    const input = { integralSoFar: 0n, integralProjected: bnb(8n) * 24n * HOUR, rules: BNB_RULES };
    expect(pendingToday({ ...input, lastPaid: null }).estimateAtoms).toBeNull();
    expect(
      pendingToday({ ...input, lastPaid: { paidAtoms: atoms(0n), qualifyingAtoms: atoms(0n) } }).estimateAtoms,
    ).toBe(0n);
  });
});
