import { invariant } from './invariant.js';
import { isWholeNumber } from './whole-number.js';
import { atoms, signedAtoms } from './atoms.js';
import type { Atoms, SignedAtoms } from './atoms.js';

/** Atoms -> the one canonical decimal string in whole tokens: no trailing zeros, no exponent. Inverse of `parseAmount`. */
export function formatAmount(amount: Atoms, decimals: number): string {
  return digits(atoms(amount), decimals);
}

/** The same with a leading minus for negative changes. */
export function formatSignedAmount(amount: SignedAtoms, decimals: number): string {
  const value = signedAtoms(amount);
  return value < 0n ? `-${digits(-value, decimals)}` : digits(value, decimals);
}

function digits(value: bigint, decimals: number): string {
  invariant(isWholeNumber(decimals, 0, 77), 'decimals is a whole number up to 77', {
    decimals,
  });
  const padded = value.toString().padStart(decimals + 1, '0');
  const whole = padded.slice(0, padded.length - decimals);
  const fraction = padded.slice(padded.length - decimals).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
