import { ATOMS_LIMIT, atoms, signedAtoms } from './atoms.js';
import type { Atoms, SignedAtoms } from './atoms.js';
import { invariant } from './invariant.js';
import { isWholeNumber } from './whole-number.js';

export type AmountErrorCode =
  'AMOUNT_NOT_STRING' | 'AMOUNT_FORMAT' | 'AMOUNT_NEGATIVE' | 'AMOUNT_PRECISION' | 'AMOUNT_RANGE';

export interface AmountRefusal {
  readonly ok: false;
  readonly code: AmountErrorCode;
  /** Safe to show: quotes at most 40 characters of the input. */
  readonly detail: string;
}

export type ParsedAmount = { readonly ok: true; readonly atoms: Atoms } | AmountRefusal;
export type ParsedSignedAmount = { readonly ok: true; readonly atoms: SignedAtoms } | AmountRefusal;

const UNSIGNED = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/** R1: a decimal string in whole tokens -> atoms. Exact or refused, never rounded.
 *  Grammar `^(0|[1-9][0-9]*)(\.[0-9]{1,decimals})?$`: no sign, exponent, separators, spaces or leading zeros. */
export function parseAmount(input: unknown, decimals: number): ParsedAmount {
  if (typeof input !== 'string') return notString(input);
  if (input.startsWith('-')) {
    return UNSIGNED.test(input.slice(1))
      ? refuse('AMOUNT_NEGATIVE', `${quoted(input)} is negative`)
      : refuse('AMOUNT_FORMAT', `${quoted(input)} is not a decimal amount such as "1.5"`);
  }
  const value = magnitude(input, decimals);
  return typeof value === 'bigint' ? { ok: true, atoms: atoms(value) } : value;
}

/** The same with an optional leading minus, for changes of a balance. `-0` is refused: zero has one spelling. */
export function parseSignedAmount(input: unknown, decimals: number): ParsedSignedAmount {
  if (typeof input !== 'string') return notString(input);
  const negative = input.startsWith('-');
  const value = magnitude(negative ? input.slice(1) : input, decimals);
  if (typeof value !== 'bigint') return value;
  if (negative && value === 0n) return refuse('AMOUNT_FORMAT', 'zero has no sign');
  return { ok: true, atoms: signedAtoms(negative ? -value : value) };
}

function magnitude(text: string, decimals: number): bigint | AmountRefusal {
  invariant(isWholeNumber(decimals, 0, 77), 'decimals is a whole number up to 77', {
    decimals,
  });
  const match = UNSIGNED.exec(text);
  if (match === null) return refuse('AMOUNT_FORMAT', `${quoted(text)} is not a decimal amount such as "1.5"`);
  const whole = match[1] ?? '';
  const fraction = match[2] ?? '';
  // Length first: BigInt() of a megabyte of digits would cost seconds.
  if (whole.length > 78) return refuse('AMOUNT_RANGE', `an amount of ${whole.length} digits is out of range`);
  if (fraction.length > decimals) {
    return refuse('AMOUNT_PRECISION', `${quoted(text)} has more than ${decimals} decimals`);
  }
  const value = BigInt(whole + fraction.padEnd(decimals, '0'));
  if (value >= ATOMS_LIMIT) return refuse('AMOUNT_RANGE', `${quoted(text)} is out of range`);
  return value;
}

function notString(input: unknown): AmountRefusal {
  return refuse(
    'AMOUNT_NOT_STRING',
    `an amount is a string such as "1.5", not ${input === null ? 'null' : typeof input}`,
  );
}

function refuse(code: AmountErrorCode, detail: string): AmountRefusal {
  return { ok: false, code, detail };
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
