import fc from 'fast-check';
import { dailyAverage } from '../balances/daily-average.js';
import { balanceSegments, countedIntegral } from '../balances/day-integral.js';
import { atoms } from '../money/atoms.js';
import { anyAtoms, anyDay, D, END, HOUR, PENNY_RULES, shuffled, START } from '../testing/samples.js';
import type { Interval } from '../time/interval.js';
import { subtract } from '../time/interval.js';
import {
  addFindings,
  AFTER_THE_DAY,
  averageFromNow,
  changeFactor,
  countedAfter,
  type CountingMs,
  countingMs,
  independentPool,
  type IndependentRow,
  IndependentRows,
  NO_FINDINGS,
  ownerCoefficient,
  SHOWN_DIFFERENCES,
} from './independent-day.js';
import { numberGroups } from '../testing/number-groups.js';
import { KeyedSums } from './keyed-sums.js';
import { splitDay } from './split-day.js';

const wholeDay: Interval[] = [{ startMs: START, endMs: END }];
const WHOLE: CountingMs = [0, AFTER_THE_DAY];

/** One account with a random day, a random cut, maybe an owner, and what happens to it on later days. */
const anyAccount = fc.record({
  day: anyDay(6),
  later: fc.array(fc.bigInt({ min: 0n, max: 500n }), { maxLength: 3 }),
  owner: fc.option(fc.constantFrom('o', 'p')),
  cut: fc.option(fc.tuple(fc.bigInt({ min: START, max: END - 1n }), fc.bigInt({ min: 1n, max: 6n * HOUR }))),
});

const row = (given: Partial<IndependentRow>): IndependentRow => ({
  user: () => 'u',
  averageAtoms: 0n,
  counts: true,
  owner: null,
  ownerAtoms: null,
  stored: null,
  ...given,
});

function lineOf(sums: KeyedSums, user: string, delta: bigint, factor: number): void {
  const name = new TextEncoder().encode(user);
  const { bytes, count, highest, negative } = numberGroups(delta);
  sums.add(sums.place(name, 0, name.length), bytes, 0, count, highest, negative ? -factor : factor);
}

function placeOf(sums: KeyedSums, user: string): number {
  const bytes = new TextEncoder().encode(user);
  return sums.find(bytes, 0, bytes.length);
}

describe('counting by milliseconds of the day', () => {
  it('R5: what counts after a time is what is left of the intervals', () => {
    const counting = countingMs(
      [
        { startMs: START + 10n, endMs: START + 20n },
        { startMs: START + 50n, endMs: END },
      ],
      START,
    );
    expect(counting).toEqual([10, 20, 50, AFTER_THE_DAY]);
    expect(countedAfter(counting, 0)).toBe(10 + AFTER_THE_DAY - 50);
    expect(countedAfter(counting, 15)).toBe(5 + AFTER_THE_DAY - 50);
    expect(countedAfter(counting, AFTER_THE_DAY)).toBe(0);
    expect(changeFactor(counting, 15)).toBe(-5);
    expect(changeFactor(WHOLE, 7)).toBe(-7);
    expect(changeFactor([], 7)).toBe(0);
  });
});

describe('averageFromNow', () => {
  it('R8: rounds down, and an account without changes needs no sum', () => {
    const sums = new KeyedSums();
    expect(averageFromNow(7n, WHOLE, sums, -1)).toBe(7n);
    expect(averageFromNow(7n, [0, 43_200_000], sums, -1)).toBe(3n);
    expect(averageFromNow(7n, [], sums, -1)).toBe(0n);
  });

  it('R22: refuses a balance below zero', () => {
    const sums = new KeyedSums();
    lineOf(sums, 'u', 8n, -AFTER_THE_DAY);
    expect(() => averageFromNow(7n, WHOLE, sums, 0)).toThrow(/below zero/);
  });
});

describe('IndependentRows', () => {
  const rules = { ...PENNY_RULES, minAtoms: atoms(5n), capAtoms: atoms(60n) };
  const figures = { qualifyingAtoms: 100n, poolAtoms: 1_000n };
  const found = (one: Partial<IndependentRow>) => {
    const rows = new IndependentRows(rules, figures);
    rows.row(row(one));
    return rows.findings();
  };
  const stored = (average: bigint, weight: bigint, reward: bigint) => ({
    averageAtoms: average,
    weightAtoms: weight,
    rewardAtoms: reward,
  });

  it('R10, R20: the stored reward is right, and nothing else is', () => {
    // 12 of 100 in 1,000 are 120; the unit is ten.
    expect(found({ averageAtoms: 12n, stored: stored(12n, 12n, 120n) })).toEqual({
      ...NO_FINDINGS,
      users: 1,
      qualifyingAtoms: 12n,
      paidAtoms: 120n,
    });
    for (const wrong of [
      stored(11n, 12n, 120n),
      stored(12n, 11n, 120n),
      stored(12n, 12n, 110n),
      stored(12n, 12n, 130n),
    ]) {
      expect(found({ averageAtoms: 12n, stored: wrong })).toMatchObject({
        differences: 1,
        paidAtoms: 120n,
        first: [{ user: 'u', storedAtoms: wrong.rewardAtoms, recomputedAtoms: 120n }],
      });
    }
    expect(found({ averageAtoms: 12n, stored: stored(12n, 12n, 119n) }).differences).toBe(1);
  });

  it('R22: a missing row and a row that should not be are differences; a reward of zero is a row', () => {
    expect(found({ averageAtoms: 12n }).first).toEqual([{ user: 'u', storedAtoms: null, recomputedAtoms: 120n }]);
    expect(found({ averageAtoms: 4n, stored: stored(4n, 4n, 0n) }).first).toEqual([
      { user: 'u', storedAtoms: 0n, recomputedAtoms: null },
    ]);
    expect(found({ averageAtoms: 4n })).toEqual(NO_FINDINGS);
    expect(found({ averageAtoms: 50n, counts: false, stored: stored(50n, 50n, 500n) }).differences).toBe(1);
    expect(found({ averageAtoms: 50n, counts: false })).toEqual(NO_FINDINGS);
  });

  it('R10: exactly the minimum qualifies', () => {
    expect(found({ averageAtoms: 5n, stored: stored(5n, 5n, 50n) })).toMatchObject({ users: 1, differences: 0 });
  });

  it('R10: the cap is the account’s, or shared out by the owner’s stored sum', () => {
    expect(found({ averageAtoms: 61n, stored: stored(61n, 60n, 600n) }).differences).toBe(0);
    expect(found({ averageAtoms: 60n, owner: 'o', ownerAtoms: 120n, stored: stored(60n, 30n, 300n) }).differences).toBe(
      0,
    );
    expect(found({ averageAtoms: 60n, owner: 'o', ownerAtoms: 60n, stored: stored(60n, 60n, 600n) }).differences).toBe(
      0,
    );
  });

  it('R22: shows no more differences than a person reads, and counts all; findings of ranges add up', () => {
    const rows = new IndependentRows(rules, figures);
    for (let index = 0; index < SHOWN_DIFFERENCES + 5; index += 1) rows.row(row({ averageAtoms: 10n }));
    const findings = rows.findings();
    expect([findings.differences, findings.first.length]).toEqual([SHOWN_DIFFERENCES + 5, SHOWN_DIFFERENCES]);
    const both = addFindings(findings, findings);
    expect([both.differences, both.first.length, both.users]).toEqual([
      2 * SHOWN_DIFFERENCES + 10,
      SHOWN_DIFFERENCES,
      50,
    ]);
  });

  it('R10: coefficients of owners differ, and depend on every letter and place', () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `owner${index}`);
    expect(new Set([...names, 'ab', 'ba', 'a', 'b', ''].map(ownerCoefficient)).size).toBe(names.length + 5);
  });
});

describe('R22a: the day once more', () => {
  it('agrees to the atom with the day computed by segments, for any day, cuts, owners, fee and order of the log', () => {
    const anyInput = fc.array(anyAccount, { maxLength: 8 }).chain((accounts) => {
      const lines = accounts.flatMap(({ day, later }, n) => [
        ...day.changes.map((one) => ({ n, atMs: one.atMs, delta: one.deltaAtoms as bigint })),
        ...later.map((delta) => ({ n, atMs: END, delta })),
      ]);
      return fc.tuple(fc.constant(accounts), shuffled(lines));
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
          const countings = accounts.map(({ cut }) =>
            cut === null ? wholeDay : subtract(wholeDay, [{ startMs: cut[0], endMs: cut[0] + cut[1] }]),
          );
          const averages = accounts.map(({ day, owner }, n) => ({
            user: `u${n}`,
            owner,
            averageAtoms: dailyAverage(
              countedIntegral(balanceSegments(D, day.opening, day.changes), countings[n] as Interval[]),
            ),
          }));
          const pool = { releasedAtoms, stakeAtoms, leftoverBeforeAtoms: carried, boostAtoms: atoms(7n) };
          const split = splitDay({ ...pool, rules: { ...rules, feeBps }, accounts: averages });

          const counting = countings.map((one) => countingMs(one, START));
          const sums = new KeyedSums();
          for (const { n, atMs, delta } of log) {
            lineOf(sums, `u${n}`, delta, changeFactor(counting[n] as CountingMs, Number(atMs - START)));
          }
          const rows = new IndependentRows(
            { ...rules, feeBps },
            { qualifyingAtoms: split.qualifyingAtoms, poolAtoms: split.pool.poolAtoms },
          );
          const owners = new Map<string, bigint>();
          for (const { owner, averageAtoms } of averages) {
            if (owner !== null && averageAtoms >= rules.minAtoms) {
              owners.set(owner, (owners.get(owner) ?? 0n) + averageAtoms);
            }
          }
          accounts.forEach(({ day, later, owner }, n) => {
            const now = [...day.changes.map((one) => one.deltaAtoms as bigint), ...later].reduce(
              (sum, one) => sum + one,
              day.opening as bigint,
            );
            const kept = split.rewards.find((one) => one.user === `u${n}`);
            rows.row({
              user: () => `u${n}`,
              averageAtoms: averageFromNow(now, counting[n] as CountingMs, sums, placeOf(sums, `u${n}`)),
              counts: (counting[n] as CountingMs).length > 0,
              owner,
              ownerAtoms: owner === null ? null : (owners.get(owner) ?? null),
              stored: kept ?? null,
            });
          });
          expect(rows.findings()).toEqual({
            users: split.rewards.length,
            qualifyingAtoms: split.qualifyingAtoms,
            paidAtoms: split.paidAtoms,
            ownersPrint: [...owners].reduce((sum, [owner, all]) => sum + all * ownerCoefficient(owner), 0n),
            differences: 0,
            first: [],
          });
          expect(independentPool(pool, split.qualifyingAtoms, feeBps)).toBe(split.pool.poolAtoms);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('R17: nobody qualifies: nothing is divided', () => {
    const pool = { leftoverBeforeAtoms: 5n, boostAtoms: 2n, releasedAtoms: 9n, stakeAtoms: 0n };
    expect(independentPool(pool, 0n, 0)).toBe(7n);
    const rows = new IndependentRows(PENNY_RULES, { qualifyingAtoms: 0n, poolAtoms: 7n });
    rows.row(row({ averageAtoms: 50n }));
    // Somebody does, whatever is stored: a difference, not a division by zero.
    expect(rows.findings()).toMatchObject({ users: 1, qualifyingAtoms: 50n, differences: 1 });
  });
});
