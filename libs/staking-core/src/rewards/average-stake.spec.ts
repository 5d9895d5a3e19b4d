import fc from 'fast-check';
import { atoms, signedAtoms } from '../money/atoms.js';
import { DAY_MS } from '../time/utc-day.js';
import { D, END, HOUR, START, anyDay, shuffled } from '../testing/samples.js';
import { averageActiveStake } from './average-stake.js';

const flow = (ms: bigint, delta: bigint) => ({ atMs: START + ms, deltaAtoms: signedAtoms(delta) });

describe('averageActiveStake', () => {
  it('R16: S is time-weighted: 100 all day, 20 more from 18:00 on, is 105', () => {
    expect(averageActiveStake(D, atoms(100n), [flow(18n * HOUR, 20n)])).toBe(105n);
    expect(averageActiveStake(D, atoms(100n), [])).toBe(100n);
    expect(averageActiveStake(D, atoms(0n), [flow(0n, 7n)])).toBe(7n);
  });

  it('R16: several flows, rounded down', () => {
    expect(averageActiveStake(D, atoms(10n), [flow(12n * HOUR, -10n), flow(18n * HOUR, 4n)])).toBe(6n);
    expect(averageActiveStake(D, atoms(1n), [flow(DAY_MS - 1n, -1n)])).toBe(0n);
  });

  it('R16: a flow of another day and a negative stake are mistakes', () => {
    expect(() => averageActiveStake(D, atoms(9n), [{ atMs: END, deltaAtoms: signedAtoms(1n) }])).toThrow(
      /belongs to the day/,
    );
    expect(() => averageActiveStake(D, atoms(9n), [{ atMs: START - 1n, deltaAtoms: signedAtoms(1n) }])).toThrow(
      /belongs to the day/,
    );
    expect(() => averageActiveStake(D, atoms(9n), [flow(HOUR, -10n), flow(2n * HOUR, 99n)])).toThrow(/never negative/);
    expect(() => averageActiveStake(D, atoms(9n), [flow(HOUR, -10n)])).toThrow(/never negative/);
  });

  it('R16: flows within one millisecond only count together', () => {
    expect(averageActiveStake(D, atoms(0n), [flow(HOUR, -5n), flow(HOUR, 5n)])).toBe(0n);
  });

  it('R16: any order of the flows gives the same, and it is opening x T + sum of delta x (T - t), over T', () => {
    fc.assert(
      fc.property(
        anyDay().chain((day) => fc.tuple(fc.constant(day), shuffled(day.changes))),
        ([{ opening, changes }, reordered]) => {
          const integral = changes.reduce((sum, one) => sum + one.deltaAtoms * (END - one.atMs), opening * DAY_MS);
          expect(averageActiveStake(D, opening, reordered)).toBe(integral / DAY_MS);
        },
      ),
    );
  });
});
