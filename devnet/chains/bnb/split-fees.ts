/** Splits `amount` by weight, rounding down; the last with any weight takes what is left, so the parts add up exactly. */
export function splitByWeight(amount: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total <= 0n) throw new Error('no validator to give the fees to');
  const parts = weights.map((weight) => (amount * weight) / total);
  const lastIndex = weights.findLastIndex((weight) => weight > 0n);
  const given = parts.reduce((sum, part) => sum + part, 0n);
  return parts.map((part, i) => (i === lastIndex ? part + amount - given : part));
}
