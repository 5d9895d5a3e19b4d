import { ATOMS_LIMIT, ZERO_ATOMS, atoms, greaterOf, isAtoms, lesserOf, signedAtoms, sumAtoms } from './atoms.js';
import { InvariantViolation, invariant } from './invariant.js';

describe('atoms', () => {
  it('R1: takes every amount of 78 digits and nothing beyond', () => {
    expect(atoms(0n)).toBe(0n);
    expect(atoms(ATOMS_LIMIT - 1n).toString()).toHaveLength(78);
    expect(() => atoms(ATOMS_LIMIT)).toThrow(/78 digits/);
    expect(() => atoms(-1n)).toThrow(/never negative.*value=-1/);
  });

  it('R1: a change has a sign and the same width', () => {
    expect(signedAtoms(1n - ATOMS_LIMIT)).toBe(1n - ATOMS_LIMIT);
    expect(signedAtoms(ATOMS_LIMIT - 1n)).toBe(ATOMS_LIMIT - 1n);
    expect(() => signedAtoms(-ATOMS_LIMIT)).toThrow(InvariantViolation);
    expect(() => signedAtoms(ATOMS_LIMIT)).toThrow(/78 digits/);
  });

  it('R1: no floating point comes in, not even a whole one', () => {
    expect(() => atoms(5 as unknown as bigint)).toThrow(/is a bigint/);
    expect(() => signedAtoms('5' as unknown as bigint)).toThrow(/is a bigint/);
    expect(isAtoms(5)).toBe(false);
  });

  it('R1: isAtoms says the same as atoms', () => {
    expect([isAtoms(0n), isAtoms(ATOMS_LIMIT - 1n), isAtoms(ATOMS_LIMIT), isAtoms(-1n)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('R1: sums and comparisons', () => {
    expect(sumAtoms([atoms(1n), atoms(2n)])).toBe(3n);
    expect(sumAtoms([])).toBe(ZERO_ATOMS);
    expect(() => sumAtoms([atoms(ATOMS_LIMIT - 1n), atoms(1n)])).toThrow(InvariantViolation);
    expect([lesserOf(atoms(1n), atoms(2n)), lesserOf(atoms(2n), atoms(1n))]).toEqual([1n, 1n]);
    expect([greaterOf(atoms(1n), atoms(2n)), greaterOf(atoms(2n), atoms(1n))]).toEqual([2n, 2n]);
  });
});

describe('invariant', () => {
  it('R1: a violation names the numbers that disagree', () => {
    expect(() => invariant(true, 'fine')).not.toThrow();
    try {
      invariant(false, 'off', { left: 1n, right: 2n, who: null });
      throw new Error('not reached');
    } catch (error) {
      expect(error).toBeInstanceOf(InvariantViolation);
      const violation = error as InvariantViolation;
      expect(violation.code).toBe('INVARIANT_VIOLATION');
      expect(violation.name).toBe('InvariantViolation');
      expect(violation.message).toBe('off (left=1, right=2, who=null)');
      expect(violation.facts).toEqual({ left: '1', right: '2', who: 'null' });
    }
    expect(() => invariant(false, 'bare')).toThrow(/^bare$/);
  });
});
