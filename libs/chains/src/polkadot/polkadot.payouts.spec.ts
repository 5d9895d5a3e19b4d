import { atoms } from '@app/staking-core';

import type { BlockStamp } from '../chain-adapter.js';
import type { ChainEvent } from './polkadot.codec.js';
import type { Account } from './polkadot.flows.js';
import { subsetOf } from './polkadot.flows.js';
import { claimsOf, expectedPayout, rewardsIn } from './polkadot.payouts.js';
import { firstLater } from './polkadot.search.js';
import { decodeWaiting, slashesBetween, type WaitingSlash } from './polkadot.slashes.js';
import { addressOf } from './polkadot.address.js';

const id = (digit: string): string => `0x${digit.repeat(64)}`;
const OURS = id('1');
const VALIDATOR = id('2');

function event(name: string, fields: ChainEvent['fields'], extrinsic: number | null, index: number): ChainEvent {
  return { name, fields, extrinsic, index };
}

describe('what a payout says', () => {
  const started = (era: bigint, extrinsic: number, index: number, more: ChainEvent['fields'] = {}): ChainEvent =>
    event('staking.PayoutStarted', { eraIndex: era, validatorStash: VALIDATOR, ...more }, extrinsic, index);
  const rewarded = (amount: bigint, extrinsic: number, index: number, stash = OURS): ChainEvent =>
    event('staking.Rewarded', { stash, dest: { kind: 'Stash', value: null }, amount }, extrinsic, index);

  it('R13: each reward belongs to the payout before it, two in one extrinsic too', () => {
    const events = [
      started(7n, 2, 0),
      rewarded(5n, 2, 1, VALIDATOR),
      rewarded(11n, 2, 2),
      started(8n, 2, 3),
      rewarded(12n, 2, 4),
    ];
    expect(rewardsIn(events, OURS).map(({ era, amount, page, payee }) => ({ era, amount, page, payee }))).toEqual([
      { era: 7n, amount: 11n, page: null, payee: 'Stash' },
      { era: 8n, amount: 12n, page: null, payee: 'Stash' },
    ]);
  });

  it('R13: the page is taken from the event where the runtime says it', () => {
    const [reward] = rewardsIn([started(7n, 2, 0, { page: 3n, next: null }), rewarded(1n, 2, 1)], OURS);
    expect(reward?.page).toBe(3n);
  });

  it('R19: a reward without its payout is no reward, it is a bad answer', () => {
    expect(() => rewardsIn([rewarded(1n, 2, 1)], OURS)).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
    expect(() => rewardsIn([started(7n, 1, 0), rewarded(1n, 2, 1)], OURS)).toThrow(
      expect.objectContaining({ code: 'BAD_ANSWER' }),
    );
  });
});

describe('what is to be asked for', () => {
  it('R40: one claim a validator, under a key that another unpaid era changes', () => {
    const due = (era: bigint, validator: string) => ({ era, validator, page: 0n });
    expect(claimsOf([])).toEqual([]);
    const first = claimsOf([due(7n, 'a'), due(7n, 'b')]);
    expect(first).toEqual([
      { key: '7.a', intent: { kind: 'claim', validator: 'a' } },
      { key: '7.b', intent: { kind: 'claim', validator: 'b' } },
    ]);
    const later = claimsOf([due(7n, 'a'), due(8n, 'a'), due(9n, 'a')]);
    expect(later).toEqual([{ key: '7-9.a', intent: { kind: 'claim', validator: 'a' } }]);
  });
});

describe("the pallet's arithmetic", () => {
  it('R13: ratios go down to billionths, products to the nearest, a half goes down', () => {
    const all = { eraReward: 10n, points: 1n, totalPoints: 1n, commission: 0n };
    expect(expectedPayout(all, { amount: atoms(1n), total: atoms(4n) })).toBe(2n); // 2.5
    expect(expectedPayout(all, { amount: atoms(3n), total: atoms(8n) })).toBe(4n); // 3.75
    expect(expectedPayout({ ...all, commission: 500_000_000n }, { amount: atoms(1n), total: atoms(1n) })).toBe(5n);
    expect(expectedPayout({ ...all, totalPoints: 0n, points: 0n }, { amount: atoms(1n), total: atoms(1n) })).toBe(0n);
  });
});

describe('rebonds among bonds', () => {
  const bonds = [{ amount: 5n }, { amount: 7n }, { amount: 5n }];
  it.each([
    [0n, []],
    [7n, [{ amount: 7n }]],
    [12n, [{ amount: 5n }, { amount: 7n }]],
    [17n, bonds],
  ])('R41: %s of them came back from exits', (sum, expected) => expect(subsetOf(bonds, sum)).toEqual(expected));

  it('R41: an amount that no set of them makes is found out', () => {
    expect(subsetOf(bonds, 6n)).toBeNull();
    expect(subsetOf(bonds, -1n)).toBeNull();
  });
});

describe('where something changes along the chain', () => {
  it.each([1n, 2n, 17n, 9_999n, 123_456n, 999_999n, 1_000_000n])('finds height %s in a few rounds', async (change) => {
    let rounds = 0;
    const search = {
      probe: (heights: readonly bigint[]) => {
        rounds += 1;
        return Promise.resolve(heights);
      },
      later: (height: bigint) => height >= change,
    };
    expect((await firstLater(search, 1n, 1_000_000n)).height).toBe(change);
    expect(rounds).toBeLessThan(16);
  });

  it('R19: what goes back along the chain is not believed', async () => {
    const search = {
      probe: (heights: readonly bigint[]) => Promise.resolve(heights),
      later: (height: bigint) => height === 1_000n || (height > 900n && height % 2n === 0n),
    };
    await expect(firstLater(search, 1n, 1_000n)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  });
});

describe('slashes', () => {
  const who: Account = { stash: OURS, address: addressOf(OURS, 0), ss58Prefix: 0 };
  const stamp = (height: bigint): BlockStamp => ({ height, hash: id('f'), timeMs: height * 1_000n });
  const entry = (loss: bigint) => ({
    validator: VALIDATOR,
    own: 1n,
    others: [
      [id('3'), 4n],
      [OURS, loss],
    ],
    payout: 0n,
  });
  const block = (height: bigint, events: readonly ChainEvent[]) => ({ at: stamp(height), parentHash: id('e'), events });
  const waiting: WaitingSlash = { era: 9n, validator: VALIDATOR, amount: atoms(50n), ordinal: 0 };

  it('R18: reads what waits from the old pallet (a list an era) and from staking-async (an entry a page)', () => {
    expect(decodeWaiting([{ era: 9n, value: [entry(50n)] }], OURS)).toEqual([waiting]);
    expect(decodeWaiting([{ era: 9n, value: entry(50n) }], OURS)).toEqual([waiting]);
    expect(decodeWaiting([{ era: 9n, value: [entry(50n)] }], id('4'))).toEqual([]);
  });

  it('R18: reported, deferred, applied: only the last moves money', () => {
    const report = event('staking.SlashReported', { validator: VALIDATOR, fraction: 1n, slashEra: 9n }, null, 0);
    const begun = slashesBetween(
      [block(5n, [report])],
      { before: [], after: [waiting] },
      stamp(6n),
      new Set([VALIDATOR]),
      who,
    );
    expect(begun.map(({ state, amount }) => ({ state, amount }))).toEqual([
      { state: 'observed', amount: 0n },
      { state: 'deferred', amount: 50n },
    ]);
    const slashed = event('staking.Slashed', { staker: OURS, amount: 50n }, null, 3);
    const applied = slashesBetween([block(8n, [slashed])], { before: [waiting], after: [] }, stamp(9n), new Set(), who);
    expect(applied).toMatchObject([{ state: 'applied', amount: 50n, validator: addressOf(VALIDATOR, 0) }]);
  });

  it('R18: what is gone without having been applied was cancelled', () => {
    const rows = slashesBetween([], { before: [waiting], after: [] }, stamp(9n), new Set(), who);
    expect(rows).toMatchObject([{ state: 'cancelled', amount: 50n }]);
    expect(rows[0]?.key).toContain(':cancelled');
  });

  it('R18: two slashes of one validator are told apart when the first of them is cancelled', () => {
    const [first, second] = [entry(50n), entry(60n)];
    const before = decodeWaiting([{ era: 9n, value: [first, second, entry(60n)] }], OURS);
    const after = decodeWaiting([{ era: 9n, value: [second, entry(60n)] }], OURS);
    const rows = slashesBetween([], { before, after }, stamp(9n), new Set(), who);
    expect(rows).toMatchObject([{ state: 'cancelled', amount: 50n }]);
    const keys = slashesBetween([], { before: [], after: before }, stamp(9n), new Set(), who).map((one) => one.key);
    expect(new Set(keys).size).toBe(3);
  });

  it('R18: a stash that holds less than the slash loses what it holds, and nothing is called cancelled', () => {
    const other: WaitingSlash = { ...waiting, validator: id('5'), amount: atoms(70n) };
    const slashed = (staker: string, amount: bigint, index: number): ChainEvent =>
      event('staking.Slashed', { staker, amount }, null, index);
    const events = [slashed(VALIDATOR, 1n, 0), slashed(OURS, 50n, 1), slashed(id('5'), 1n, 2), slashed(OURS, 69n, 3)];
    const rows = slashesBetween(
      [block(8n, events)],
      { before: [waiting, other], after: [] },
      stamp(9n),
      new Set(),
      who,
    );
    expect(rows.map(({ state, amount, validator }) => [state, amount, validator])).toEqual([
      ['applied', 50n, addressOf(VALIDATOR, 0)],
      ['applied', 69n, addressOf(id('5'), 0)],
    ]);
  });

  it('R18: equal losses by two validators are told apart by whom it was taken from before', () => {
    const other: WaitingSlash = { ...waiting, validator: id('5') };
    const slashed = (staker: string, index: number): ChainEvent =>
      event('staking.Slashed', { staker, amount: 50n }, null, index);
    const rows = slashesBetween(
      [block(8n, [slashed(id('5'), 0), slashed(OURS, 1)])],
      { before: [waiting, other], after: [] },
      stamp(9n),
      new Set(),
      who,
    );
    expect(rows.map(({ state, validator }) => [state, validator])).toEqual([
      ['cancelled', addressOf(VALIDATOR, 0)],
      ['applied', addressOf(id('5'), 0)],
    ]);
  });

  it('R18: a slash of somebody else is none of ours', () => {
    const slashed = event('staking.Slashed', { staker: id('3'), amount: 4n }, null, 3);
    expect(slashesBetween([block(8n, [slashed])], { before: [], after: [] }, stamp(9n), new Set(), who)).toEqual([]);
  });
});
