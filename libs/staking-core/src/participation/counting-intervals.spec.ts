import fc from 'fast-check';
import { D, END, HOUR, START } from '../testing/samples.js';
import { intersect, totalLengthMs, union } from '../time/interval.js';
import { countingIntervals, countsWholeDay } from './counting-intervals.js';
import type { Cut, CutReason, TakingPart } from './counting-intervals.js';

const long = START - 100n * HOUR;
const all: TakingPart = {
  day: D,
  periods: [{ startMs: long, endMs: null }],
  tokenOptOuts: [],
  cuts: [],
  balanceKnownFromMs: long,
};

describe('countingIntervals', () => {
  it('R3: somebody switched on takes part all day, without any reason against', () => {
    const day = countingIntervals(all);
    expect(day).toEqual({ counting: [{ startMs: START, endMs: END }], excluded: [] });
    expect(countsWholeDay(day)).toBe(true);
    const { tokenOptOuts: _, ...without } = all;
    expect(countingIntervals(without)).toEqual(day);
  });

  it('R3: one token can be switched off singly', () => {
    const day = countingIntervals({ ...all, tokenOptOuts: [{ startMs: START + HOUR, endMs: START + 2n * HOUR }] });
    expect(day.counting).toEqual([
      { startMs: START, endMs: START + HOUR },
      { startMs: START + 2n * HOUR, endMs: END },
    ]);
    expect(day.excluded).toEqual([{ startMs: START + HOUR, endMs: START + 2n * HOUR, reasons: ['TOKEN_OFF'] }]);
    expect(countsWholeDay(day)).toBe(false);
  });

  it('R4: a period that starts to count on the next day counts nothing today', () => {
    const day = countingIntervals({ ...all, periods: [{ startMs: END, endMs: null }] });
    expect(day).toEqual({ counting: [], excluded: [{ startMs: START, endMs: END, reasons: ['NOT_ACTIVE'] }] });
  });

  it('R5: switching off counts at that millisecond', () => {
    const day = countingIntervals({ ...all, periods: [{ startMs: long, endMs: START + 1n }] });
    expect(day.counting).toEqual([{ startMs: START, endMs: START + 1n }]);
    expect(day.excluded).toEqual([{ startMs: START + 1n, endMs: END, reasons: ['NOT_ACTIVE'] }]);
  });

  it('R5: off and on again within a day leaves the rest of the day out', () => {
    const periods = [
      { startMs: long, endMs: START + 6n * HOUR },
      { startMs: END, endMs: null },
    ];
    expect(countingIntervals({ ...all, periods }).counting).toEqual([{ startMs: START, endMs: START + 6n * HOUR }]);
  });

  it('R6: each cut takes its interval away, with its reason; overlapping ones name both', () => {
    const cuts: Cut[] = [
      { reason: 'REGION', startMs: START + 2n * HOUR, endMs: START + 4n * HOUR },
      { reason: 'BANNED', startMs: START + 3n * HOUR, endMs: START + 5n * HOUR },
      { reason: 'PAUSED', startMs: END, endMs: null },
    ];
    const day = countingIntervals({ ...all, cuts });
    expect(day.counting).toEqual([
      { startMs: START, endMs: START + 2n * HOUR },
      { startMs: START + 5n * HOUR, endMs: END },
    ]);
    expect(day.excluded).toEqual([
      { startMs: START + 2n * HOUR, endMs: START + 3n * HOUR, reasons: ['REGION'] },
      { startMs: START + 3n * HOUR, endMs: START + 4n * HOUR, reasons: ['BANNED', 'REGION'] },
      { startMs: START + 4n * HOUR, endMs: START + 5n * HOUR, reasons: ['BANNED'] },
    ]);
  });

  it('R6: neighbouring cuts of one reason read as one', () => {
    const cuts: Cut[] = [
      { reason: 'TERMS', startMs: START, endMs: START + HOUR },
      { reason: 'TERMS', startMs: START + HOUR, endMs: START + 2n * HOUR },
    ];
    expect(countingIntervals({ ...all, cuts }).excluded).toEqual([
      { startMs: START, endMs: START + 2n * HOUR, reasons: ['TERMS'] },
    ]);
  });

  it.each<CutReason>(['TOKEN_OFF', 'TERMS', 'REGION', 'BANNED', 'CLOSED', 'PAUSED', 'DELISTED', 'QUARANTINED'])(
    'R6: %s cuts the whole day while it lasts',
    (reason) => {
      const day = countingIntervals({ ...all, cuts: [{ reason, startMs: long, endMs: null }] });
      expect(day).toEqual({ counting: [], excluded: [{ startMs: START, endMs: END, reasons: [reason] }] });
    },
  );

  it('R26: before the first snapshot line the balance is unknown, and the reason says so', () => {
    const day = countingIntervals({ ...all, balanceKnownFromMs: START + HOUR });
    expect(day.counting).toEqual([{ startMs: START + HOUR, endMs: END }]);
    expect(day.excluded).toEqual([{ startMs: START, endMs: START + HOUR, reasons: ['BALANCE_UNKNOWN'] }]);
    expect(countingIntervals({ ...all, balanceKnownFromMs: null }).counting).toEqual([]);
    expect(countingIntervals({ ...all, balanceKnownFromMs: START }).excluded).toEqual([]);
  });

  it('R6: what counts and what does not are exactly the day, whatever the rows', () => {
    const anyRow = fc
      .record({
        startMs: fc.bigInt({ min: START - 3n * HOUR, max: END }),
        endMs: fc.option(fc.bigInt({ min: START, max: END + HOUR })),
      })
      .map(({ startMs, endMs }) => ({ startMs, endMs: endMs !== null && endMs < startMs ? startMs : endMs }));
    const reasons: CutReason[] = ['REGION', 'BANNED', 'PAUSED'];
    const anyCut = fc
      .record({ row: anyRow, reason: fc.constantFrom(...reasons) })
      .map(({ row, reason }) => ({ ...row, reason }));
    fc.assert(
      fc.property(
        fc.array(anyRow, { maxLength: 4 }),
        fc.array(anyRow, { maxLength: 3 }),
        fc.array(anyCut, { maxLength: 4 }),
        fc.option(fc.bigInt({ min: START - HOUR, max: END })),
        (periods, tokenOptOuts, cuts, balanceKnownFromMs) => {
          const day = countingIntervals({ day: D, periods, tokenOptOuts, cuts, balanceKnownFromMs });
          expect(union([...day.counting, ...day.excluded])).toEqual([{ startMs: START, endMs: END }]);
          expect(intersect(day.counting, day.excluded)).toEqual([]);
          expect(totalLengthMs(day.counting) + totalLengthMs(day.excluded)).toBe(END - START);
          expect(day.excluded.every((one) => one.reasons.length > 0)).toBe(true);
          expect(countsWholeDay(day)).toBe(totalLengthMs(day.counting) === END - START);
        },
      ),
    );
  });
});
