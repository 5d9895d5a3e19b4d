import { clip, dayInterval, subtract, union } from '../time/interval.js';
import type { Interval, OpenInterval } from '../time/interval.js';
import type { UtcDay } from '../time/utc-day.js';

/** One stretch of being switched on. `startMs` is where it starts to *count* (R4: `countsFrom`), not the click. */
export type ParticipationPeriod = OpenInterval;

/** R6: why taking part is cut although the switch is on. */
export type CutReason = 'TOKEN_OFF' | 'TERMS' | 'REGION' | 'BANNED' | 'CLOSED' | 'PAUSED' | 'DELISTED' | 'QUARANTINED';

export interface Cut extends OpenInterval {
  readonly reason: CutReason;
}

export type ExclusionReason = CutReason | 'NOT_ACTIVE' | 'BALANCE_UNKNOWN';

export interface Exclusion extends Interval {
  /** All that apply at once, sorted. */
  readonly reasons: readonly ExclusionReason[];
}

export interface TakingPart {
  readonly day: UtcDay;
  readonly periods: readonly ParticipationPeriod[];
  /** R3: this token switched off singly; the same as cuts with the reason TOKEN_OFF. */
  readonly tokenOptOuts?: readonly OpenInterval[];
  readonly cuts: readonly Cut[];
  /** R26: time of the core's first snapshot line; null: there was none, the balance is unknown. */
  readonly balanceKnownFromMs: bigint | null;
}

export interface CountingDay {
  /** Where the balance counts: sorted, disjoint, inside the day. */
  readonly counting: readonly Interval[];
  /** The rest of the day, each stretch with its reasons. `counting` and `excluded` together are exactly the day. */
  readonly excluded: readonly Exclusion[];
}

/** R3-R6: the parts of a measured day in which a balance counts, and why the rest does not. */
export function countingIntervals(input: TakingPart): CountingDay {
  const day = dayInterval(input.day);
  const absent: { reason: ExclusionReason; during: Interval[] }[] = [
    { reason: 'NOT_ACTIVE', during: subtract([day], clipAll(input.periods, day)) },
    { reason: 'TOKEN_OFF', during: clipAll(input.tokenOptOuts ?? [], day) },
    { reason: 'BALANCE_UNKNOWN', during: unknownBalance(input.balanceKnownFromMs, day) },
    ...input.cuts.map((cut) => ({ reason: cut.reason, during: clipAll([cut], day) })),
  ];
  const outside = absent.flatMap((one) => one.during);
  return { counting: subtract([day], outside), excluded: withReasons(absent) };
}

/** Whether the balance counts from 00:00 to 24:00: then the day's running accumulator can be read as it is. */
export function countsWholeDay(counted: CountingDay): boolean {
  return counted.excluded.length === 0;
}

function withReasons(absent: readonly { reason: ExclusionReason; during: Interval[] }[]): Exclusion[] {
  const bounds = new Set<bigint>();
  for (const { during } of absent) {
    for (const one of during) bounds.add(one.startMs).add(one.endMs);
  }
  const sorted = [...bounds].sort((a, b) => (a < b ? -1 : 1));
  const exclusions: { startMs: bigint; endMs: bigint; reasons: ExclusionReason[] }[] = [];
  sorted.forEach((startMs, index) => {
    const endMs = sorted[index + 1];
    if (endMs === undefined) return;
    const reasons = reasonsAt(absent, startMs);
    const last = exclusions.at(-1);
    if (last !== undefined && last.endMs === startMs && last.reasons.join() === reasons.join()) last.endMs = endMs;
    else if (reasons.length > 0) exclusions.push({ startMs, endMs, reasons });
  });
  return exclusions;
}

function reasonsAt(
  absent: readonly { reason: ExclusionReason; during: Interval[] }[],
  atMs: bigint,
): ExclusionReason[] {
  const found = new Set<ExclusionReason>();
  for (const { reason, during } of absent) {
    if (during.some((one) => one.startMs <= atMs && atMs < one.endMs)) found.add(reason);
  }
  return [...found].sort();
}

function clipAll(intervals: readonly OpenInterval[], day: Interval): Interval[] {
  return union(intervals.flatMap((one) => clip(one, day) ?? []));
}

function unknownBalance(knownFromMs: bigint | null, day: Interval): Interval[] {
  if (knownFromMs === null) return [day];
  return clipAll([{ startMs: day.startMs, endMs: knownFromMs }], day);
}
