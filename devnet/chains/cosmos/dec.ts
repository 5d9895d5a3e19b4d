/**
 * The Cosmos SDK's LegacyDec (cosmossdk.io/math): an integer with 18 implied decimals. Which function rounds how decides
 * the last digit of every reward, so the names are the SDK's own.
 */
export type Dec = bigint;

export const ONE: Dec = 1_000_000_000_000_000_000n;
const HALF = ONE / 2n;

export const dec = {
  fromInt: (value: bigint): Dec => value * ONE,
  /** Rounded to the nearest, a half to the even neighbour. */
  mul: (a: Dec, b: Dec): Dec => chopAndRound(a * b),
  mulTruncate: (a: Dec, b: Dec): Dec => (a * b) / ONE,
  mulInt: (a: Dec, b: bigint): Dec => a * b,
  quo: (a: Dec, b: Dec): Dec => quoOf(a, b),
  quoTruncate: (a: Dec, b: Dec): Dec => (a * ONE) / b,
  quoRoundUp: (a: Dec, b: Dec): Dec => {
    const scaled = a * ONE;
    return scaled / b + (scaled % b > 0n ? 1n : 0n);
  },
  quoInt: (a: Dec, b: bigint): Dec => a / b,
  truncateInt: (a: Dec): bigint => a / ONE,
  min: (a: Dec, b: Dec): Dec => (a < b ? a : b),
};

/** Divided at 36 places first, then rounded to 18: the nearest, a half to even. */
function quoOf(a: Dec, b: Dec): Dec {
  return chopAndRound((a * ONE * ONE) / b);
}

function chopAndRound(value: bigint): Dec {
  if (value < 0n) return -chopAndRound(-value);
  const [whole, rest] = [value / ONE, value % ONE];
  if (rest < HALF) return whole;
  if (rest > HALF) return whole + 1n;
  return whole % 2n === 0n ? whole : whole + 1n;
}

/** `0.05` as 18 implied decimals. */
export function decOf(text: string): Dec {
  const match = /^(\d+)(?:\.(\d{1,18}))?$/.exec(text);
  if (match?.[1] === undefined) throw new Error(`no decimal: ${text}`);
  return BigInt(match[1]) * ONE + BigInt((match[2] ?? '').padEnd(18, '0'));
}

/** With all 18 places, as the SDK prints it. */
export function decText(value: Dec): string {
  return `${value / ONE}.${String(value % ONE).padStart(18, '0')}`;
}
