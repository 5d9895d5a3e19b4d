import { invariant } from '../money/invariant.js';
import { dayEndMs, dayStartMs } from './utc-day.js';
import type { UtcDay } from './utc-day.js';

/** Half-open `[startMs, endMs)` in epoch milliseconds, so neighbours touch without sharing an instant. */
export interface Interval {
  readonly startMs: bigint;
  readonly endMs: bigint;
}

/** An interval that may still be running. */
export interface OpenInterval {
  readonly startMs: bigint;
  /** null: no end known yet. */
  readonly endMs: bigint | null;
}

export function interval(startMs: bigint, endMs: bigint): Interval {
  invariant(startMs <= endMs, 'an interval does not end before it starts', { startMs, endMs });
  return { startMs, endMs };
}

export function dayInterval(day: UtcDay): Interval {
  return { startMs: dayStartMs(day), endMs: dayEndMs(day) };
}

export function intervalLengthMs(of: Interval): bigint {
  return of.endMs - of.startMs;
}

/** What of a possibly running interval lies inside `window`; null when nothing does. */
export function clip(of: OpenInterval, window: Interval): Interval | null {
  const startMs = of.startMs > window.startMs ? of.startMs : window.startMs;
  const endMs = of.endMs === null || of.endMs > window.endMs ? window.endMs : of.endMs;
  return startMs < endMs ? { startMs, endMs } : null;
}

/** Sorted, without overlaps, touching neighbours joined, empty ones dropped: the one normal form of a set of instants. */
export function union(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals.filter((one) => one.startMs < one.endMs).sort(byStart);
  const joined: { startMs: bigint; endMs: bigint }[] = [];
  for (const one of sorted) {
    const last = joined.at(-1);
    if (last === undefined || one.startMs > last.endMs) joined.push({ startMs: one.startMs, endMs: one.endMs });
    else if (one.endMs > last.endMs) last.endMs = one.endMs;
  }
  return joined;
}

/** Instants in both sets, in normal form. */
export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const right = union(b);
  const shared: Interval[] = [];
  for (const one of union(a)) {
    for (const other of right) {
      const both = clip(one, other);
      if (both !== null) shared.push(both);
    }
  }
  return union(shared);
}

/** Instants of `from` that are not in `minus`, in normal form. */
export function subtract(from: readonly Interval[], minus: readonly Interval[]): Interval[] {
  let left = union(from);
  for (const hole of union(minus)) {
    left = left.flatMap((one) => [
      { startMs: one.startMs, endMs: lesser(one.endMs, hole.startMs) },
      { startMs: greater(one.startMs, hole.endMs), endMs: one.endMs },
    ]);
    left = left.filter((one) => one.startMs < one.endMs);
  }
  return union(left);
}

/** How many milliseconds the set holds; overlaps count once. */
export function totalLengthMs(intervals: readonly Interval[]): bigint {
  return union(intervals).reduce((sum, one) => sum + intervalLengthMs(one), 0n);
}

function byStart(a: Interval, b: Interval): number {
  if (a.startMs === b.startMs) return 0;
  return a.startMs < b.startMs ? -1 : 1;
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
