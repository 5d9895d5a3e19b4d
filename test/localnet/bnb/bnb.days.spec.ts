import { atoms } from '@app/staking-core';

import { ONE_BNB } from '../../../devnet/chains/bnb/index.js';
import type { BlockStamp, Observation } from '@app/chains';
import { expectCrossChecks, expectIdentity, sumOf } from '@app/chains/testing';
import { finalNow, operate, patience, prepare } from '@app/chains/testing';
import type { BnbAdapter } from '../../../libs/chains/src/bnb/bnb.adapter.js';
import { makeBnbHarness, type BnbHarness } from './bnb-harness.js';

const DAY_MS = 86_400_000n;

describe('BNB days on the local chain', () => {
  let harness: BnbHarness;
  let adapter: BnbAdapter;
  let account: string;
  let one: string;
  let two: string;

  beforeAll(async () => {
    harness = await makeBnbHarness();
    adapter = harness.openWith({});
    account = harness.signer.account;
    [one, two] = harness.validators;
    await harness.advancePeriod();
  });

  afterAll(async () => {
    await adapter?.close();
    await harness?.close();
  });

  async function lastCut(): Promise<BlockStamp> {
    const cut = await adapter.firstCut(await finalNow(adapter), patience());
    if (cut === null) throw new Error('no cut');
    return cut;
  }

  /** Lives through the rest of the day and observes it; the identity is checked to the atom each time. */
  async function day(live: () => Promise<void>): Promise<Observation> {
    const from = await lastCut();
    const before = await adapter.positionsAt(from, account, patience());
    await live();
    const seen = await adapter.observe(from, await lastCut(), account, patience());
    expectIdentity(before, seen);
    expectCrossChecks(seen);
    return seen;
  }

  const checksummed = async (operator: string): Promise<string> =>
    (await harness.driver.validators()).find((v) => v.operator.toLowerCase() === operator)?.operator ?? '';

  it('R13: the reward of one day is what the breathe block paid our shares, to a few wei', async () => {
    await operate(harness, adapter, 'd1', { kind: 'delegate', validator: one, amount: atoms(1_000n * ONE_BNB) });
    await day(harness.advancePeriod);
    const seen = await day(async () => {
      await harness.foreignTraffic();
      await harness.advancePeriod();
    });
    const [reward] = seen.rewards;
    if (reward?.crossCheck == null) throw new Error('no reward');
    expect(seen.rewards.length).toBe(1);
    expect(reward.amount).toBeGreaterThan(10n ** 15n);
    const difference = reward.amount - reward.crossCheck.amount;
    expect(difference).toBeGreaterThanOrEqual(-2n);
    expect(reward.crossCheck.toleranceAtoms).toBeLessThan(reward.amount / 100n);
    expect(reward.earnedToMs - reward.earnedFromMs).toBe(DAY_MS);
    expect(reward.key).toBe(`${reward.positionKey}:${reward.period}:protocol`);
    expect(reward.key).toMatch(/^bnb:0x[0-9a-f]{40}:0x[0-9a-f]{40}:2026-11-1\d:protocol$/);
    expect(reward.at.timeMs / DAY_MS).toBe(reward.earnedToMs / DAY_MS);
  });

  it('R16: stake of a day is time-weighted: half a day counts half', async () => {
    const from = await lastCut();
    const before = (await adapter.positionsAt(from, account, patience())).reduce((sum, p) => sum + p.active, 0n);
    const seen = await day(async () => {
      const noon = Number(from.timeMs / DAY_MS) * 86_400 + 43_200;
      const { signed } = await prepare(harness, adapter, 'd2', {
        kind: 'delegate',
        validator: two,
        amount: atoms(500n * ONE_BNB),
      });
      await adapter.broadcast(signed, patience());
      await harness.driver.mine(noon);
      await harness.advancePeriod();
    });
    expect(seen.days).toEqual([{ day: expect.any(String), averageStake: before + 250n * ONE_BNB }]);
  });

  it('R41: a redelegation has two legs and a fee, and the fee is a cost, not a negative reward', async () => {
    const amount = 301n * ONE_BNB + 12_345n;
    const seen = await day(async () => {
      await operate(harness, adapter, 'd3', { kind: 'redelegate', from: one, to: two, amount: atoms(amount) });
      await harness.advancePeriod();
    });
    const [out, into] = [
      seen.flows.find((f) => f.kind === 'redelegate-out'),
      seen.flows.find((f) => f.kind === 'redelegate-in'),
    ];
    if (!out || !into) throw new Error('a leg is missing');
    expect(out.feeAtoms).toBe((-out.amount * 2n) / 100_000n);
    expect(-out.amount - into.amount).toBe(out.feeAtoms);
    expect(amount + out.amount).toBeLessThanOrEqual(2n);
    for (const reward of seen.rewards) expect(reward.amount).toBeGreaterThan(10n ** 12n);
  });

  it('R41: an undelegation waits in the position, matures, is claimed, and earns nothing meanwhile', async () => {
    const amount = 77n * ONE_BNB + 777n;
    let seen = await day(async () => {
      await operate(harness, adapter, 'd4', { kind: 'undelegate', validator: one, amount: atoms(amount) });
      await harness.advancePeriod();
    });
    const exit = seen.positions.find((p) => p.validator === one)?.exiting[0];
    expect(exit?.amount).toBeGreaterThanOrEqual(amount - 2n);
    await expect(prepare(harness, adapter, 'd5', { kind: 'claim', validator: one })).rejects.toMatchObject({
      code: 'REFUSED',
    });
    for (let i = 0; i < 7; i++) seen = await day(harness.advancePeriod);
    const position = seen.positions.find((p) => p.validator === one);
    expect(position?.exiting).toEqual([]);
    expect(position?.withdrawable).toBe(exit?.amount);
    const liquid = seen.liquid;
    seen = await day(async () => {
      const located = await operate(harness, adapter, 'd6', { kind: 'claim', validator: one });
      expect(located.flows.map((flow) => flow.amount)).toEqual([-(exit?.amount ?? 0n)]);
      await harness.advancePeriod();
    });
    expect(seen.liquid - liquid).toBeGreaterThan((exit?.amount ?? 0n) - ONE_BNB / 100n);
    expect(seen.positions.find((p) => p.validator === one)?.withdrawable).toBe(0n);
  });

  it('R14: a chain that stood still over two midnights pays once, for all the days, and each day has its stake', async () => {
    const seen = await day(async () => {
      const head = await harness.running.chain.head();
      await harness.driver.addFees(9n * ONE_BNB);
      await harness.driver.mine((Math.floor(head.timestamp / 86_400) + 3) * 86_400 + 5_000);
      await harness.finalize();
    });
    expect(seen.days.length).toBe(3);
    for (const reward of seen.rewards) {
      expect(reward.earnedToMs - reward.earnedFromMs).toBe(3n * DAY_MS);
      expect(reward.period).toBe(seen.days.at(-1)?.day);
      expect(reward.amount).toBeGreaterThan(0n);
    }
    expect(new Set(seen.days.map((d) => d.averageStake)).size).toBe(1);
  });

  it('R13: our own deposit inside the breathe block, before the payout, breaks neither identity nor cross-check', async () => {
    const seen = await day(async () => {
      const { signed } = await prepare(harness, adapter, 'd7', {
        kind: 'delegate',
        validator: one,
        amount: atoms(2_000n * ONE_BNB + 5n),
      });
      await harness.driver.addFees(20n * ONE_BNB);
      await adapter.broadcast(signed, patience());
      await harness.driver.breathe();
      await harness.finalize();
    });
    expect(seen.flows.map((flow) => flow.at.hash)).toEqual([seen.to.hash]);
    for (const { amount, crossCheck } of seen.rewards) {
      expect(amount - (crossCheck?.amount ?? 0n)).toBeLessThanOrEqual(3n);
      expect(amount - (crossCheck?.amount ?? 0n)).toBeGreaterThanOrEqual(-3n);
    }
    const opened = seen.days.reduce((sum, d) => sum + d.averageStake, 0n);
    const active = seen.positions.reduce((sum, p) => sum + p.active, 0n);
    expect(active - opened).toBeGreaterThan(1_999n * ONE_BNB); // the deposit is of the new day
  });

  it('R18: a slashed validator is a row; our principal stays, the jailed day pays zero', async () => {
    const operator = await checksummed(two);
    const seen = await day(async () => {
      await harness.driver.slash(operator);
      await harness.advancePeriod();
    });
    expect(seen.slashes).toMatchObject([
      { validator: two, kind: 'downtime', state: 'applied', amount: 0n, txid: expect.any(String) },
    ]);
    expect(seen.slashes[0]?.positionKey).toContain(account);
    const reward = seen.rewards.find((r) => r.validator === two);
    expect(reward).toMatchObject({ amount: 0n, crossCheck: { amount: 0n } });
    expect(sumOf(seen.rewards)).toBeGreaterThan(0n);
    const validator = seen.validators.find((v) => v.validator === two);
    expect(validator?.health).toBe('jailed');
    expect(validator?.jailedUntilMs).toBeGreaterThan(seen.slashes[0]?.atMs ?? 0n);
  });

  it('R41: a day with a deposit and no reward books its lost wei as rounding, not as a negative reward', async () => {
    const seen = await day(async () => {
      await operate(harness, adapter, 'd8', { kind: 'delegate', validator: one, amount: atoms(3n * ONE_BNB + 7n) });
      await harness.driver.breathe();
      await harness.finalize();
    });
    expect(sumOf(seen.rewards)).toBeLessThanOrEqual(2n);
    for (const loss of seen.slashes) expect(loss).toMatchObject({ kind: 'rounding', state: 'applied' });
    expect(sumOf(seen.slashes)).toBeLessThanOrEqual(2n);
  });

  it('R41: everything out, with income that came in the day: the last shares leave, and the positions end', async () => {
    const seen = await day(async () => {
      await harness.driver.foreignRedelegate(
        await checksummed(harness.operators[2] ?? ''),
        await checksummed(one),
        5_000n * ONE_BNB,
      );
      await harness.finalize();
      for (const [i, validator] of [one, two].entries()) {
        const positions = await adapter.positionsAt(await finalNow(adapter), account, patience());
        const amount = positions.find((p) => p.validator === validator)?.active ?? atoms(0n);
        await operate(harness, adapter, `d9-${i}`, { kind: 'undelegate', validator, amount });
      }
      await harness.driver.breathe();
      await harness.finalize();
    });
    expect(seen.positions.map((p) => p.active)).toEqual([0n, 0n]);
    const income = seen.rewards.find((r) => r.validator === one);
    expect(income?.amount).toBeGreaterThan(10n ** 15n); // our part of the stranger's fee
    const after = await day(harness.advancePeriod);
    expect(after.rewards).toEqual([]);
    expect(after.days).toMatchObject([{ averageStake: 0n }]);
  });
});
