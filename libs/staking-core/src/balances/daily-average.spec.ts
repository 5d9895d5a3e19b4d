import { BALANCE_MS_LIMIT } from './day-integral.js';
import { dailyAverage } from './daily-average.js';

describe('dailyAverage', () => {
  it('R8: floor over 86,400,000 milliseconds, however little of the day counted', () => {
    expect(dailyAverage(86_399_999n)).toBe(0n);
    expect(dailyAverage(86_400_000n)).toBe(1n);
    expect(dailyAverage(10n * 43_200_000n)).toBe(5n);
  });

  it('R1: an integral that does not fit numeric(96,0) or is negative is a mistake', () => {
    expect(() => dailyAverage(BALANCE_MS_LIMIT)).toThrow(/10\^96/);
    expect(() => dailyAverage(-1n)).toThrow(/10\^96/);
  });
});
