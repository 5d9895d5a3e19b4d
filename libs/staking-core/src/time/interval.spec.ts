import fc from 'fast-check';
import {
  clip,
  dayInterval,
  intersect,
  interval,
  intervalLengthMs,
  subtract,
  totalLengthMs,
  union,
} from './interval.js';
import type { Interval } from './interval.js';
import { D, END, START } from '../testing/samples.js';

const at = (startMs: bigint, endMs: bigint): Interval => ({ startMs, endMs });
const anySet = fc
  .array(fc.tuple(fc.bigInt({ min: 0n, max: 30n }), fc.bigInt({ min: 0n, max: 6n })), { maxLength: 6 })
  .map((pairs) => pairs.map(([start, length]) => at(start, start + length)));
const instants = (set: readonly Interval[]): string =>
  Array.from({ length: 40 }, (_, n) =>
    set.some((one) => one.startMs <= BigInt(n) && BigInt(n) < one.endMs) ? '#' : '.',
  ).join('');
const isNormal = (set: readonly Interval[]): boolean =>
  set.every((one, n) => one.startMs < one.endMs && (n === 0 || (set[n - 1]?.endMs ?? 0n) < one.startMs));

describe('interval', () => {
  it('R2: half-open, so neighbours touch without sharing an instant', () => {
    expect(intersect([at(0n, 5n)], [at(5n, 9n)])).toEqual([]);
    expect(union([at(5n, 9n), at(0n, 5n)])).toEqual([at(0n, 9n)]);
    expect(union([at(0n, 5n), at(6n, 9n)])).toEqual([at(0n, 5n), at(6n, 9n)]);
    expect(subtract([at(0n, 9n)], [at(3n, 5n)])).toEqual([at(0n, 3n), at(5n, 9n)]);
    expect(union([at(3n, 3n)])).toEqual([]);
    expect(union([at(0n, 9n), at(2n, 3n)])).toEqual([at(0n, 9n)]);
    expect(dayInterval(D)).toEqual(at(START, END));
    expect(intervalLengthMs(interval(2n, 5n))).toBe(3n);
    expect(interval(2n, 2n)).toEqual(at(2n, 2n));
    expect(() => interval(5n, 4n)).toThrow(/does not end before/);
  });

  it('R2: clips what still runs to a window', () => {
    expect(clip({ startMs: 3n, endMs: null }, at(0n, 9n))).toEqual(at(3n, 9n));
    expect(clip({ startMs: 0n, endMs: 20n }, at(5n, 9n))).toEqual(at(5n, 9n));
    expect(clip({ startMs: 6n, endMs: 8n }, at(5n, 9n))).toEqual(at(6n, 8n));
    expect(clip({ startMs: 9n, endMs: null }, at(5n, 9n))).toBeNull();
    expect(clip({ startMs: 0n, endMs: 5n }, at(5n, 9n))).toBeNull();
  });

  it('R2: union, intersect and subtract are those of sets of milliseconds, in normal form', () => {
    fc.assert(
      fc.property(anySet, anySet, (a, b) => {
        const both = [...instants(a)].map((mark, n) => mark + (instants(b)[n] ?? '.'));
        const expected = (test: (pair: string) => boolean): string =>
          both.map((pair) => (test(pair) ? '#' : '.')).join('');
        expect(instants(union([...a, ...b]))).toBe(expected((pair) => pair !== '..'));
        expect(instants(intersect(a, b))).toBe(expected((pair) => pair === '##'));
        expect(instants(subtract(a, b))).toBe(expected((pair) => pair === '#.'));
        for (const set of [union(a), intersect(a, b), subtract(a, b)]) expect(isNormal(set)).toBe(true);
        expect(totalLengthMs(a)).toBe(BigInt([...instants(a)].filter((mark) => mark === '#').length));
      }),
    );
  });
});
