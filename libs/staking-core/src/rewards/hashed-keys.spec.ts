import { HashedKeys, NONE } from './hashed-keys.js';
import { KEYS_AT_ONCE, KeyHashes } from './key-hashes.js';

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

  it('R22: many keys at once have the values that each has by itself, those that are not there none', () => {
    const notes = new HashedKeys();
    const hashes = new KeyHashes();
    const values = new Int32Array(KEYS_AT_ONCE);
    const keys = Array.from({ length: 40 * KEYS_AT_ONCE }, (_, n) => `u${n}`);
    keys.forEach((key, n) => {
      if (n % 3 > 0) notes.set(bytesOf(key), 0, key.length, n);
    });
    for (let first = 0; first < keys.length; first += KEYS_AT_ONCE) {
      hashes.clear();
      const some = keys.slice(first, first + KEYS_AT_ONCE);
      for (const key of some) hashes.add(bytesOf(`${key}.`), 0, key.length);
      notes.getEach(hashes, values);
      expect([...values]).toEqual(some.map((_key, at) => ((first + at) % 3 > 0 ? first + at : NONE)));
    }
    expect(() => hashes.add(bytesOf('u'), 0, 1)).toThrow('at once');
  });
});
