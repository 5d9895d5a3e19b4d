import { invariant } from './invariant.js';

declare const signedBrand: unique symbol;
declare const unsignedBrand: unique symbol;

/** A change of an amount: |x| < 10^78, so that it fits `numeric(78,0)` (R1). */
export type SignedAtoms = bigint & { readonly [signedBrand]: 'SignedAtoms' };

/** An amount in the smallest unit on chain: 0 <= x < 10^78 (R1). Every `Atoms` is also a `SignedAtoms`. */
export type Atoms = SignedAtoms & { readonly [unsignedBrand]: 'Atoms' };

/** First value that no longer fits `numeric(78,0)`. */
export const ATOMS_LIMIT = 10n ** 78n;

/** @throws InvariantViolation when negative or not below 10^78. */
export function atoms(value: bigint): Atoms {
  invariant(typeof value === 'bigint', 'an amount of atoms is a bigint (R1)', { type: typeof value });
  invariant(value >= 0n, 'an amount of atoms is never negative', { value });
  invariant(value < ATOMS_LIMIT, 'an amount of atoms has at most 78 digits (R1)', { value });
  return value as Atoms;
}

/** @throws InvariantViolation when |value| is not below 10^78. */
export function signedAtoms(value: bigint): SignedAtoms {
  invariant(typeof value === 'bigint', 'an amount of atoms is a bigint (R1)', { type: typeof value });
  invariant(value < ATOMS_LIMIT && value > -ATOMS_LIMIT, 'a change in atoms has at most 78 digits (R1)', { value });
  return value as SignedAtoms;
}

export const ZERO_ATOMS: Atoms = atoms(0n);

export function isAtoms(value: unknown): value is Atoms {
  return typeof value === 'bigint' && value >= 0n && value < ATOMS_LIMIT;
}

export function sumAtoms(values: Iterable<Atoms>): Atoms {
  let sum = 0n;
  for (const value of values) sum += value;
  return atoms(sum);
}

export function lesserOf(a: Atoms, b: Atoms): Atoms {
  return a < b ? a : b;
}

export function greaterOf(a: Atoms, b: Atoms): Atoms {
  return a > b ? a : b;
}
