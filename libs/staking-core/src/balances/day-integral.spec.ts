import fc from 'fast-check';
import { ATOMS_LIMIT, atoms, signedAtoms } from '../money/atoms.js';
import { subtract, totalLengthMs } from '../time/interval.js';
import type { Interval } from '../time/interval.js';
import { DAY_MS } from '../time/utc-day.js';
import { D, END, HOUR, MINUTE, START, anyDay, shuffled } from '../testing/samples.js';
import { dailyAverage } from './daily-average.js';
import {
  BALANCE_MS_LIMIT,
  balanceMs,
  balanceSegments,
  changesOf,
  countedIntegral,
  countedSegments,
  dayIntegral,
} from './day-integral.js';
import type { BalanceChange } from './day-integral.js';

const wholeDay: Interval[] = [{ startMs: START, endMs: END }];
const change = (ms: bigint, delta: bigint, seq = 1n): BalanceChange => ({
  atMs: START + ms,
  seq,
  deltaAtoms: signedAtoms(delta),
});
const averageOf = (opening: bigint, changes: readonly BalanceChange[]): bigint =>
  dailyAverage(dayIntegral(D, atoms(opening), changes));

describe('dayIntegral', () => {
  it('R8: 10 until noon, then 4: 7 on average', () => {
    expect(averageOf(10n, [change(12n * HOUR, -6n)])).toBe(7n);
    expect(dayIntegral(D, atoms(10n), [])).toBe(864_000_000n);
  });

  it('R8: the average is rounded down, exactly', () => {
    expect(averageOf(10n, [change(DAY_MS - 1n, -1n)])).toBe(9n);
    expect(dailyAverage(86_399_999n)).toBe(0n);
    expect(dailyAverage(86_400_000n)).toBe(1n);
    expect(() => dailyAverage(-1n)).toThrow(/10\^96/);
  });

  it('R8: a deposit at 23:59 earns one part in 1440', () => {
    const deposit = 1_440_000n;
    expect(averageOf(0n, [change(DAY_MS - MINUTE, deposit)])).toBe(1_000n);
  });

  it('R8: a balance held only in the minute around each hour earns under 2 %', () => {
    const held = 1_000_000n;
    const changes: BalanceChange[] = [];
    for (let hour = 0n; hour < 24n; hour += 1n) {
      // In at :59:30, out at :00:30, so that every snapshot on the hour would see it.
      changes.push(change(hour * HOUR + HOUR - MINUTE / 2n, held, hour * 2n + 1n));
      if (hour < 23n) changes.push(change((hour + 1n) * HOUR + MINUTE / 2n, -held, hour * 2n + 2n));
    }
    const average = averageOf(0n, changes);
    expect(average).toBe((held * (23n * MINUTE + MINUTE / 2n)) / DAY_MS);
    expect(average * 100n).toBeLessThan(held * 2n);
  });

  it('R9: of several events in one millisecond the last by sequence wins', () => {
    const opening = { freeAtoms: atoms(10n), lockedAtoms: atoms(0n) };
    const events = [
      { atMs: START + HOUR, seq: 3n, freeAtoms: atoms(20n), lockedAtoms: atoms(0n) },
      { atMs: START + HOUR, seq: 1n, freeAtoms: atoms(0n), lockedAtoms: atoms(0n) },
      { atMs: START + HOUR, seq: 2n, freeAtoms: atoms(999n), lockedAtoms: atoms(0n) },
    ];
    const changes = changesOf(opening, events, 'free');
    expect(changes.map((one) => one.deltaAtoms)).toEqual([-10n, 999n, -979n]);
    expect(balanceSegments(D, atoms(10n), changes)).toEqual([
      { startMs: START, endMs: START + HOUR, balanceAtoms: 10n },
      { startMs: START + HOUR, endMs: END, balanceAtoms: 20n },
    ]);
    expect(dayIntegral(D, atoms(10n), changes)).toBe(10n * HOUR + 20n * 23n * HOUR);
    expect(() => changesOf(opening, [events[0]!, events[0]!], 'free')).toThrow(/share a sequence/);
  });

  it('R9: a credited reward counts from its credit time', () => {
    expect(averageOf(24n, [change(6n * HOUR, 4n)])).toBe(27n);
  });

  it('R7: an order moves free to locked: it counts on with free+locked and stops with free', () => {
    const opening = { freeAtoms: atoms(8n), lockedAtoms: atoms(0n) };
    const order = [{ atMs: START + 12n * HOUR, seq: 1n, freeAtoms: atoms(0n), lockedAtoms: atoms(8n) }];
    expect(changesOf(opening, order, 'free')[0]?.deltaAtoms).toBe(-8n);
    expect(changesOf(opening, order, 'free+locked')[0]?.deltaAtoms).toBe(0n);
  });

  it('R1: the widest balance of the widest day fits, more does not', () => {
    const most = atoms(ATOMS_LIMIT - 1n);
    expect(dailyAverage(dayIntegral(D, most, []))).toBe(most);
    expect(countedIntegral(balanceSegments(D, most, []), wholeDay)).toBe(most * DAY_MS);
    expect(balanceMs(BALANCE_MS_LIMIT - 1n)).toBe(BALANCE_MS_LIMIT - 1n);
    expect(() => balanceMs(BALANCE_MS_LIMIT)).toThrow(/10\^96/);
    expect(() => balanceMs(-1n)).toThrow(/10\^96/);
  });

  it('R1: the NEAR whale: 50 M NEAR at 24 decimals is exact to the yocto, where 128 bits and doubles are not', () => {
    const whale = 50_000_000n * 10n ** 24n + 1n;
    const integral = dayIntegral(D, atoms(whale), [change(DAY_MS - 1n, -whale)]);
    expect(integral).toBe(whale * (DAY_MS - 1n));
    expect(integral > 2n ** 127n).toBe(true);
    expect(dailyAverage(integral)).toBe(49_999_999_421_296_296_296_296_296_296_297n);
  });

  it('R2: a change of another day is refused', () => {
    for (const ms of [-1n, DAY_MS]) {
      expect(() => dayIntegral(D, atoms(9n), [change(ms, 1n)])).toThrow(/belongs to the day/);
      expect(() => balanceSegments(D, atoms(9n), [change(ms, 1n)])).toThrow(/belongs to the day/);
    }
    expect(dayIntegral(D, atoms(0n), [change(0n, 1n)])).toBe(DAY_MS);
  });

  it('R8: a balance below zero is a mistake, never averaged away', () => {
    expect(() => balanceSegments(D, atoms(1n), [change(HOUR, -2n), change(2n * HOUR, 5n, 2n)])).toThrow(
      /never negative/,
    );
    expect(() => dayIntegral(D, atoms(0n), [change(HOUR, -2n)])).toThrow(/10\^96/);
  });

  it('R8: any order of the events gives the same integral, and it is that of the segments', () => {
    const dayAndOrder = anyDay().chain((day) => fc.tuple(fc.constant(day), shuffled(day.changes)));
    fc.assert(
      fc.property(dayAndOrder, ([{ opening, changes }, reordered]) => {
        const integral = dayIntegral(D, opening, changes);
        expect(dayIntegral(D, opening, reordered)).toBe(integral);
        const segments = balanceSegments(D, opening, reordered);
        expect(segments).toEqual(balanceSegments(D, opening, changes));
        expect(countedIntegral(segments, wholeDay)).toBe(integral);
      }),
    );
  });

  it('R33: segments cover the day without gap or overlap and never repeat a balance', () => {
    fc.assert(
      fc.property(anyDay(), ({ opening, changes }) => {
        const segments = balanceSegments(D, opening, changes);
        expect(segments[0]?.startMs).toBe(START);
        expect(segments.at(-1)?.endMs).toBe(END);
        segments.slice(1).forEach((segment, n) => {
          expect(segment.startMs).toBe(segments[n]?.endMs);
          expect(segment.balanceAtoms).not.toBe(segments[n]?.balanceAtoms);
        });
      }),
    );
  });

  it('R8: more balance at any moment never lowers the average', () => {
    const more = fc.record({ ms: fc.bigInt({ min: 0n, max: DAY_MS - 1n }), extra: fc.bigInt({ min: 0n, max: 99n }) });
    fc.assert(
      fc.property(anyDay(), more, ({ opening, changes }, { ms, extra }) => {
        expect(averageOf(opening, [...changes, change(ms, extra, 99n)])).toBeGreaterThanOrEqual(
          averageOf(opening, changes),
        );
      }),
    );
  });
});

describe('countedIntegral', () => {
  it('R5: after switching off at noon the balance counts as zero, the average is over the whole day', () => {
    const segments = balanceSegments(D, atoms(10n), []);
    const counting = [{ startMs: START, endMs: START + 12n * HOUR }];
    expect(dailyAverage(countedIntegral(segments, counting))).toBe(5n);
    expect(countedSegments(segments, counting)).toEqual([{ ...counting[0], balanceAtoms: 10n }]);
    expect(countedIntegral(segments, [])).toBe(0n);
  });

  it('R6: what counts and what is cut add up to the whole, and the shown segments to what counts', () => {
    const cut = fc.array(
      fc
        .tuple(fc.bigInt({ min: START, max: END }), fc.bigInt({ min: 0n, max: 8n * HOUR }))
        .map(([startMs, length]) => ({
          startMs,
          endMs: startMs + length < END ? startMs + length : END,
        })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(anyDay(), cut, ({ opening, changes }, cuts) => {
        const segments = balanceSegments(D, opening, changes);
        const counting = subtract(wholeDay, cuts);
        const integral = countedIntegral(segments, counting);
        expect(integral + countedIntegral(segments, cuts)).toBe(dayIntegral(D, opening, changes));
        const shown = countedSegments(segments, counting);
        expect(shown.reduce((sum, one) => sum + one.balanceAtoms * (one.endMs - one.startMs), 0n)).toBe(integral);
        expect(totalLengthMs(shown)).toBe(totalLengthMs(counting));
      }),
    );
  });
});
