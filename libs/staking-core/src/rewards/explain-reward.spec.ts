import { atoms, signedAtoms } from '../money/atoms.js';
import { countingIntervals } from '../participation/counting-intervals.js';
import { BNB_RULES, D, END, HOUR, PENNY_RULES, START, bnb } from '../testing/samples.js';
import { explainReward } from './explain-reward.js';
import type { RewardFactsOfDay } from './explain-reward.js';

const whole = countingIntervals({ day: D, periods: [{ startMs: 0n, endMs: null }], cuts: [], balanceKnownFromMs: 0n });
/** 10 BNB until noon, then 4: average 7. Q = 70 of S = 80, released 0.08: pool part 0.07, and 3 atoms carried. */
const facts: RewardFactsOfDay = {
  user: 'u1',
  day: D,
  rules: BNB_RULES,
  openingAtoms: bnb(10n),
  changes: [{ atMs: START + 12n * HOUR, seq: 5n, deltaAtoms: signedAtoms(-bnb(6n)) }],
  taking: whole,
  ownerAverageAtoms: null,
  pool: {
    releasedAtoms: bnb(8n, 100n),
    qualifyingAtoms: bnb(70n),
    stakeAtoms: bnb(80n),
    feeBps: 0,
    leftoverBeforeAtoms: atoms(3n),
    boostAtoms: atoms(0n),
  },
  leftoverAtoms: atoms(3n),
  chainRewards: [
    {
      key: 'bnb|p|1|protocol',
      validator: '0xv',
      period: '20411',
      amountAtoms: bnb(8n, 100n),
      part: 1,
      parts: 1,
      releasedAtoms: bnb(8n, 100n),
      block: { height: 77n, hash: '0xh' },
    },
  ],
  stored: { averageAtoms: bnb(7n), weightAtoms: bnb(7n), rewardAtoms: bnb(7n, 1_000n) },
  receipt: { creditId: '2026-11-19.BNB.reward.u1', state: 'credited', creditedAtMs: END + HOUR },
};

describe('explainReward', () => {
  it('R33: one answer from the balance intervals to the credit receipt', () => {
    expect(explainReward(facts)).toEqual({
      user: 'u1',
      token: 'BNB',
      day: D,
      rulesVersion: '2026-01',
      limits: { minimum: '0.5', cap: '1000', feeBps: '0' },
      balance: {
        counts: 'free',
        intervals: [
          {
            from: '2026-11-19T00:00:00.000Z',
            to: '2026-11-19T12:00:00.000Z',
            milliseconds: '43200000',
            balance: '10',
            balanceAtoms: '10000000000000000000',
          },
          {
            from: '2026-11-19T12:00:00.000Z',
            to: '2026-11-20T00:00:00.000Z',
            milliseconds: '43200000',
            balance: '4',
            balanceAtoms: '4000000000000000000',
          },
        ],
        excluded: [],
        integral: '604800000000000000000000000',
        average: '7',
        averageAtoms: '7000000000000000000',
        formula: 'floor(604800000000000000000000000 / 86400000) = 7000000000000000000',
      },
      weight: {
        qualifies: true,
        weight: '7',
        weightAtoms: '7000000000000000000',
        ownerAverageAtoms: null,
        formula: 'min(7000000000000000000, 1000000000000000000000) = 7000000000000000000',
      },
      chainRewards: [
        {
          key: 'bnb|p|1|protocol',
          validator: '0xv',
          period: '20411',
          amount: '0.08',
          released: '0.08',
          part: '1 of 1',
          block: { height: '77', hash: '0xh' },
        },
      ],
      pool: {
        released: '0.08',
        qualifying: '70',
        qualifyingAtoms: '70000000000000000000',
        stake: '80',
        poolPart: '0.07',
        poolPartFormula:
          'floor(80000000000000000 * min(1, 70000000000000000000 / 80000000000000000000)) = 70000000000000000',
        fee: '0',
        treasuryPart: '0.01',
        leftoverBefore: '0.000000000000000003',
        boosts: '0',
        pool: '0.070000000000000003',
        poolAtoms: '70000000000000003',
        formula: '70000000000000000 + 3 + 0 = 70000000000000003',
      },
      split: {
        payoutDecimals: 8,
        unitAtoms: '10000000000',
        beforeCutAtoms: '7000000000000000',
        roundedOffAtoms: '0',
        rewardAtoms: '7000000000000000',
        formula:
          'floor(70000000000000003 * 7000000000000000000 / (70000000000000000000 * 10000000000)) * 10000000000 = 7000000000000000',
      },
      leftover: '0.000000000000000003',
      reward: '0.007',
      stored: { average: '7', weight: '7', reward: '0.007' },
      agrees: true,
      receipt: { creditId: '2026-11-19.BNB.reward.u1', state: 'credited', creditedAt: '2026-11-20T01:00:00.000Z' },
    });
  });

  it('R33: can be sent as JSON: no bigint anywhere', () => {
    expect(() => JSON.stringify(explainReward(facts))).not.toThrow();
  });

  it.each(['averageAtoms', 'weightAtoms', 'rewardAtoms'] as const)(
    'R33: says so when the stored %s does not come out',
    (field) => {
      const stored = { ...facts.stored, [field]: atoms(facts.stored[field] + 1n) };
      expect(explainReward({ ...facts, stored }).agrees).toBe(false);
    },
  );

  it('R33: shows what was cut and why, and rounds over the whole day', () => {
    const taking = countingIntervals({
      day: D,
      periods: [{ startMs: 0n, endMs: START + 6n * HOUR }],
      cuts: [],
      balanceKnownFromMs: 0n,
    });
    const { balance } = explainReward({ ...facts, taking });
    expect(balance.intervals).toHaveLength(1);
    expect(balance.excluded).toEqual([
      { from: '2026-11-19T06:00:00.000Z', to: '2026-11-20T00:00:00.000Z', reasons: ['NOT_ACTIVE'] },
    ]);
    expect(balance.average).toBe('2.5');
  });

  it('R33: explains a minimum missed, a cap, an owner cap and a fee', () => {
    const penny = {
      ...facts,
      rules: PENNY_RULES,
      changes: [],
      pool: {
        ...facts.pool,
        releasedAtoms: atoms(100n),
        qualifyingAtoms: atoms(60n),
        stakeAtoms: atoms(60n),
        feeBps: 500,
      },
    };
    const weightOfOpening = (opening: bigint, owner: bigint | null = null) =>
      explainReward({
        ...penny,
        openingAtoms: atoms(opening),
        ownerAverageAtoms: owner === null ? null : atoms(owner),
      });
    expect(weightOfOpening(4n)).toMatchObject({
      reward: '0',
      weight: { qualifies: false, formula: '4 < minimum 5, so 0' },
      split: { rewardAtoms: '0' },
    });
    expect(weightOfOpening(90n).weight.formula).toBe('min(90, 60) = 60');
    expect(weightOfOpening(50n, 60n).weight.formula).toBe('min(50, 60) = 50');
    expect(weightOfOpening(50n, 100n).weight).toMatchObject({
      formula: 'floor(60 * 50 / 100) = 30',
      ownerAverageAtoms: '100',
    });
    expect(weightOfOpening(60n).pool).toMatchObject({
      poolPartFormula: 'floor(100 * min(1, 60 / 60) * 9500 / 10000) = 95',
      fee: '0.05',
      poolAtoms: '98',
    });
    expect(weightOfOpening(60n).split).toMatchObject({ beforeCutAtoms: '98', roundedOffAtoms: '8', rewardAtoms: '90' });
  });

  it('R33: a day nobody qualified on, and a credit not sent yet', () => {
    const none = explainReward({
      ...facts,
      openingAtoms: atoms(0n),
      changes: [],
      receipt: null,
      pool: { ...facts.pool, qualifyingAtoms: atoms(0n) },
    });
    expect(none).toMatchObject({
      reward: '0',
      receipt: null,
      split: { formula: 'nobody qualifies, so all is left over', beforeCutAtoms: '0' },
    });
    const waiting = explainReward({ ...facts, receipt: { creditId: 'x', state: 'sent', creditedAtMs: null } });
    expect(waiting.receipt).toEqual({ creditId: 'x', state: 'sent', creditedAt: null });
  });
});
