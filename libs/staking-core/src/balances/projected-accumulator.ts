import { invariant } from '../money/invariant.js';
import type { Atoms } from '../money/atoms.js';
import { DAY_MS, dayEndMs, dayOf, nextDay, previousDay } from '../time/utc-day.js';
import type { UtcDay } from '../time/utc-day.js';
import type { CountedBalanceMode } from '../tokens/token-rules.js';
import { countedBalance } from './counted-balance.js';
import type { SpotBalance } from './counted-balance.js';
import { balanceMs } from './day-integral.js';
import type { BalanceMs } from './day-integral.js';

/**
 * What is kept for one (user, token) between events: this type and the functions below are the specification of the
 * SQL that does the same for a million accounts at once.
 *
 * `acc` is *projected*: the integral of `day` if nothing more happens until its end, opening x T + sum of
 * delta x (T - t). So an event is one addition, an idle account needs no work at midnight, and the day before can
 * still settle while the new one fills (two slots). It is the integral of the whole day: whoever took part for a part
 * of the day only is integrated from the log instead (`countsWholeDay`).
 */
export interface Accumulator extends SpotBalance {
  readonly day: UtcDay;
  readonly acc: BalanceMs;
  /** The day before `day`; null until the first midnight after the balance became known. */
  readonly prevDay: UtcDay | null;
  readonly prevAcc: BalanceMs;
}

export interface StatedBalance extends SpotBalance {
  readonly atMs: bigint;
}

export interface Applied {
  readonly state: Accumulator;
  /** The event lies in a day that is closed: an adjustment's business (R27), the closed day keeps its integral. */
  readonly late: boolean;
  /** An open day before both slots that the event lies in: its integral must come from the log. */
  readonly olderDay: UtcDay | null;
}

/** R26: the first snapshot line; before it nothing counts, so the integral starts there. */
export function openAccumulator(first: StatedBalance, mode: CountedBalanceMode): Accumulator {
  const day = dayOf(first.atMs);
  return {
    freeAtoms: first.freeAtoms,
    lockedAtoms: first.lockedAtoms,
    day,
    acc: balanceMs(countedBalance(first, mode) * (dayEndMs(day) - first.atMs)),
    prevDay: null,
    prevAcc: 0n,
  };
}

/** Moves the slots on so that `day` is the current one; going back is never needed and refused. */
export function rollTo(state: Accumulator, day: UtcDay, mode: CountedBalanceMode): Accumulator {
  invariant(day >= state.day, 'an accumulator never rolls back', { from: state.day, to: day });
  if (day === state.day) return state;
  const wholeDay = balanceMs(countedBalance(state, mode) * DAY_MS);
  return {
    freeAtoms: state.freeAtoms,
    lockedAtoms: state.lockedAtoms,
    day,
    acc: wholeDay,
    prevDay: previousDay(day),
    // Idle days in between were held at the closing balance all day.
    prevAcc: day === nextDay(state.day) ? state.acc : wholeDay,
  };
}

/** Takes in one feed line, in the order of the core's sequence. A line about a closed day (`closedThrough` or before;
 *  null: none is closed) moves the balance at 00:00 of the first open day. */
export function applyBalance(
  state: Accumulator,
  event: StatedBalance,
  mode: CountedBalanceMode,
  closedThrough: UtcDay | null = null,
): Applied {
  const late = closedThrough !== null && dayOf(event.atMs) <= closedThrough;
  const atMs = late ? dayEndMs(closedThrough) : event.atMs;
  const day = dayOf(atMs);
  const rolled = day > state.day ? rollTo(state, day, mode) : state;
  const delta = countedBalance(event, mode) - countedBalance(rolled, mode);
  const next: Accumulator = {
    ...rolled,
    freeAtoms: event.freeAtoms,
    lockedAtoms: event.lockedAtoms,
    // A change made before today holds all of today.
    acc: balanceMs(rolled.acc + delta * (day === rolled.day ? dayEndMs(day) - atMs : DAY_MS)),
    prevAcc: balanceMs(rolled.prevAcc + previousDayShare(rolled, day, atMs, delta)),
  };
  const olderDay = day === rolled.day || day === rolled.prevDay ? null : day;
  return { state: next, late, olderDay };
}

export type IntegralReading =
  { readonly kind: 'integral'; readonly integral: BalanceMs } | { readonly kind: 'needs-log' };

/** The whole-day integral of `day`, or `needs-log` when it lies before both slots. */
export function readIntegral(state: Accumulator, day: UtcDay, mode: CountedBalanceMode): IntegralReading {
  if (day === state.day) return { kind: 'integral', integral: state.acc };
  if (day > state.day) return { kind: 'integral', integral: balanceMs(countedBalance(state, mode) * DAY_MS) };
  if (day === state.prevDay) return { kind: 'integral', integral: state.prevAcc };
  return { kind: 'needs-log' };
}

/** R34: the part of the current day's integral that is certain at `atMs`: the projection less what is still to come.
 *  `atMs` is not before the last event taken in. */
export function integralSoFar(state: Accumulator, atMs: bigint, mode: CountedBalanceMode): BalanceMs {
  const counted: Atoms = countedBalance(state, mode);
  const day = dayOf(atMs);
  const current = rollTo(state, day, mode);
  return balanceMs(current.acc - counted * (dayEndMs(day) - atMs));
}

function previousDayShare(state: Accumulator, day: UtcDay, atMs: bigint, delta: bigint): bigint {
  if (state.prevDay === null || day > state.prevDay) return 0n;
  return day === state.prevDay ? delta * (dayEndMs(day) - atMs) : delta * DAY_MS;
}
