/** How a change arrives: sign apart, groups of four decimal digits of 16 bits each, no zero groups at either end. */
export interface NumberGroups {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** The first group stands for multiples of 10^(4 x this). */
  readonly highest: number;
  readonly negative: boolean;
}

// eslint-disable-next-line no-restricted-syntax
const groupOf = (group: bigint): number => Number(group);

export function numberGroups(value: bigint): NumberGroups {
  const negative = value < 0n;
  const groups: number[] = [];
  for (let rest = negative ? -value : value; rest > 0n; rest /= 10_000n) groups.unshift(groupOf(rest % 10_000n));
  const highest = groups.length - 1;
  while (groups.at(-1) === 0) groups.pop();
  return {
    bytes: new Uint8Array(groups.flatMap((group) => [group >> 8, group & 255])),
    count: groups.length,
    highest,
    negative,
  };
}
