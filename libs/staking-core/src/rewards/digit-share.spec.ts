import fc from 'fast-check';
import { decimalBytes } from './decimal-bytes.js';
import { DigitShare } from './digit-share.js';
import { ShareOf } from './independent-day.js';

const UNITS = [1n, 10n, 10_000_000n, 10n ** 10n, 10n ** 16n];
const amount = (digits: number) =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: 10n ** BigInt(digits) - 1n }),
    fc.bigInt({ min: 0n, max: 10n ** 20n }),
    fc.constantFrom(0n, 1n, 9_999_999n, 10_000_000n, 10n ** 14n - 1n, 10n ** BigInt(digits) - 1n),
  );

function is(share: DigitShare, weight: bigint, reward: bigint): boolean {
  const bytes = new Uint8Array([...decimalBytes(weight), 9, ...decimalBytes(reward)]);
  const tab = bytes.indexOf(9);
  return share.is(bytes, 0, tab, tab + 1, bytes.length);
}

describe('DigitShare', () => {
  it('R20: says what bigint says, of the right reward, of its neighbours, and of any other, up to 78 digits', () => {
    fc.assert(
      fc.property(
        amount(78),
        amount(77).map((one) => one + 1n),
        amount(78),
        amount(78),
        fc.constantFrom(...UNITS),
        fc.bigInt({ min: -2n, max: 2n }),
        (poolAtoms, qualifyingAtoms, weight, other, unit, off) => {
          const decimals = unit.toString().length - 1;
          const rules = { decimals, payoutDecimals: 0, minAtoms: 0n, capAtoms: 0n, feeBps: 0 };
          const plain = new ShareOf(rules as never, { poolAtoms, qualifyingAtoms });
          const share = new DigitShare(poolAtoms, qualifyingAtoms, unit);
          const exact = (poolAtoms * weight) / qualifyingAtoms;
          const floor = exact - (exact % unit);
          const rewards = [floor, floor + off * unit, floor + off, other].filter(
            (one) => one >= 0n && one < 10n ** 78n,
          );
          for (const reward of rewards) expect(is(share, weight, reward)).toBe(plain.is(reward, weight));
          if (floor < 10n ** 78n) expect(is(share, weight, floor)).toBe(true);
          expect(share.rewardAtoms).toBe(rewards.reduce((sum, one) => sum + one, floor < 10n ** 78n ? floor : 0n));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('R1: a hundred thousand of the largest weights add up to the atom', () => {
    const largest = 10n ** 78n - 1n;
    const share = new DigitShare(1n, largest, 1n);
    for (let count = 0; count < 100_000; count += 1) is(share, largest, 0n);
    expect(share.weightAtoms).toBe(largest * 100_000n);
    expect(share.rewardAtoms).toBe(0n);
  });

  it('R19: what is not digits is refused', () => {
    const share = new DigitShare(1n, 1n, 1n);
    const bad = (text: string) => () => {
      const bytes = new TextEncoder().encode(text);
      return share.is(bytes, 0, bytes.length, 0, 1);
    };
    expect(bad('')).toThrow(/digits/);
    expect(bad('1.5')).toThrow(/made of digits/);
    expect(bad('-1')).toThrow(/made of digits/);
    expect(bad('1'.repeat(85))).toThrow(/1 to 84/);
  });
});
