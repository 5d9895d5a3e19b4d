import { atoms } from '@app/staking-core';
import { zeroPadValue } from 'ethers';
import fc from 'fast-check';

import type { FlowObservation, SlashObservation } from '../chain-adapter.js';
import { CREDIT, TOPIC } from './bnb.abi.js';
import type { RawLog } from './bnb.decode.js';
import { payoutOf, rewardOfPeriod, type PositionPeriod } from './bnb.reward.js';

const US = `0x${'11'.repeat(20)}`;
const OPERATOR = `0x${'22'.repeat(20)}`;
const POOL = `0x${'33'.repeat(20)}`;
const HASH = `0x${'cd'.repeat(32)}`;
const DAY = 86_400_000n;

const stamp = (timeMs: bigint, height = 10n) => ({ height, hash: HASH, timeMs });
const holding = (pooled: bigint, locked = 0n) => ({
  operator: OPERATOR,
  credit: POOL,
  shares: atoms(pooled),
  pooled: atoms(pooled),
  locked: atoms(locked),
});
const flow = (amount: bigint, activeChange: bigint): FlowObservation => ({
  key: 'k',
  kind: 'delegate',
  positionKey: `bnb:${POOL}:${US}`,
  validator: OPERATOR,
  amount,
  activeChange,
  feeAtoms: atoms(0n),
  atMs: 20_000n * DAY + 5n,
  at: stamp(20_000n * DAY + 5n),
  txid: HASH,
});
const slash: SlashObservation = {
  key: 'bnb:tx:1:slash',
  positionKey: `bnb:${POOL}:${US}`,
  validator: OPERATOR,
  kind: 'downtime',
  state: 'applied',
  amount: atoms(0n),
  atMs: 1n,
  at: stamp(1n),
  txid: HASH,
};
const period = (change: Partial<PositionPeriod>): PositionPeriod => ({
  account: US,
  from: stamp(20_000n * DAY + 1_000n),
  to: stamp(20_001n * DAY + 1_000n, 20n),
  before: holding(1_000_000n),
  after: holding(1_000_070n),
  flows: [],
  payout: { amount: atoms(70n), otherIncome: 0n, txid: HASH },
  slashes: [],
  shareValue: 2n,
  ...change,
});

describe('the reward of a position by its identity', () => {
  it('R13: growth without flows is the reward, under a key of chain facts and the day that ended', () => {
    expect(rewardOfPeriod(period({})).reward).toMatchObject({
      key: `bnb:${POOL}:${US}:2024-10-04:protocol`,
      period: '2024-10-04',
      amount: 70n,
      earnedFromMs: 20_000n * DAY,
      earnedToMs: 20_001n * DAY,
      crossCheck: { amount: 70n, toleranceAtoms: 1_000n },
    });
  });

  it('R41: what was put in is no reward, what is on its way out is no loss', () => {
    const after = holding(1_000_070n + 500n - 300n, 300n);
    const { reward, slashes } = rewardOfPeriod(period({ after, flows: [flow(500n, 500n), flow(0n, -300n)] }));
    expect(reward.amount).toBe(70n);
    expect(slashes).toEqual([]);
  });

  it('R14: a chain that stood still: one reward for all the days, named after the last', () => {
    const { reward } = rewardOfPeriod(period({ to: stamp(20_004n * DAY + 9_000n, 20n) }));
    expect(reward.period).toBe('2024-10-07');
    expect(reward.earnedToMs - reward.earnedFromMs).toBe(4n * DAY);
  });

  it('R19: a loss that nothing explains is IDENTITY_BROKEN, never clipped to zero', () => {
    const broken = period({ after: holding(999_999n), payout: { amount: atoms(0n), otherIncome: 0n, txid: null } });
    expect(() => rewardOfPeriod(broken)).toThrow(
      expect.objectContaining({ code: 'IDENTITY_BROKEN', retryable: false }),
    );
  });

  it('R41: roundings of our own operations are a row of their own, up to what they can cost', () => {
    const of = (lost: bigint) =>
      period({
        after: holding(1_000_500n - lost),
        flows: [flow(500n, 500n)],
        payout: { amount: atoms(0n), otherIncome: 0n, txid: null },
      });
    const { reward, slashes } = rewardOfPeriod(of(2n));
    expect(reward.amount).toBe(0n);
    expect(slashes).toMatchObject([{ kind: 'rounding', state: 'applied', amount: 2n }]);
    expect(() => rewardOfPeriod(of(3n))).toThrow(expect.objectContaining({ code: 'IDENTITY_BROKEN' }));
  });

  it('R18: a loss with its evidence is a slash; reward less slash is what happened', () => {
    const after = holding(1_000_070n - 50_000n);
    const { reward, slashes } = rewardOfPeriod(period({ after, slashes: [slash] }));
    expect(reward.amount).toBe(70n);
    expect(slashes).toMatchObject([{ key: slash.key, amount: 50_000n, state: 'applied' }]);
  });

  it('R18: a loss of one wei with its evidence is a slash too, not a broken identity', () => {
    const nothing = { amount: atoms(0n), otherIncome: 0n, txid: null };
    const { reward, slashes } = rewardOfPeriod(period({ after: holding(999_999n), payout: nothing, slashes: [slash] }));
    expect([reward.amount, slashes[0]?.amount]).toEqual([0n, 1n]);
  });

  it('R18: a slash of the validator alone leaves us whole', () => {
    const { reward, slashes } = rewardOfPeriod(period({ slashes: [slash] }));
    expect(reward.amount).toBe(70n);
    expect(slashes).toEqual([slash]);
  });

  it('R41: whatever happened, rewards less slashes are exactly what the position gained beyond its flows', () => {
    const value = fc.bigInt({ min: 0n, max: 10n ** 24n });
    fc.assert(
      fc.property(value, value, value, fc.boolean(), (before, after, paid, slashed) => {
        const given = period({
          before: holding(before),
          after: holding(after),
          payout: { amount: atoms(paid), otherIncome: 0n, txid: null },
          slashes: slashed ? [slash] : [],
        });
        try {
          const { reward, slashes } = rewardOfPeriod(given);
          const lost = slashes.reduce((sum, one) => sum + one.amount, 0n);
          return reward.amount - lost === after - before;
        } catch (error) {
          return !slashed && after < before && (error as { code?: string }).code === 'IDENTITY_BROKEN';
        }
      }),
    );
  });
});

describe('what the breathe block says', () => {
  const word = (address: string): string => zeroPadValue(address, 32);
  const log = (index: bigint, txid: string, topics: string[], data: string): RawLog => ({
    address: POOL,
    topics,
    data,
    height: 20n,
    blockHash: HASH,
    txid,
    txIndex: 0n,
    logIndex: index,
  });
  const transfer = (index: bigint, txid: string, from: string, to: string, value: bigint): RawLog =>
    log(index, txid, [TOPIC.transfer, word(from), word(to)], `0x${value.toString(16).padStart(64, '0')}`);
  const payout = (index: bigint, txid: string, reward: bigint): RawLog => {
    const { data, topics } = CREDIT.encodeEventLog('RewardReceived', [reward, 5n]);
    return log(index, txid, topics, data);
  };
  const ZERO = `0x${'00'.repeat(20)}`;
  const state = {
    credit: POOL,
    shares: 100n,
    totalShares: 1_000n,
    incomeBefore: 7n,
    incomeAfter: 7n,
    incomeInBreathe: 50n,
  };

  it('R13: our part is shares x reward / all shares, rounded down', () => {
    expect(payoutOf(state, US, [payout(3n, '0xa', 50n)])).toEqual({ amount: 5n, otherIncome: 0n, txid: '0xa' });
    expect(payoutOf(state, US, [payout(3n, '0xa', 49n)]).amount).toBe(4n);
  });

  it('deposits before the payout in its block count, its own commission does not', () => {
    const logs = [
      transfer(0n, '0xb', ZERO, US, 1_000n),
      transfer(1n, '0xa', ZERO, OPERATOR, 500n),
      payout(2n, '0xa', 50n),
    ];
    expect(payoutOf(state, US, logs).amount).toBe((1_100n * 50n) / 2_000n);
  });

  it('fees of redelegations show as other income, which widens the tolerance', () => {
    const busy = { ...state, incomeAfter: 27n, incomeInBreathe: 53n };
    expect(payoutOf(busy, US, [payout(0n, '0xa', 50n)]).otherIncome).toBe(23n);
  });

  it('R18: no payout (jailed, not elected) is a zero that was read', () => {
    expect(payoutOf({ ...state, incomeInBreathe: 0n }, US, [])).toEqual({ amount: 0n, otherIncome: 0n, txid: null });
  });

  it('R19: a record below what was paid is refused', () => {
    expect(() => payoutOf({ ...state, incomeInBreathe: 49n }, US, [payout(0n, '0xa', 50n)])).toThrow('income record');
  });
});
