import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { DAY_MS, addDays, dayOf, dayStartMs, nextDay, previousDay } from '../time/utc-day.js';
import type { UtcDay } from '../time/utc-day.js';
import type { CountedBalanceMode } from '../tokens/token-rules.js';
import { D, HOUR, START } from '../testing/samples.js';
import { balanceSegments, changesOf, countedIntegral } from './day-integral.js';
import type { BalanceEvent } from './day-integral.js';
import { applyBalance, integralSoFar, openAccumulator, readIntegral, rollTo } from './projected-accumulator.js';
import type { Accumulator } from './projected-accumulator.js';

const said = (ms: bigint, free: bigint, locked = 0n) => ({
  atMs: START + ms,
  freeAtoms: atoms(free),
  lockedAtoms: atoms(locked),
});
const integralOf = (state: Accumulator, day: UtcDay): bigint | string => {
  const read = readIntegral(state, day, 'free');
  return read.kind === 'integral' ? read.integral : read.kind;
};
/** The same by segments, from the whole log: opening by carrying forward, then the day's own lines. */
function direct(events: readonly BalanceEvent[], day: UtcDay, mode: CountedBalanceMode): bigint {
  const before = events.filter((one) => dayOf(one.atMs) < day).at(-1);
  const opening = before ?? { freeAtoms: atoms(0n), lockedAtoms: atoms(0n) };
  const openingAtoms = atoms(mode === 'free' ? opening.freeAtoms : opening.freeAtoms + opening.lockedAtoms);
  const changes = changesOf(
    opening,
    events.filter((one) => dayOf(one.atMs) === day),
    mode,
  );
  return countedIntegral(balanceSegments(day, openingAtoms, changes), [
    { startMs: dayStartMs(day), endMs: dayStartMs(day) + DAY_MS },
  ]);
}

describe('projected accumulator', () => {
  it('R26: starts at the first snapshot line; before it nothing counts', () => {
    const state = openAccumulator(said(6n * HOUR, 10n), 'free');
    expect(state).toEqual({
      freeAtoms: 10n,
      lockedAtoms: 0n,
      day: D,
      acc: 10n * 18n * HOUR,
      prevDay: null,
      prevAcc: 0n,
    });
    expect(integralOf(state, previousDay(D))).toBe('needs-log');
  });

  it('R8: an event is one addition: what changed, for the rest of the day', () => {
    const { state, late, olderDay } = applyBalance(
      openAccumulator(said(0n, 10n), 'free'),
      said(12n * HOUR, 4n),
      'free',
    );
    expect(state).toMatchObject({ freeAtoms: 4n, acc: 10n * DAY_MS - 6n * 12n * HOUR });
    expect([late, olderDay]).toEqual([false, null]);
  });

  it('R21: two slots: the day before still reads right while the new one fills', () => {
    const first = applyBalance(openAccumulator(said(0n, 10n), 'free'), said(12n * HOUR, 4n), 'free').state;
    const second = applyBalance(first, said(24n * HOUR + HOUR, 9n), 'free').state;
    expect(second).toMatchObject({ day: nextDay(D), prevDay: D });
    expect(integralOf(second, D)).toBe(7n * DAY_MS);
    expect(integralOf(second, nextDay(D))).toBe(4n * DAY_MS + 5n * 23n * HOUR);
    expect(integralOf(second, addDays(D, 5))).toBe(9n * DAY_MS);
  });

  it('R21: idle days need no work: they are the balance, held all day', () => {
    const state = openAccumulator(said(6n * HOUR, 10n), 'free');
    expect(integralOf(state, addDays(D, 9))).toBe(10n * DAY_MS);
    const later = rollTo(state, addDays(D, 9), 'free');
    expect(later).toEqual({
      ...state,
      day: addDays(D, 9),
      acc: 10n * DAY_MS,
      prevDay: addDays(D, 8),
      prevAcc: 10n * DAY_MS,
    });
    expect(integralOf(later, addDays(D, 7))).toBe('needs-log');
    expect(rollTo(state, nextDay(D), 'free')).toMatchObject({ prevDay: D, prevAcc: 10n * 18n * HOUR });
    expect(rollTo(state, D, 'free')).toEqual(state);
    expect(() => rollTo(later, D, 'free')).toThrow(/never rolls back/);
  });

  it('R2: a line of yesterday that comes after one of today counts in both slots, as if it had come in time', () => {
    const opened = rollTo(openAccumulator(said(0n, 10n), 'free'), nextDay(D), 'free');
    const { state, late, olderDay } = applyBalance(opened, said(12n * HOUR, 4n), 'free');
    expect([late, olderDay]).toEqual([false, null]);
    expect(integralOf(state, D)).toBe(7n * DAY_MS);
    expect(integralOf(state, nextDay(D))).toBe(4n * DAY_MS);
  });

  it('R27: a line about a closed day leaves that day alone and moves the balance from the first open 00:00 on', () => {
    const opened = openAccumulator(said(0n, 10n), 'free');
    const event = said(12n * HOUR, 4n);
    const rolled = applyBalance(rollTo(opened, nextDay(D), 'free'), event, 'free', D);
    const notRolled = applyBalance(opened, event, 'free', D);
    for (const { state, late, olderDay } of [rolled, notRolled]) {
      expect([late, olderDay]).toEqual([true, null]);
      expect(integralOf(state, D)).toBe(10n * DAY_MS);
      expect(integralOf(state, nextDay(D))).toBe(4n * DAY_MS);
    }
    expect(applyBalance(opened, event, 'free', previousDay(D)).late).toBe(false);
  });

  it('R21: an open day before both slots is named, to be integrated from the log', () => {
    const opened = rollTo(openAccumulator(said(0n, 10n), 'free'), addDays(D, 3), 'free');
    const { state, late, olderDay } = applyBalance(opened, said(12n * HOUR, 4n), 'free');
    expect([late, olderDay]).toEqual([false, D]);
    expect(integralOf(state, addDays(D, 2))).toBe(4n * DAY_MS);
    expect(integralOf(state, addDays(D, 3))).toBe(4n * DAY_MS);
    const young = openAccumulator(said(24n * HOUR, 10n), 'free');
    expect(applyBalance(young, said(HOUR, 3n), 'free')).toMatchObject({
      olderDay: D,
      state: { acc: 3n * DAY_MS, prevAcc: 0n },
    });
  });

  it('R7: with free+locked an order moves nothing', () => {
    const state = openAccumulator(said(0n, 8n, 2n), 'free+locked');
    expect(state.acc).toBe(10n * DAY_MS);
    expect(applyBalance(state, said(HOUR, 1n, 9n), 'free+locked').state.acc).toBe(10n * DAY_MS);
    expect(readIntegral(state, nextDay(D), 'free+locked')).toEqual({ kind: 'integral', integral: 10n * DAY_MS });
  });

  it('R34: the certain part of today is the projection less what is still to come', () => {
    const state = applyBalance(openAccumulator(said(0n, 10n), 'free'), said(6n * HOUR, 4n), 'free').state;
    expect(integralSoFar(state, START + 12n * HOUR, 'free')).toBe(10n * 6n * HOUR + 4n * 6n * HOUR);
    expect(integralSoFar(state, START + DAY_MS, 'free')).toBe(0n);
    expect(integralSoFar(state, START + 5n * DAY_MS + HOUR, 'free')).toBe(4n * HOUR);
  });

  it('R8: over days of random events it equals the direct integral, for every day it can answer', () => {
    const line = fc.record({
      ms: fc.bigInt({ min: 0n, max: 6n * DAY_MS - 1n }),
      free: fc.bigInt({ min: 0n, max: 500n }),
      locked: fc.bigInt({ min: 0n, max: 500n }),
    });
    const mode = fc.constantFrom<CountedBalanceMode>('free', 'free+locked');
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), mode, (lines, counts) => {
        const events = [...lines]
          .sort((a, b) => (a.ms < b.ms ? -1 : a.ms > b.ms ? 1 : 0))
          .map(({ ms, free, locked }, n) => ({ ...said(ms, free, locked), seq: BigInt(n + 1) }));
        let state = openAccumulator(events[0]!, counts);
        const compare = (day: UtcDay): void => {
          const read = readIntegral(state, day, counts);
          const soFar = events.filter((one) => one.seq <= seen);
          if (read.kind === 'integral') expect(read.integral).toBe(direct(soFar, day, counts));
          else expect(day < (state.prevDay ?? state.day)).toBe(true);
        };
        let seen = 1n;
        for (const event of events.slice(1)) {
          state = applyBalance(state, event, counts).state;
          seen = event.seq;
          for (let n = 0; n < 8; n += 1) compare(addDays(D, n));
        }
        for (let n = 0; n < 8; n += 1) compare(addDays(D, n));
      }),
      { numRuns: 60 },
    );
  });

  it('R2: lines of two open days give the same slots in any order of the days', () => {
    const line = fc.record({
      ms: fc.bigInt({ min: 0n, max: 2n * DAY_MS - 1n }),
      delta: fc.bigInt({ min: 0n, max: 9n }),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 10 }), (lines) => {
        const opened = rollTo(openAccumulator(said(0n, 5n), 'free'), nextDay(D), 'free');
        const feed = (order: typeof lines): Accumulator =>
          order.reduce(
            (state, { ms, delta }) => applyBalance(state, said(ms, state.freeAtoms + delta), 'free').state,
            opened,
          );
        expect(feed([...lines].reverse())).toEqual(feed(lines));
      }),
    );
  });
});
