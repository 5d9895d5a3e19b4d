/** The digits of a whole number that is not negative, as bytes. */
export function decimalBytes(value: bigint): Uint8Array {
  return new TextEncoder().encode(value.toString());
}

/** Which of two numbers is larger, by their digits alone: `bytes[start, end)` against `other`, neither with zeros in front. */
export function compareDigits(bytes: Uint8Array, start: number, end: number, other: Uint8Array): number {
  if (end - start !== other.length) return end - start - other.length;
  for (let at = start; at < end; at += 1) {
    const difference = (bytes[at] as number) - (other[at - start] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
