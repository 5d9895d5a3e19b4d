import { LosslessNumber, parse } from 'lossless-json';

/**
 * Parses JSON without losing a digit: every number arrives as a `LosslessNumber` (its source text), so no amount can
 * pass through a float by accident. Duplicate keys are an error.
 * @throws SyntaxError (or RangeError on absurd nesting)
 */
export function parseLossless(text: string): unknown {
  return parse(text, null, (digits) => new LosslessNumber(digits));
}

/** The source text of a JSON number, or null when the value is not one. */
export function numberText(value: unknown): string | null {
  return value instanceof LosslessNumber ? value.value : null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber);
}
