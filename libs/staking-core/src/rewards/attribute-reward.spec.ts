import { addDays, nextDay, previousDay } from '../time/utc-day.js';
import { D, END, HOUR, START } from '../testing/samples.js';
import { attributeReward } from './attribute-reward.js';

describe('attributeReward', () => {
  it('R14: the day that holds the last millisecond of the earning interval', () => {
    expect(attributeReward({ startMs: START, endMs: END }, null)).toBe(D);
    expect(attributeReward({ startMs: START, endMs: END + 1n }, null)).toBe(nextDay(D));
    expect(attributeReward({ startMs: START - HOUR, endMs: START + HOUR }, previousDay(D))).toBe(D);
    expect(() => attributeReward({ startMs: START, endMs: START }, null)).toThrow(/over some time/);
  });

  it('R14: settled days never reopen: then the first day that is not settled', () => {
    expect(attributeReward({ startMs: START, endMs: END }, D)).toBe(nextDay(D));
    expect(attributeReward({ startMs: START, endMs: END }, addDays(D, 3))).toBe(addDays(D, 4));
    expect(attributeReward({ startMs: START, endMs: END }, previousDay(D))).toBe(D);
  });
});
