/**
 * Amounts as this core keeps them: whole numbers of the token's smallest unit in code, decimal strings at the edge
 * (R1). Written apart from the product's own money code on purpose: two that agree by accident prove nothing.
 */
const GRAMMAR = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/**
 * @param text whole tokens, for example `1.5`; no sign, exponent, spaces or leading zeros
 * @returns atoms, or undefined when the text is not an amount or is finer than `decimals`
 */
export function parseAmount(text: string, decimals: number): bigint | undefined {
  const match = text.length <= 80 ? GRAMMAR.exec(text) : null;
  if (!match || match[1] === '-') return undefined;
  const fraction = match[3] ?? '';
  if (fraction.length > decimals) return undefined;
  return BigInt(match[2]! + fraction.padEnd(decimals, '0'));
}

/** The shortest decimal string of `atoms`: no trailing zeros, so equal amounts are equal texts. */
export function formatAmount(atoms: bigint, decimals: number): string {
  const sign = atoms < 0n ? '-' : '';
  const digits = (atoms < 0n ? -atoms : atoms).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return sign + whole + (fraction ? `.${fraction}` : '');
}

/** An amount written in this program's own source; throws when it is mistyped. */
export function amountOf(text: string, decimals: number): bigint {
  const atoms = parseAmount(text, decimals);
  if (atoms === undefined) throw new Error(`${text} is not an amount with at most ${decimals} decimals`);
  return atoms;
}
