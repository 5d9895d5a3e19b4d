import { atoms } from './atoms.js';
import { cutToPayoutUnit, payoutUnit } from './payout-unit.js';
import { isWholeNumber } from './whole-number.js';

describe('payoutUnit', () => {
  it('R20: is what the ledger cannot divide further', () => {
    expect(payoutUnit({ decimals: 18, payoutDecimals: 8 })).toBe(10_000_000_000n);
    expect(payoutUnit({ decimals: 6, payoutDecimals: 6 })).toBe(1n);
    expect(payoutUnit({ decimals: 24, payoutDecimals: 0 })).toBe(10n ** 24n);
  });

  it('R20: a ledger finer than the chain is refused', () => {
    expect(() => payoutUnit({ decimals: 6, payoutDecimals: 8 })).toThrow(/finer/);
    expect(() => payoutUnit({ decimals: 6, payoutDecimals: -1 })).toThrow(/whole numbers/);
    expect(() => payoutUnit({ decimals: 6.5, payoutDecimals: 2 })).toThrow(/whole numbers/);
  });

  it('R20: cuts down, never up', () => {
    expect(cutToPayoutUnit(atoms(1_999n), atoms(1_000n))).toBe(1_000n);
    expect(cutToPayoutUnit(atoms(2_000n), atoms(1_000n))).toBe(2_000n);
    expect(cutToPayoutUnit(atoms(999n), atoms(1_000n))).toBe(0n);
    expect(() => cutToPayoutUnit(atoms(1n), atoms(0n))).toThrow(/at least one atom/);
  });
});

describe('isWholeNumber', () => {
  it('R1: takes counts within bounds only', () => {
    expect([isWholeNumber(1, 1, 3), isWholeNumber(3, 1, 3)]).toEqual([true, true]);
    const wrong = [0, 4, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2' as unknown as number];
    expect(wrong.map((value) => isWholeNumber(value, 1, 3))).toEqual(wrong.map(() => false));
  });
});
