import fc from 'fast-check';
import { atoms } from '../money/atoms.js';
import { BNB_RULES, NEAR_RULES, PENNY_RULES, anyAtoms, bnb, shuffled } from '../testing/samples.js';
import { splitDay } from './split-day.js';
import type { DayInput, DaySplit } from './split-day.js';
import type { AccountAverage } from './weight.js';

const input = (accounts: readonly AccountAverage[], change: Partial<DayInput> = {}): DayInput => ({
  rules: PENNY_RULES,
  releasedAtoms: atoms(1_000n),
  stakeAtoms: atoms(80n),
  leftoverBeforeAtoms: atoms(0n),
  boostAtoms: atoms(0n),
  accounts,
  ...change,
});
const account = (user: string, average: bigint, owner: string | null = null): AccountAverage => ({
  user,
  owner,
  averageAtoms: atoms(average),
});
const paid = (split: DaySplit): Record<string, bigint> =>
  Object.fromEntries(split.rewards.map((one) => [one.user, one.rewardAtoms]));
const anyAccounts = fc
  .array(fc.record({ average: fc.bigInt({ min: 0n, max: 120n }), owner: fc.option(fc.constantFrom('o', 'p')) }), {
    maxLength: 12,
  })
  .map((made) => made.map(({ average, owner }, n) => account(`u${n}`, average, owner)));

describe('splitDay', () => {
  it('R20: a day in plain numbers: three users, one capped, one too small', () => {
    // Weights 60 (of 100), 20, 0: Q = 80 = S, so the pool is all of 1000 + 7 left over from yesterday.
    const split = splitDay(
      input([account('whale', 100n), account('user', 20n), account('small', 4n)], { leftoverBeforeAtoms: atoms(7n) }),
    );
    expect(split).toMatchObject({
      qualifyingAtoms: 80n,
      pool: { poolPartAtoms: 1_000n, poolAtoms: 1_007n },
      paidAtoms: 1_000n,
      leftoverAtoms: 7n,
    });
    expect(paid(split)).toEqual({ whale: 750n, user: 250n });
  });

  it('R20: Q = 0: all is left over; what was earned today goes to the treasury', () => {
    const split = splitDay(input([account('small', 4n)], { leftoverBeforeAtoms: atoms(7n), boostAtoms: atoms(20n) }));
    expect(split).toMatchObject({
      qualifyingAtoms: 0n,
      paidAtoms: 0n,
      leftoverAtoms: 27n,
      rewards: [],
      pool: { treasuryPartAtoms: 1_000n },
    });
    expect(splitDay(input([]))).toMatchObject({ paidAtoms: 0n, leftoverAtoms: 0n });
  });

  it('R17: a day without yield is split like any other', () => {
    const split = splitDay(input([account('user', 20n)], { releasedAtoms: atoms(0n) }));
    expect(split).toMatchObject({ paidAtoms: 0n, leftoverAtoms: 0n, rewards: [{ user: 'user', rewardAtoms: 0n }] });
  });

  it('R20: a BNB day pays whole units of 8 decimals', () => {
    const accounts = [account('a', bnb(3n)), account('b', bnb(7n))];
    const split = splitDay(
      input(accounts, {
        rules: BNB_RULES,
        releasedAtoms: bnb(1n, 1_000_000n),
        stakeAtoms: bnb(10n),
        boostAtoms: atoms(1n),
      }),
    );
    expect(paid(split)).toEqual({ a: 300_000_000_000n, b: 700_000_000_000n });
    expect(split.leftoverAtoms).toBe(1n);
  });

  // 123 NEAR x 50,000 / 100,100 = 61.438561438…, cut down to 8 decimals.
  it('R10: the NEAR whale of 50 M weighs 50,000 and gets no more than any other capped holder', () => {
    const near = 10n ** 24n;
    const accounts = [
      account('whale', 50_000_000n * near),
      account('capped', 50_000n * near),
      account('user', 100n * near),
    ];
    const split = splitDay(
      input(accounts, {
        rules: NEAR_RULES,
        releasedAtoms: atoms(123n * near + 456_789n),
        stakeAtoms: atoms(100_100n * near),
      }),
    );
    expect(paid(split)).toEqual({
      whale: 61_438_561_430_000_000_000_000_000n,
      capped: 61_438_561_430_000_000_000_000_000n,
      user: 122_877_120_000_000_000_000_000n,
    });
    expect(split.paidAtoms + split.leftoverAtoms).toBe(123n * near + 456_789n);
  });

  it('R20: conserved to the atom, whatever the accounts, amounts, fee and owners', () => {
    fc.assert(
      fc.property(
        anyAccounts,
        anyAtoms(),
        anyAtoms(200n),
        anyAtoms(50n),
        anyAtoms(50n),
        fc.integer({ min: 0, max: 10_000 }),
        (accounts, releasedAtoms, stakeAtoms, leftoverBeforeAtoms, boostAtoms, feeBps) => {
          const rules = { ...PENNY_RULES, feeBps };
          const split = splitDay(
            input(accounts, { rules, releasedAtoms, stakeAtoms, leftoverBeforeAtoms, boostAtoms }),
          );
          const { pool } = split;
          const rewards = split.rewards.reduce((sum, one) => sum + one.rewardAtoms, 0n);
          expect(rewards).toBe(split.paidAtoms);
          expect(split.paidAtoms + split.leftoverAtoms).toBe(pool.poolAtoms);
          expect(split.paidAtoms + split.leftoverAtoms + pool.feeAtoms + pool.treasuryPartAtoms).toBe(
            releasedAtoms + leftoverBeforeAtoms + boostAtoms,
          );
          expect(split.rewards.every((one) => one.rewardAtoms % 10n === 0n && one.weightAtoms > 0n)).toBe(true);
        },
      ),
    );
  });

  it('R20: any order of the users, pages or shards gives the same result', () => {
    fc.assert(
      fc.property(
        anyAccounts.chain((accounts) => fc.tuple(fc.constant(accounts), shuffled(accounts))),
        anyAtoms(),
        ([accounts, reordered], releasedAtoms) => {
          const split = splitDay(input(accounts, { releasedAtoms }));
          const other = splitDay(input(reordered, { releasedAtoms }));
          expect(paid(other)).toEqual(paid(split));
          expect({ ...other, rewards: [] }).toEqual({ ...split, rewards: [] });
        },
      ),
    );
  });

  it('R20: a bigger average never gets less, among accounts that stand for themselves', () => {
    fc.assert(
      fc.property(anyAccounts, anyAtoms(), (accounts, releasedAtoms) => {
        const split = splitDay(
          input(
            accounts.map((one) => ({ ...one, owner: null })),
            { releasedAtoms },
          ),
        );
        const byAverage = [...split.rewards].sort((a, b) => (a.averageAtoms < b.averageAtoms ? -1 : 1));
        byAverage.slice(1).forEach((one, n) => {
          expect(one.rewardAtoms >= (byAverage[n]?.rewardAtoms ?? 0n)).toBe(true);
        });
        const capped = byAverage.filter((one) => one.averageAtoms >= PENNY_RULES.capAtoms);
        expect(new Set(capped.map((one) => one.rewardAtoms)).size).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('R20: leftovers carried from day to day are paid out in the end, none is lost', () => {
    const accounts = [account('a', 20n), account('b', 21n), account('c', 22n)];
    let leftover = atoms(0n);
    let total = 0n;
    for (let day = 0; day < 50; day += 1) {
      const split = splitDay(
        input(accounts, { releasedAtoms: atoms(37n), stakeAtoms: atoms(63n), leftoverBeforeAtoms: leftover }),
      );
      leftover = split.leftoverAtoms;
      total += split.paidAtoms;
      expect(leftover < 30n).toBe(true);
    }
    expect(total + leftover).toBe(50n * 37n);
  });
});
