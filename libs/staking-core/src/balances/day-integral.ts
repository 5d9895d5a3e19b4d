import { invariant } from '../money/invariant.js';
import { atoms, signedAtoms } from '../money/atoms.js';
import type { Atoms, SignedAtoms } from '../money/atoms.js';
import { clip, dayInterval, union } from '../time/interval.js';
import type { Interval } from '../time/interval.js';
import type { UtcDay } from '../time/utc-day.js';
import type { CountedBalanceMode } from '../tokens/token-rules.js';
import { countedBalance } from './counted-balance.js';
import type { SpotBalance } from './counted-balance.js';

/** Balance x milliseconds. Needs `numeric(96,0)`: 128 bits are not enough (R1). */
export type BalanceMs = bigint;

/** First value that no longer fits `numeric(96,0)`. */
export const BALANCE_MS_LIMIT = 10n ** 96n;

/** One change of the counted balance. */
export interface BalanceChange {
  readonly atMs: bigint;
  /** R9: the core's sequence; orders changes within one millisecond. */
  readonly seq: bigint;
  readonly deltaAtoms: SignedAtoms;
}

/** A feed line: the balance as it stands after it. */
export interface BalanceEvent extends SpotBalance {
  readonly atMs: bigint;
  readonly seq: bigint;
}

/** A stretch of constant balance; what a user is shown (R33). */
export interface BalanceSegment extends Interval {
  readonly balanceAtoms: Atoms;
}

/** Turns feed lines (in any order) into changes of the counted balance, by the core's sequence. */
export function changesOf(
  opening: SpotBalance,
  events: readonly BalanceEvent[],
  mode: CountedBalanceMode,
): BalanceChange[] {
  let before = countedBalance(opening, mode);
  return [...events].sort(bySeq).map((event) => {
    const after = countedBalance(event, mode);
    const change = { atMs: event.atMs, seq: event.seq, deltaAtoms: signedAtoms(after - before) };
    before = after;
    return change;
  });
}

/** R8: integral of a whole day = opening x T + sum of delta x (T - t). A sum, so any order gives the same result;
 *  of several changes in one millisecond only where they end up has any length (R9). */
export function dayIntegral(day: UtcDay, openingAtoms: Atoms, changes: Iterable<BalanceChange>): BalanceMs {
  const { startMs, endMs } = dayInterval(day);
  let integral = openingAtoms * (endMs - startMs);
  for (const change of changes) {
    invariant(change.atMs >= startMs && change.atMs < endMs, 'a change belongs to the day it is counted in', {
      day,
      atMs: change.atMs,
    });
    integral += change.deltaAtoms * (endMs - change.atMs);
  }
  return balanceMs(integral);
}

/** The day as stretches of constant balance that cover it from 00:00 to 24:00 without a gap. Changes may come in any
 *  order; within one millisecond the last by sequence wins (R9). */
export function balanceSegments(day: UtcDay, openingAtoms: Atoms, changes: readonly BalanceChange[]): BalanceSegment[] {
  const { startMs, endMs } = dayInterval(day);
  const segments: { startMs: bigint; endMs: bigint; balanceAtoms: Atoms }[] = [];
  let balance: bigint = openingAtoms;
  let fromMs = startMs;
  const close = (untilMs: bigint): void => {
    if (untilMs === fromMs) return;
    const last = segments.at(-1);
    const balanceAtoms = atoms(balance);
    if (last !== undefined && last.balanceAtoms === balanceAtoms) last.endMs = untilMs;
    else segments.push({ startMs: fromMs, endMs: untilMs, balanceAtoms });
    fromMs = untilMs;
  };
  for (const change of [...changes].sort(byTime)) {
    invariant(change.atMs >= startMs && change.atMs < endMs, 'a change belongs to the day it is counted in', {
      day,
      atMs: change.atMs,
    });
    close(change.atMs);
    balance += change.deltaAtoms;
  }
  close(endMs);
  return segments;
}

/** Integral over the part of the day that counts (R5, R8). */
export function countedIntegral(segments: readonly BalanceSegment[], counting: readonly Interval[]): BalanceMs {
  return integralOf(countedSegments(segments, counting));
}

/** The stretches cut down to the part that counts: their sum is `countedIntegral` (R33). */
export function countedSegments(segments: readonly BalanceSegment[], counting: readonly Interval[]): BalanceSegment[] {
  const parts = union(counting);
  const counted: BalanceSegment[] = [];
  for (const segment of segments) {
    for (const part of parts) {
      const both = clip(segment, part);
      if (both) counted.push({ startMs: both.startMs, endMs: both.endMs, balanceAtoms: segment.balanceAtoms });
    }
  }
  return counted;
}

export function integralOf(segments: readonly BalanceSegment[]): BalanceMs {
  return balanceMs(segments.reduce((sum, one) => sum + one.balanceAtoms * (one.endMs - one.startMs), 0n));
}

/** @throws InvariantViolation when negative or not below 10^96. */
export function balanceMs(value: bigint): BalanceMs {
  invariant(value >= 0n && value < BALANCE_MS_LIMIT, 'balance x time lies between 0 and 10^96 (R1)', { value });
  return value;
}

function bySeq(a: BalanceEvent, b: BalanceEvent): number {
  invariant(a.seq !== b.seq, 'two events share a sequence number', { seq: a.seq });
  return a.seq < b.seq ? -1 : 1;
}

function byTime(a: BalanceChange, b: BalanceChange): number {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs ? -1 : 1;
  if (a.seq === b.seq) return 0;
  return a.seq < b.seq ? -1 : 1;
}
