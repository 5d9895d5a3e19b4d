import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { balanceSegments, countedIntegral } from '../balances/day-integral.js';
import { dailyAverage } from '../balances/daily-average.js';
import { subtract } from '../time/interval.js';
import type { Interval } from '../time/interval.js';
import { BNB_RULES, D, END, HOUR, PENNY_RULES, START, anyAtoms, anyDay, bnb, shuffled } from '../testing/samples.js';
import { compareRewards, independentDay } from './independent-day.js';
import { splitDay } from './split-day.js';

const wholeDay: Interval[] = [{ startMs: START, endMs: END }];
const nothing = { leftoverBeforeAtoms: 0n, boostAtoms: 0n };

/** One account with a random day, a random cut and maybe an owner. */
const anyAccount = fc.record({
  day: anyDay(6),
  owner: fc.option(fc.constantFrom('o', 'p')),
  cut: fc.option(fc.tuple(fc.bigInt({ min: START, max: END - 1n }), fc.bigInt({ min: 1n, max: 6n * HOUR }))),
});

describe('independentDay', () => {
  it('R22: recomputes a day from openings and changes', () => {
    const day = independentDay(BNB_RULES);
    day.account({ user: 'idle', owner: null, openingAtoms: bnb(3n), counting: wholeDay });
    day.account({ user: 'trader', owner: null, openingAtoms: bnb(10n), counting: wholeDay });
    day.account({
      user: 'left at noon',
      owner: null,
      openingAtoms: bnb(4n),
      counting: [{ startMs: START, endMs: START + 12n * HOUR }],
    });
    day.account({ user: 'small', owner: null, openingAtoms: bnb(1n, 3n), counting: wholeDay });
    day.change({ user: 'trader', atMs: START + 12n * HOUR, deltaAtoms: -bnb(10n) });
    day.change({ user: 'left at noon', atMs: START + 13n * HOUR, deltaAtoms: bnb(100n) });
    const result = day.finish({ ...nothing, releasedAtoms: bnb(1n, 100n), stakeAtoms: bnb(20n) });
    expect(result).toMatchObject({
      qualifyingAtoms: bnb(10n),
      poolAtoms: bnb(1n, 200n),
      withheldAtoms: bnb(1n, 200n),
      paidAtoms: bnb(1n, 200n),
      leftoverAtoms: 0n,
    });
    expect([...result.rewards.values()].map((one) => [one.user, one.averageAtoms, one.rewardAtoms])).toEqual([
      ['idle', bnb(3n), bnb(3n, 2_000n)],
      ['trader', bnb(5n), bnb(5n, 2_000n)],
      ['left at noon', bnb(2n), bnb(2n, 2_000n)],
    ]);
  });

  it('R22: refuses an account it does not know, one it knows twice, and a balance below zero', () => {
    const day = independentDay(BNB_RULES);
    expect(() => day.change({ user: 'x', atMs: START, deltaAtoms: 1n })).toThrow(/not opened/);
    day.account({ user: 'x', owner: null, openingAtoms: 0n, counting: wholeDay });
    expect(() => day.account({ user: 'x', owner: null, openingAtoms: 0n, counting: wholeDay })).toThrow(/opened once/);
    day.change({ user: 'x', atMs: START, deltaAtoms: -1n });
    expect(() => day.finish({ ...nothing, releasedAtoms: 0n, stakeAtoms: 0n })).toThrow(/below zero/);
  });

  it('R22: nobody qualifies: nothing is divided', () => {
    const result = independentDay(BNB_RULES).finish({
      leftoverBeforeAtoms: 5n,
      boostAtoms: 2n,
      releasedAtoms: 9n,
      stakeAtoms: 0n,
    });
    expect(result).toEqual({
      qualifyingAtoms: 0n,
      poolAtoms: 7n,
      withheldAtoms: 9n,
      paidAtoms: 0n,
      leftoverAtoms: 7n,
      rewards: new Map(),
    });
  });

  it('R22: an owner and a user of the same name are not the same', () => {
    const day = independentDay(PENNY_RULES);
    day.account({ user: 'x', owner: null, openingAtoms: 60n, counting: wholeDay });
    day.account({ user: 'y', owner: 'x', openingAtoms: 60n, counting: wholeDay });
    expect(day.finish({ ...nothing, releasedAtoms: 0n, stakeAtoms: 0n }).qualifyingAtoms).toBe(120n);
  });

  it('R22: agrees to the atom with the day computed by segments, for any day, cuts, owners, fee and order of the log', () => {
    const anyInput = fc.array(anyAccount, { maxLength: 8 }).chain((accounts) => {
      const changes = accounts.flatMap(({ day }, n) =>
        day.changes.map((one) => ({ user: `u${n}`, atMs: one.atMs, deltaAtoms: one.deltaAtoms })),
      );
      return fc.tuple(fc.constant(accounts), shuffled(changes));
    });
    const rules = { ...PENNY_RULES, capAtoms: atoms(400n) };
    fc.assert(
      fc.property(
        anyInput,
        anyAtoms(10n ** 9n),
        anyAtoms(2_000n),
        anyAtoms(90n),
        fc.integer({ min: 0, max: 10_000 }),
        ([accounts, log], releasedAtoms, stakeAtoms, carried, feeBps) => {
          const second = independentDay({ ...rules, feeBps });
          const averages = accounts.map(({ day, owner, cut }, n) => {
            const counting =
              cut === null ? wholeDay : subtract(wholeDay, [{ startMs: cut[0], endMs: cut[0] + cut[1] }]);
            second.account({ user: `u${n}`, owner, openingAtoms: day.opening, counting });
            return {
              user: `u${n}`,
              owner,
              averageAtoms: dailyAverage(countedIntegral(balanceSegments(D, day.opening, day.changes), counting)),
            };
          });
          for (const one of log) second.change(one);
          const pool = { releasedAtoms, stakeAtoms, leftoverBeforeAtoms: carried, boostAtoms: atoms(7n) };
          const split = splitDay({ ...pool, rules: { ...rules, feeBps }, accounts: averages });
          const result = second.finish(pool);
          const stored = split.rewards.map((one) => [one.user, one.rewardAtoms] as const);
          expect(compareRewards(stored, result.rewards, 3)).toEqual({ count: 0, first: [] });
          expect(result).toMatchObject({
            qualifyingAtoms: split.qualifyingAtoms,
            poolAtoms: split.pool.poolAtoms,
            paidAtoms: split.paidAtoms,
            leftoverAtoms: split.leftoverAtoms,
            withheldAtoms: split.pool.feeAtoms + split.pool.treasuryPartAtoms,
          });
          for (const one of split.rewards) {
            expect(result.rewards.get(one.user)).toMatchObject({
              averageAtoms: one.averageAtoms,
              weightAtoms: one.weightAtoms,
            });
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('compareRewards', () => {
  const recomputed = new Map(
    [
      ['a', 1n],
      ['b', 0n],
    ].map(([user, rewardAtoms]) => [
      user as string,
      { user: user as string, averageAtoms: 9n, weightAtoms: 9n, rewardAtoms: rewardAtoms as bigint },
    ]),
  );

  it('R22: a missing row, a foreign row, another amount and a row twice are all differences', () => {
    expect(
      compareRewards(
        [
          ['a', 1n],
          ['b', 0n],
        ],
        recomputed,
        9,
      ),
    ).toEqual({ count: 0, first: [] });
    expect(
      compareRewards(
        [
          ['a', 2n],
          ['b', 0n],
        ],
        recomputed,
        9,
      ).first,
    ).toEqual([{ user: 'a', storedAtoms: 2n, recomputedAtoms: 1n }]);
    expect(compareRewards([['a', 1n]], recomputed, 9).first).toEqual([
      { user: 'b', storedAtoms: null, recomputedAtoms: 0n },
    ]);
    expect(
      compareRewards(
        [
          ['a', 1n],
          ['b', 0n],
          ['c', 0n],
        ],
        recomputed,
        9,
      ).first,
    ).toEqual([{ user: 'c', storedAtoms: 0n, recomputedAtoms: null }]);
    expect(
      compareRewards(
        [
          ['a', 1n],
          ['b', 0n],
          ['a', 1n],
        ],
        recomputed,
        9,
      ).count,
    ).toBe(1);
  });

  it('R22: counts all differences and shows the first few', () => {
    expect(compareRewards([], recomputed, 1)).toEqual({
      count: 2,
      first: [{ user: 'a', storedAtoms: null, recomputedAtoms: 1n }],
    });
  });
});
