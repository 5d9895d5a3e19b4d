import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { D, anyAtoms } from '../testing/samples.js';
import { releaseReward } from './release-reward.js';
import { absorbSlash, cutReleases, moveSlash } from './slash.js';
import type { SlashState } from './slash.js';

describe('moveSlash', () => {
  it('R18: only applied moves the ledger; applied and cancelled are final', () => {
    const states: SlashState[] = ['observed', 'deferred', 'applied', 'cancelled'];
    const table = states.map((from) =>
      states.map((to) => {
        const move = moveSlash(from, to);
        return move.kind === 'moved' ? (move.movesLedger ? 'ledger' : 'moved') : move.kind;
      }),
    );
    expect(table).toEqual([
      ['unchanged', 'moved', 'ledger', 'moved'],
      ['refused', 'unchanged', 'ledger', 'moved'],
      ['refused', 'refused', 'unchanged', 'refused'],
      ['refused', 'refused', 'refused', 'unchanged'],
    ]);
    expect(moveSlash('applied', 'observed')).toEqual({ kind: 'refused', code: 'SLASH_STATE' });
  });
});

describe('absorbSlash', () => {
  const cover = {
    amountAtoms: atoms(100n),
    unreleasedAtoms: atoms(30n),
    reserveAtoms: atoms(50n),
    treasuryAtoms: atoms(15n),
    fromUnreleased: true,
  };

  it('R18: unreleased rewards, then the reserve, then the treasury', () => {
    expect(absorbSlash(cover)).toEqual({
      unreleasedAtoms: 30n,
      reserveAtoms: 50n,
      treasuryAtoms: 20n,
      treasuryShortfallAtoms: 5n,
    });
    expect(absorbSlash({ ...cover, amountAtoms: atoms(20n) })).toEqual({
      unreleasedAtoms: 20n,
      reserveAtoms: 0n,
      treasuryAtoms: 0n,
      treasuryShortfallAtoms: 0n,
    });
    expect(absorbSlash({ ...cover, amountAtoms: atoms(95n) })).toMatchObject({
      treasuryAtoms: 15n,
      treasuryShortfallAtoms: 0n,
    });
    expect(absorbSlash({ ...cover, fromUnreleased: false })).toMatchObject({
      unreleasedAtoms: 0n,
      reserveAtoms: 50n,
      treasuryAtoms: 50n,
    });
  });

  it('R18: the three add up to the slash', () => {
    fc.assert(
      fc.property(
        anyAtoms(),
        anyAtoms(),
        anyAtoms(),
        anyAtoms(),
        fc.boolean(),
        (amountAtoms, unreleasedAtoms, reserveAtoms, treasuryAtoms, fromUnreleased) => {
          const absorbed = absorbSlash({ amountAtoms, unreleasedAtoms, reserveAtoms, treasuryAtoms, fromUnreleased });
          expect(absorbed.unreleasedAtoms + absorbed.reserveAtoms + absorbed.treasuryAtoms).toBe(amountAtoms);
          expect(absorbed.unreleasedAtoms <= unreleasedAtoms && absorbed.reserveAtoms <= reserveAtoms).toBe(true);
          expect(absorbed.treasuryShortfallAtoms > 0n).toBe(absorbed.treasuryAtoms > treasuryAtoms);
        },
      ),
    );
  });
});

describe('cutReleases', () => {
  it('R18: takes from the furthest day first', () => {
    const parts = releaseReward(atoms(90n), D, 3);
    expect(cutReleases(parts, atoms(40n)).map((part) => part.amountAtoms)).toEqual([30n, 20n, 0n]);
    expect(cutReleases([...parts].reverse(), atoms(40n)).map((part) => part.amountAtoms)).toEqual([0n, 20n, 30n]);
    expect(cutReleases(parts, atoms(0n))).toEqual(parts);
    expect(cutReleases(parts, atoms(90n)).map((part) => part.amountAtoms)).toEqual([0n, 0n, 0n]);
    expect(() => cutReleases(parts, atoms(91n))).toThrow(/more is absorbed/);
  });

  it('R18: of one day the later part gives first', () => {
    const twice = releaseReward(atoms(60n), D, 2).map((part) => ({ ...part, day: D }));
    expect(cutReleases(twice, atoms(10n)).map((part) => part.amountAtoms)).toEqual([30n, 20n]);
  });
});
