import fc from 'fast-check';
import { numberGroups } from '../testing/number-groups.js';
import { KeyedSums, NO_NOTE } from './keyed-sums.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function add(sums: KeyedSums, key: string, amount: bigint, factor: number): number {
  const name = bytesOf(key);
  const place = sums.place(name, 0, name.length);
  const { bytes, count, highest, negative } = numberGroups(amount);
  sums.add(place, bytes, 0, count, highest, negative ? -factor : factor);
  return place;
}

const DAY = 86_400_000;
/** Up to 78 digits, both signs, and what borders on a limb. */
const number = fc.oneof(
  fc.bigInt({ min: -(10n ** 78n) + 1n, max: 10n ** 78n - 1n }),
  fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }),
  fc.constantFrom(0n, 1n, -1n, 99_999_999n, 100_000_000n, -99_999_999n, 10n ** 16n - 1n, 10n ** 78n - 1n),
);
const factor = fc.oneof(fc.integer({ min: -DAY, max: DAY }), fc.constantFrom(0, 1, -1, DAY, -DAY, DAY - 1));

describe('KeyedSums', () => {
  it('R1, R22: adds 78-digit numbers times milliseconds like bigint does, to the atom, however wide and in any order', () => {
    const line = fc.record({ key: fc.constantFrom('a', 'b', 'ab', 'ä', ''), number, factor });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const sums = new KeyedSums();
        const expected = new Map<string, bigint>();
        for (const one of lines) {
          add(sums, one.key, one.number, one.factor);
          expected.set(one.key, (expected.get(one.key) ?? 0n) + one.number * BigInt(one.factor));
        }
        for (const [key, sum] of expected) {
          const bytes = bytesOf(key);
          expect(sums.sum(sums.find(bytes, 0, bytes.length))).toBe(sum);
        }
        expect(sums.size).toBe(expected.size);
      }),
      { numRuns: 300 },
    );
  });

  it('R1: the largest products stay exact over a hundred thousand additions', () => {
    const sums = new KeyedSums();
    const largest = 10n ** 78n - 1n;
    let place = 0;
    for (let count = 0; count < 100_000; count += 1) place = add(sums, 'whale', largest, count % 3 === 2 ? -DAY : DAY);
    expect(sums.sum(place)).toBe(largest * BigInt(DAY) * 33_334n);
  });

  it('R22: keeps every key apart while it grows and widens, and finds none it was not given', () => {
    const sums = new KeyedSums();
    for (let user = 0; user < 20_000; user += 1) {
      const place = add(sums, `u${user}`, BigInt(user) * (user === 9_000 ? 10n ** 70n : 1n), 7);
      expect(place).toBe(user);
      sums.setNote(place, user === 17 ? 3 : NO_NOTE);
    }
    for (let user = 0; user < 20_000; user += 1) {
      const key = bytesOf(`u${user}`);
      const place = sums.find(key, 0, key.length);
      expect(sums.sum(place)).toBe(BigInt(user) * (user === 9_000 ? 10n ** 70n : 1n) * 7n);
      expect(sums.note(place)).toBe(user === 17 ? 3 : NO_NOTE);
    }
    expect(sums.find(bytesOf('u20000'), 0, 6)).toBe(-1);
    expect(sums.bytes).toBeLessThan(20_000 * 400);
  });

  it('R19: what is not a number is refused, never read as zero', () => {
    const sums = new KeyedSums();
    const bad =
      (groups: number[], highest: number, by = 1) =>
      () =>
        sums.add(sums.place(bytesOf('u'), 0, 1), new Uint8Array(groups), 0, groups.length / 2, highest, by);
    expect(bad([0, 1], -1)).toThrow(/is whole/);
    expect(bad([0, 1, 0, 1], 0)).toThrow(/is whole/);
    expect(bad([39, 16], 0)).toThrow(/four digits/);
    expect(bad([0, 1, 255, 255], 1)).toThrow(/four digits/);
    expect(bad([0, 1], 0, DAY + 1)).toThrow(/milliseconds of a day/);
    expect(bad([0, 1], 0, NaN)).toThrow(/milliseconds of a day/);
    expect(bad([39, 15], 0)).not.toThrow();
  });
});
