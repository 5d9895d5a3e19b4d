const MASK = 0xffffffffffffffffn;

/** FNV-1a, 64 bits, of the UTF-8 text. */
function hash64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text, 'utf8')) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  return hash;
}

/**
 * Repeatable randomness in whole numbers (splitmix64): the same words give the same draws on every machine. Each
 * person's day has words of its own, so one more user changes nobody else's day.
 */
export class SeededRandom {
  private state: bigint;

  constructor(...words: readonly (string | number)[]) {
    this.state = hash64(words.join('|'));
  }

  private next64(): bigint {
    this.state = (this.state + 0x9e3779b97f4a7c15n) & MASK;
    let mixed = this.state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return mixed ^ (mixed >> 31n);
  }

  /** 0n … bound - 1n; bound at most 2^64. */
  below(bound: bigint): bigint {
    return (this.next64() * bound) >> 64n;
  }

  /** from … to, both included; not for money. */
  int(from: number, to: number): number {
    return from + Number(this.below(BigInt(to - from + 1)));
  }

  chance(times: number, outOf: number): boolean {
    return this.int(1, outOf) <= times;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] ?? items[0];
  }
}
