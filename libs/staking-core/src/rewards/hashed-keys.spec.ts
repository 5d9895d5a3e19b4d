import { HashedKeys, NONE } from './hashed-keys.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function of(notes: HashedKeys, key: string): number {
  const bytes = bytesOf(`before${key}after`);
  return notes.get(bytes, 6, bytes.length - 5);
}

describe('HashedKeys', () => {
  it('R22: keeps the last note of each of many keys that differ in a digit or in their order, and of no other', () => {
    const notes = new HashedKeys();
    const keys = Array.from({ length: 50_000 }, (_, n) => [`u${n}`, `${n}u`, `acct-${n * 7919}-é`, `${n}`]).flat();
    keys.forEach((key, n) => {
      const bytes = bytesOf(key);
      notes.set(bytes, 0, bytes.length, n + 1);
      if (n % 2 === 0) notes.set(bytes, 0, bytes.length, n);
    });
    expect(notes.size).toBe(keys.length);
    expect(keys.filter((key, n) => of(notes, key) !== n + (n % 2))).toEqual([]);
    expect(keys.filter((key) => of(notes, `${key}x`) !== NONE)).toEqual([]);
    expect(of(notes, '')).toBe(NONE);
  });
});
