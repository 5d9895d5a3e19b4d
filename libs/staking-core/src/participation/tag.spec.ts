import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { bnb, shuffled } from '../testing/samples.js';
import { tagFor } from './tag.js';
import type { TagCandidate } from './tag.js';

const coin = (token: string, counted: bigint, price: string | null, minimum = 1n, decimals = 2): TagCandidate => ({
  token,
  decimals,
  countedAtoms: atoms(counted),
  minAtoms: atoms(minimum),
  price,
});

describe('tagFor', () => {
  it('R12: the token worth most among those at or above their minimum', () => {
    const tokens = [coin('ADA', 100_00n, '0.5'), coin('SOL', 2_00n, '150.25'), coin('DOT', 500_00n, '9', 501_00n)];
    expect(tagFor(tokens, true)).toEqual({ token: 'SOL', colour: 'yellow' });
    expect(tagFor(tokens, false)).toEqual({ token: 'SOL', colour: 'grey' });
  });

  it('R12: the minimum itself is enough; below it there is no tag', () => {
    expect(tagFor([coin('SOL', 5n, '1', 5n)], true)).toEqual({ token: 'SOL', colour: 'yellow' });
    expect(tagFor([coin('SOL', 4n, '1', 5n)], true)).toBeNull();
    expect(tagFor([coin('SOL', 0n, '1', 0n)], true)).toBeNull();
    expect(tagFor([], true)).toBeNull();
  });

  it('R12: values are compared across different decimals, exactly', () => {
    const tokens = [
      { ...coin('BNB', 0n, '600'), countedAtoms: bnb(1n), decimals: 18 },
      coin('ADA', 600_000_001n, '1', 1n, 6),
    ];
    expect(tagFor(tokens, true)?.token).toBe('ADA');
    expect(
      tagFor(
        tokens.map((one) => (one.token === 'ADA' ? { ...one, countedAtoms: atoms(599_999_999n) } : one)),
        true,
      )?.token,
    ).toBe('BNB');
  });

  it('R12: equal worth goes by symbol', () => {
    expect(tagFor([coin('SOL', 10n, '1'), coin('ADA', 10n, '1'), coin('BNB', 5n, '2')], true)?.token).toBe('ADA');
  });

  it('R12: without a price by balance over minimum, after those with one', () => {
    const unpriced = [coin('ADA', 300n, null, 100n), coin('SOL', 8n, null, 2n)];
    expect(tagFor(unpriced, true)?.token).toBe('SOL');
    expect(tagFor([...unpriced, coin('TON', 1n, '0.000000000000000001')], true)?.token).toBe('TON');
    expect(() => tagFor([coin('SOL', 9n, 'x'), coin('ADA', 9n, '1')], true)).toThrow(/price/);
  });

  it('R12: the order tokens are listed in does not matter', () => {
    const anyCoin = fc.record({ n: fc.nat(20), min: fc.bigInt({ min: 1n, max: 9n }), price: fc.option(fc.nat(5)) });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyCoin, { selector: (one) => one.n, maxLength: 6 }).chain((made) => {
          const coins = made.map(({ n, min, price }) =>
            coin(`T${n}`, BigInt(n), price === null ? null : `${price}`, min),
          );
          return fc.tuple(fc.constant(coins), shuffled(coins));
        }),
        ([coins, reordered]) => expect(tagFor(reordered, true)).toEqual(tagFor(coins, true)),
      ),
    );
  });
});
