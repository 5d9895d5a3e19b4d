import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { anyAtoms } from '../testing/samples.js';
import { poolOfDay } from './pool.js';
import type { PoolInput } from './pool.js';

const input = (change: Partial<PoolInput>): PoolInput => ({
  releasedAtoms: atoms(1_000n),
  qualifyingAtoms: atoms(60n),
  stakeAtoms: atoms(80n),
  feeBps: 0,
  leftoverBeforeAtoms: atoms(0n),
  boostAtoms: atoms(0n),
  ...change,
});

describe('poolOfDay', () => {
  it('R16: users whose coins make 60 of 80 staked get 750 of 1000', () => {
    expect(poolOfDay(input({}))).toEqual({
      poolPartAtoms: 750n,
      feeAtoms: 0n,
      treasuryPartAtoms: 250n,
      poolAtoms: 750n,
    });
  });

  it('R16: more coins than stake get all of it, never more', () => {
    expect(poolOfDay(input({ qualifyingAtoms: atoms(80n) }))).toMatchObject({
      poolPartAtoms: 1_000n,
      treasuryPartAtoms: 0n,
    });
    expect(poolOfDay(input({ qualifyingAtoms: atoms(9_999n) }))).toMatchObject({
      poolPartAtoms: 1_000n,
      treasuryPartAtoms: 0n,
    });
    expect(poolOfDay(input({ qualifyingAtoms: atoms(79n) })).poolPartAtoms).toBe(987n);
  });

  it('R16: nobody qualifies: all to the treasury; no stake but users: all to the users', () => {
    expect(poolOfDay(input({ qualifyingAtoms: atoms(0n) }))).toMatchObject({
      poolPartAtoms: 0n,
      treasuryPartAtoms: 1_000n,
    });
    expect(poolOfDay(input({ qualifyingAtoms: atoms(0n), stakeAtoms: atoms(0n) }))).toMatchObject({
      poolPartAtoms: 0n,
      treasuryPartAtoms: 1_000n,
    });
    expect(poolOfDay(input({ stakeAtoms: atoms(0n) }))).toMatchObject({ poolPartAtoms: 1_000n, treasuryPartAtoms: 0n });
  });

  it('R16: the fee is taken of the users part only, and shown apart', () => {
    expect(poolOfDay(input({ feeBps: 1_000 }))).toEqual({
      poolPartAtoms: 675n,
      feeAtoms: 75n,
      treasuryPartAtoms: 250n,
      poolAtoms: 675n,
    });
    expect(poolOfDay(input({ feeBps: 10_000 }))).toMatchObject({ poolPartAtoms: 0n, feeAtoms: 750n });
    expect(poolOfDay(input({ feeBps: 500, qualifyingAtoms: atoms(0n) }))).toMatchObject({
      feeAtoms: 0n,
      treasuryPartAtoms: 1_000n,
    });
    expect(poolOfDay(input({ feeBps: 1, releasedAtoms: atoms(3n) }))).toMatchObject({
      poolPartAtoms: 2n,
      feeAtoms: 0n,
      treasuryPartAtoms: 1n,
    });
    for (const feeBps of [-1, 10_001, 1.5]) expect(() => poolOfDay(input({ feeBps }))).toThrow(/basis points/);
  });

  it('R17: the pool is pool part + leftover of the day before + boosts', () => {
    expect(poolOfDay(input({ leftoverBeforeAtoms: atoms(3n), boostAtoms: atoms(20n) })).poolAtoms).toBe(773n);
  });

  it('R17: a day with no pool is a day like any other', () => {
    expect(poolOfDay(input({ releasedAtoms: atoms(0n) }))).toEqual({
      poolPartAtoms: 0n,
      feeAtoms: 0n,
      treasuryPartAtoms: 0n,
      poolAtoms: 0n,
    });
  });

  it('R16: nothing is made or lost at any width; more qualifying coins never lower the pool part', () => {
    const fee = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(
        anyAtoms(10n ** 77n),
        anyAtoms(10n ** 77n),
        anyAtoms(10n ** 77n),
        anyAtoms(10n ** 20n),
        fee,
        (released, q, s, more, feeBps) => {
          const pool = poolOfDay(input({ releasedAtoms: released, qualifyingAtoms: q, stakeAtoms: s, feeBps }));
          expect(pool.poolPartAtoms + pool.feeAtoms + pool.treasuryPartAtoms).toBe(released);
          expect(pool.poolPartAtoms * s <= released * q || s < q).toBe(true);
          const wider = poolOfDay(
            input({ releasedAtoms: released, qualifyingAtoms: atoms(q + more), stakeAtoms: s, feeBps }),
          );
          expect(wider.poolPartAtoms).toBeGreaterThanOrEqual(pool.poolPartAtoms);
        },
      ),
    );
  });
});
