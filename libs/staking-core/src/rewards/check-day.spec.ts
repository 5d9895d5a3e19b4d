import { atoms } from '../money/atoms.js';
import { TREND_DAYS_MIN, checkDay } from './check-day.js';
import type { DayToCheck } from './check-day.js';

const pools = (...values: bigint[]) => values.map(atoms);
const good: DayToCheck = {
  rules: { maxDailyRatePpb: 1_000_000n, trendMultiple: 3 },
  poolAtoms: atoms(1_000n),
  poolPartAtoms: atoms(1_000n),
  paidAtoms: atoms(990n),
  leftoverAtoms: atoms(10n),
  undistributedAtoms: atoms(1_000n),
  stakeAtoms: atoms(1_000_000n),
  custodyAtoms: atoms(1_000n),
  trailingPools: pools(334n, 333n, 333n),
  recomputed: { paidAtoms: 990n, differences: 0 },
};
const failures = (change: Partial<DayToCheck>): string[] => checkDay({ ...good, ...change }).map((check) => check.code);

describe('checkDay', () => {
  it('R22: a good day fails nothing, right at every limit', () => {
    expect(checkDay(good)).toEqual([]);
    expect(failures({ trailingPools: pools(333n, 333n, 334n, 334n) })).toEqual([]);
  });

  it('R22: (a) the recomputation from the event log must agree, and must have run', () => {
    expect(failures({ recomputed: null })).toEqual(['RECOMPUTATION_DIFFERS']);
    expect(failures({ recomputed: { paidAtoms: 989n, differences: 0 } })).toEqual(['RECOMPUTATION_DIFFERS']);
    // Two wrong rewards can make a right sum.
    expect(checkDay({ ...good, recomputed: { paidAtoms: 990n, differences: 2 } })).toEqual([
      {
        code: 'RECOMPUTATION_DIFFERS',
        detail: expect.any(String),
        numbers: { paid: '990', recomputed: '990', differences: '2' },
      },
    ]);
  });

  it('R22: (b) rewards and leftover are the pool, to the atom', () => {
    expect(failures({ leftoverAtoms: atoms(9n) })).toEqual(['SUM_NOT_POOL']);
    expect(failures({ leftoverAtoms: atoms(11n) })).toEqual(['SUM_NOT_POOL']);
  });

  it('R22: (b) the pool is not above what was observed and not yet distributed', () => {
    expect(failures({ undistributedAtoms: atoms(999n) })).toEqual(['POOL_ABOVE_OBSERVED']);
  });

  it('R22: (b) the earned part is a plausible yield of the stake: a wrong unit is caught', () => {
    expect(failures({ stakeAtoms: atoms(999_999n) })).toEqual(['RATE_IMPLAUSIBLE']);
    expect(failures({ stakeAtoms: atoms(0n) })).toEqual(['RATE_IMPLAUSIBLE']);
    expect(failures({ stakeAtoms: atoms(0n), poolPartAtoms: atoms(0n) })).toEqual([]);
  });

  it('R22: (b) custody covers the pool', () => {
    expect(failures({ custodyAtoms: atoms(999n) })).toEqual(['CUSTODY_SHORT']);
    expect(failures({ paidAtoms: atoms(1_001n) })).toContain('CUSTODY_SHORT');
  });

  it('R22: (c) the pool is within x times the mean of the days before, once there is a trend', () => {
    expect(failures({ trailingPools: pools(333n, 333n, 333n) })).toEqual(['POOL_OUT_OF_TREND']);
    expect(failures({ trailingPools: pools(1n, 1n) })).toEqual([]);
    expect(TREND_DAYS_MIN).toBe(3);
    expect(failures({ trailingPools: pools(0n, 0n, 0n) })).toEqual([]);
    expect(failures({ trailingPools: [] })).toEqual([]);
    const [trend] = checkDay({ ...good, trailingPools: pools(300n, 300n, 300n) });
    expect(trend?.numbers).toEqual({ pool: '1000', trailingMean: '300', trailingDays: '3', trendMultiple: '3' });
  });

  it('R17: a zero day passes: it cannot pay too much', () => {
    const zero = {
      poolAtoms: atoms(0n),
      poolPartAtoms: atoms(0n),
      paidAtoms: atoms(0n),
      leftoverAtoms: atoms(0n),
      recomputed: { paidAtoms: 0n, differences: 0 },
    };
    expect(failures({ ...zero, custodyAtoms: atoms(0n), undistributedAtoms: atoms(0n) })).toEqual([]);
  });

  it('R22: all failures are told at once, in a fixed order, with their numbers', () => {
    const bad = checkDay({ ...good, poolAtoms: atoms(5_000n), poolPartAtoms: atoms(5_000n), recomputed: null });
    expect(bad.map((check) => check.code)).toEqual([
      'RECOMPUTATION_DIFFERS',
      'SUM_NOT_POOL',
      'POOL_ABOVE_OBSERVED',
      'RATE_IMPLAUSIBLE',
      'CUSTODY_SHORT',
      'POOL_OUT_OF_TREND',
    ]);
    expect(bad.map((check) => check.numbers)).toEqual([
      { paid: '990' },
      { pool: '5000', paid: '990', leftover: '10' },
      { pool: '5000', undistributed: '1000' },
      { poolPart: '5000', stake: '1000000', maxDailyRatePpb: '1000000' },
      { pool: '5000', custody: '1000' },
      { pool: '5000', trailingMean: '333', trailingDays: '3', trendMultiple: '3' },
    ]);
    expect(bad.every((check) => check.detail.length > 10)).toBe(true);
  });
});
