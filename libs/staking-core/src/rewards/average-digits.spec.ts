import fc from 'fast-check';
import { numberGroups } from '../testing/number-groups.js';
import { AverageDigits } from './average-digits.js';
import { averageFromNow } from './independent-day.js';
import { KeyedSums } from './keyed-sums.js';

const DAY = 86_400_000;
const NAME = new TextEncoder().encode('u');

function sumsOf(changes: readonly (readonly [amount: bigint, factor: number])[]): KeyedSums {
  const sums = new KeyedSums();
  for (const [amount, factor] of changes) {
    const { bytes, count, highest, negative } = numberGroups(amount);
    sums.add(sums.place(NAME, 0, 1), bytes, 0, count, highest, negative ? -factor : factor);
  }
  return sums;
}

function digitsOf(now: bigint, counted: number, sums: KeyedSums, place: number): string {
  const average = new AverageDigits();
  const line = new TextEncoder().encode(`u\t${now}\n`);
  average.work(sums, place, counted, line, 2, line.length - 1);
  return new TextDecoder().decode(average.bytes.subarray(average.start, average.end));
}

/** Up to 78 digits, and what borders on a limb and on a whole number of days. */
const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 78n - 1n }),
  fc.bigInt({ min: 0n, max: 10n ** 20n }),
  fc.constantFrom(0n, 1n, 10n ** 8n - 1n, 10n ** 8n, 86_400_000n, 86_399_999n, 10n ** 16n, 10n ** 78n - 1n),
);
const counted = fc.oneof(fc.integer({ min: 0, max: DAY }), fc.constantFrom(1, DAY - 1, DAY));
const factor = fc.oneof(fc.integer({ min: -DAY, max: DAY }), fc.constantFrom(1, -1, DAY, -DAY));

describe('AverageDigits', () => {
  it('R8, R22: are the average that bigint gives, to the atom, and refused where it refuses', () => {
    const change = fc.tuple(amount, factor);
    fc.assert(
      fc.property(
        amount,
        counted,
        fc.array(change, { maxLength: 12 }),
        fc.bigInt(0n, 86_400_000n),
        (now, ms, list, off) => {
          // Half of them end near zero, where a borrow runs through all limbs.
          const sum = list.reduce((all, [one, by]) => all + one * BigInt(by), now * BigInt(ms));
          const changes = off % 2n === 0n && sum >= off ? [...list, ...takenBack(sum - off)] : list;
          const sums = sumsOf(changes);
          const place = sums.size - 1;
          let expected: string | null = null;
          try {
            expected = averageFromNow(now, [0, ms], sums, place).toString();
          } catch {
            expect(() => digitsOf(now, ms, sums, place)).toThrow('below zero');
          }
          if (expected !== null) expect(digitsOf(now, ms, sums, place)).toBe(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('R1: what is not a balance is refused', () => {
    const sums = new KeyedSums();
    const average = new AverageDigits();
    expect(() => average.work(sums, -1, DAY, new TextEncoder().encode('-1'), 0, 2)).toThrow('digits');
    expect(() => average.work(sums, -1, DAY, NAME, 0, 0)).toThrow('digits');
    expect(digitsOf(0n, DAY, sums, -1)).toBe('0');
  });
});

/** A change list that takes off exactly so much. */
function takenBack(atomsTimesMs: bigint): [bigint, number][] {
  const whole = atomsTimesMs / 86_400_000n;
  return [
    ...(whole < 10n ** 78n ? [[whole, -DAY] as [bigint, number]] : []),
    [1n, -Number(atomsTimesMs % 86_400_000n)],
  ];
}
