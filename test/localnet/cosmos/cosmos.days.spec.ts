import { expectIdentity, finalNow, operate, patience, prepare, sumOf, totalOf } from '@app/chains/testing';
import { atoms } from '@app/staking-core';
import type { BlockStamp, Observation, StakeIntent } from '@app/chains';

import { devKey, ONE_ATOM } from '../../../devnet/chains/cosmos/index.js';
import type { CosmosAdapter } from '../../../libs/chains/src/cosmos/cosmos.adapter.js';
import { MemorySnapshots } from '../../../libs/chains/src/cosmos/cosmos.snapshots.js';
import { makeCosmosHarness, type CosmosHarness } from './cosmos-harness.js';

const DAY_MS = 86_400_000;

describe('ATOM days on the protocol model', () => {
  let harness: CosmosHarness;
  let adapter: CosmosAdapter;
  let account: string;
  let cut: BlockStamp;
  let operations = 0;

  beforeEach(async () => {
    harness = await makeCosmosHarness();
    adapter = harness.openWith({});
    account = harness.signer.account;
    await harness.advancePeriod();
    const first = await adapter.firstCut(await finalNow(adapter), patience());
    if (first === null) throw new Error('no cut');
    cut = first;
  });

  afterEach(async () => {
    await adapter?.close();
    await harness?.close();
  });

  const act = (intent: StakeIntent) => operate(harness, adapter, `days-${(operations += 1)}`, intent);
  const delegate = (validator: string, amount: bigint) => act({ kind: 'delegate', validator, amount: atoms(amount) });

  /** Observes from the last cut to the newest, cut by cut, each held to the identity of R41. */
  async function observeDays(by: CosmosAdapter = adapter): Promise<Observation[]> {
    const days: Observation[] = [];
    for (;;) {
      const next = await by.nextCut(cut, await finalNow(by), patience());
      if (next === null) return days;
      const seen = await by.observe(cut, next, account, patience());
      days.push(seen);
      cut = next;
    }
  }
  async function nextDay(): Promise<Observation> {
    const before = await adapter.positionsAt(cut, account, patience());
    await harness.advancePeriod();
    const [seen, ...more] = await observeDays();
    if (seen === undefined || more.length > 0) throw new Error(`expected one day, saw ${more.length + 1}`);
    expectIdentity(before, seen);
    return seen;
  }
  const losses = (seen: Observation) =>
    seen.slashes.filter((row) => row.state === 'applied' && row.kind !== 'rounding');

  it('R13: a day is pending after, less pending before, and what was withdrawn, in whole uatom', async () => {
    const [one] = harness.validators;
    await delegate(one, 1_000n * ONE_ATOM + 1n);
    await nextDay();
    const held = (await adapter.positionsAt(cut, account, patience()))[0];
    const located = await act({ kind: 'claim', validator: one });
    const paid = -sumOf(located.flows);
    expect(paid).toBeGreaterThanOrEqual(held?.claimable ?? 0n);
    await delegate(one, 7n); // withdraws on the way
    const seen = await nextDay();
    expect(seen.flows.map((flow) => flow.kind)).toEqual(['withdraw-reward', 'withdraw-reward', 'delegate']);
    const after = seen.positions[0];
    const withdrawn = -sumOf(seen.flows.filter((flow) => flow.kind === 'withdraw-reward'));
    expect(seen.rewards).toHaveLength(1);
    expect(seen.rewards[0]?.amount).toBe((after?.claimable ?? 0n) - (held?.claimable ?? 0n) + withdrawn);
    expect(seen.rewards[0]?.key).toBe(`atom:acc:${account}:${one}:${seen.from.height}-${seen.to.height}`);
    expect(BigInt(DAY_MS) - (seen.to.timeMs % BigInt(DAY_MS))).toBeLessThan(10_000n);
    expect((seen.rewards[0]?.earnedFromMs ?? 1n) % BigInt(DAY_MS)).toBe(0n);
  });

  it('R18: a downtime slash costs stake and exits alike, to the atom; the day still pays', async () => {
    const [one, two] = harness.validators;
    await delegate(one, 1_000_000n * ONE_ATOM + 3n);
    await delegate(two, 500n * ONE_ATOM);
    await nextDay();
    await act({ kind: 'undelegate', validator: one, amount: atoms(400_000n * ONE_ATOM + 1n) });
    harness.driver.downtime(one);
    const seen = await nextDay();
    const [loss, ...more] = losses(seen);
    expect(more).toEqual([]);
    expect(loss).toMatchObject({ validator: one, kind: 'downtime', state: 'applied' });
    // 0.01 % of the stake. The exit began after the infraction (two blocks before), so it stood behind it as well.
    expect(loss?.amount).toBeGreaterThanOrEqual(99n * ONE_ATOM);
    expect(loss?.amount).toBeLessThanOrEqual(101n * ONE_ATOM);
    expect(seen.rewards.find((row) => row.validator === two)?.amount).toBeGreaterThan(0n);
    expect(seen.validators.find((row) => row.validator === one)).toMatchObject({ health: 'jailed', earning: false });
    const after = await nextDay();
    expect(losses(after)).toEqual([]);
    // A share is no whole uatom any more: operations round, and are never taken for a slash.
    harness.driver.unjail(one);
    await act({ kind: 'undelegate', validator: one, amount: atoms(1_000_003n) });
    await delegate(one, 999_999_999n);
    await harness.foreignTraffic();
    expect(losses(await nextDay())).toEqual([]);
  });

  it('R18: a double sign follows stake into its exit and to the validator it was redelegated to', async () => {
    const [one, two] = harness.validators;
    await delegate(one, 3_000n * ONE_ATOM);
    await delegate(two, 1_000n * ONE_ATOM);
    await nextDay();
    const infraction = harness.running.chain.height;
    await act({ kind: 'undelegate', validator: one, amount: atoms(1_000n * ONE_ATOM) });
    await act({ kind: 'redelegate', from: one, to: two, amount: atoms(1_000n * ONE_ATOM) });
    harness.driver.doubleSign(one, infraction);
    const seen = await nextDay();
    const rows = losses(seen);
    const at = (validator: string) => rows.find((row) => row.positionKey === `atom:${account}:${validator}`);
    expect(rows.map((row) => row.kind)).toEqual(['double-sign', 'double-sign']);
    expect(rows.map((row) => row.validator)).toEqual([one, one]);
    expect(at(two)?.amount).toBe(50n * ONE_ATOM); // 5 % of what came by redelegation
    expect(at(one)?.amount).toBeGreaterThanOrEqual(99n * ONE_ATOM); // 5 % of exit and stake
    expect(at(one)?.amount).toBeLessThanOrEqual(101n * ONE_ATOM);
    expect(seen.validators.find((row) => row.validator === one)?.health).toBe('tombstoned');
    // The chain withdrew the rewards of the cut redelegation by itself, in no transaction of ours.
    const withdrawn = seen.flows.filter((flow) => flow.kind === 'withdraw-reward' && flow.validator === two);
    expect(withdrawn.some((flow) => flow.key.startsWith('atom:block:'))).toBe(true);
    expect(losses(await nextDay())).toEqual([]);
  });

  it('R41: an exit is credited after 21 days by the block itself, without a claim', async () => {
    const [one] = harness.validators;
    await delegate(one, 100n * ONE_ATOM);
    await nextDay();
    await act({ kind: 'undelegate', validator: one, amount: atoms(30n * ONE_ATOM + 1n) });
    await nextDay();
    const exit = (await adapter.positionsAt(cut, account, patience()))[0]?.exiting[0];
    expect(exit?.amount).toBe(30n * ONE_ATOM + 1n);
    await harness.running.advanceTo(Number(exit?.readyAtMs ?? 0n) + DAY_MS);
    const liquid = await adapter.liquidAt(cut, account, patience());
    const before = totalOf(await adapter.positionsAt(cut, account, patience()));
    const days = await observeDays();
    const credits = days.flatMap((day) => day.flows);
    expect(credits).toHaveLength(1);
    expect(credits[0]).toMatchObject({ kind: 'claim', amount: -(30n * ONE_ATOM + 1n), activeChange: 0n });
    expect(credits[0]?.atMs).toBeGreaterThanOrEqual((exit?.readyAtMs ?? 0n) - 1n);
    expect(days.at(-1)?.liquid).toBe(liquid + 30n * ONE_ATOM + 1n);
    const earned = days.reduce((sum, day) => sum + sumOf(day.rewards), 0n);
    expect(totalOf(days.at(-1)?.positions ?? [])).toBe(before + earned - 30n * ONE_ATOM - 1n);
    expect(days.every((day) => day.rewards.length === 1 && (day.rewards[0]?.amount ?? 0n) > 0n)).toBe(true);
  });

  it('seven exits of a pair, then the amount leaves from another validator; at the end it is refused', async () => {
    const [one, two] = harness.validators;
    await delegate(one, 100n * ONE_ATOM);
    await delegate(two, 20n * ONE_ATOM);
    for (let i = 0; i < 7; i++) await act({ kind: 'undelegate', validator: one, amount: atoms(ONE_ATOM) });
    const at = await finalNow(adapter);
    const state = {
      parameters: await adapter.parametersAt(at, patience()),
      validators: await adapter.validatorsAt(at, patience()),
      positions: await adapter.positionsAt(at, account, patience()),
    };
    const leave = (amount: bigint) =>
      adapter.plan('exits', { kind: 'undelegate', validator: one, amount: atoms(amount) }, state);
    expect(leave(5n * ONE_ATOM).map((step) => step.intent)).toEqual([
      { kind: 'undelegate', validator: two, amount: 5n * ONE_ATOM },
    ]);
    expect(() => leave(21n * ONE_ATOM)).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    expect(() => leave(21n * ONE_ATOM)).toThrow('all 7 exits');
    // Past the plan, the chain itself refuses it, and says so before anything is signed.
    const step = {
      operationId: 'eighth',
      index: 0,
      intent: { kind: 'undelegate', validator: one, amount: atoms(1n) },
    } as const;
    const lane = await adapter.nextLane(account, at, patience());
    await expect(adapter.build(step, lane, at, patience())).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('too many unbonding delegation entries') as string,
    });
  });

  it('what came by redelegation may not move on: refused in the plan, and by the chain', async () => {
    const [one, two] = harness.validators;
    const three = harness.running.validators[2] ?? '';
    await delegate(one, 100n * ONE_ATOM);
    await act({ kind: 'redelegate', from: one, to: two, amount: atoms(40n * ONE_ATOM) });
    const onward = { kind: 'redelegate', from: two, to: three, amount: atoms(ONE_ATOM) } as const;
    await expect(prepare(harness, adapter, 'onward', onward)).rejects.toThrow('may be redelegated before');
    const at = await finalNow(adapter);
    const lane = await adapter.nextLane(account, at, patience());
    const step = { operationId: 'onward', index: 0, intent: onward };
    await expect(adapter.build(step, lane, at, patience())).rejects.toThrow('already in progress');
  });

  it('R19: a state that is pruned is an error; the books kept live carry the day over it', async () => {
    const [one] = harness.validators;
    await delegate(one, 100n * ONE_ATOM);
    await nextDay();
    const from = cut;
    await harness.advancePeriod();
    harness.running.chain.keepStates = 6n;
    harness.driver.blocks(1);
    const to = await adapter.nextCut(from, await finalNow(adapter), patience());
    if (to === null) throw new Error('no cut');
    expect(harness.running.chain.stateAt(from.height)).toBeUndefined();
    const forgetful = harness.openWith({ snapshots: new MemorySnapshots() });
    await expect(forgetful.observe(from, to, account, patience())).rejects.toMatchObject({
      code: 'STATE_PRUNED',
      retryable: false,
    });
    await expect(adapter.positionsAt(from, account, patience())).rejects.toMatchObject({ code: 'STATE_PRUNED' });
    const seen = await adapter.observe(from, to, account, patience());
    expect(seen.rewards[0]?.amount).toBeGreaterThan(0n);
    await forgetful.close();
  });

  it('R40: bytes past their timeout height are dead by the state itself; before it they wait', async () => {
    const [one] = harness.validators;
    const quick = harness.openWith({ timeoutBlocks: 3n });
    const late = await prepare(harness, quick, 'late', { kind: 'delegate', validator: one, amount: atoms(5n) });
    expect(late.signed.expiresAtHeight).toBe(late.at.height + 3n);
    harness.driver.blocks(2);
    expect(await quick.locate(late.signed, patience())).toEqual({ state: 'pending' });
    harness.driver.blocks(2);
    const found = await quick.locate(late.signed, patience());
    expect(found).toMatchObject({ state: 'dead' });
    expect(await quick.broadcast(late.signed, patience())).toMatchObject({ kind: 'rejected', code: 'EXPIRED' });
    await quick.close();
  });

  it('R40: what the node refuses has a name; a full purse, a gap and a wrong fee are not the same', async () => {
    const [one] = harness.validators;
    const intent = { kind: 'delegate', validator: one, amount: atoms(5n) } as const;
    const { step, lane, at } = await prepare(harness, adapter, 'codes', intent);
    const gap = { ...lane, number: (lane.number ?? 0n) + 1n };
    const ahead = await harness.signer.sign(await adapter.build(step, gap, at, patience()));
    expect(await adapter.broadcast(ahead, patience())).toMatchObject({ kind: 'rejected', code: 'SEQUENCE_GAP' });
    const cheap = harness.openWith({ highestGasPrice: 5_000_000_000_000_000n });
    expect(await cheap.build(step, lane, at, patience())).not.toEqual(await adapter.build(step, lane, at, patience()));
    await cheap.close();
    const poor = { ...step, intent: { ...intent, amount: atoms(10n ** 18n) } };
    await expect(adapter.build(poor, lane, at, patience())).rejects.toThrow('insufficient funds');
    const dear = harness.openWith({ highestGasPrice: 1n });
    await expect(dear.build(step, lane, at, patience())).rejects.toMatchObject({ code: 'REFUSED' });
    await dear.close();
  });

  it('R39: who gets the rewards, and whether shares can be tokenized, is read back; a change shows', async () => {
    const [one] = harness.validators;
    await delegate(one, 100n * ONE_ATOM);
    const first = await nextDay();
    expect(first.parameters.others).toMatchObject({
      withdrawAddress: account,
      tokenizeShares: 'locked',
      authzGrants: 'none',
      maxEntries: '7',
      feemarket: 'present',
    });
    expect(first.parameters.unbondingMs).toBe(21n * BigInt(DAY_MS));
    const thief = devKey('stranger 2').address;
    harness.driver.setWithdrawAddress(thief);
    const liquid = await adapter.liquidAt(await finalNow(adapter), account, patience());
    await act({ kind: 'claim', validator: one });
    const second = await nextDay();
    expect(second.parameters.others['withdrawAddress']).toBe(thief);
    expect(second.liquid).toBeLessThan(liquid); // only fees: the rewards went elsewhere
    expect(sumOf(second.flows)).toBeLessThan(0n);
  });

  it('R2: a chain that stands still over two midnights: one reward, every day with its stake', async () => {
    const [one] = harness.validators;
    await delegate(one, 100n * ONE_ATOM);
    await nextDay();
    const { chain } = harness.running;
    const midnight = Math.floor(harness.driver.headMs / DAY_MS) * DAY_MS;
    chain.makeBlock(BigInt(midnight + 2 * DAY_MS + 3_600_000) * 1_000_000n);
    chain.makeBlock(BigInt(midnight + 2 * DAY_MS + 7_200_000) * 1_000_000n);
    chain.flush();
    await harness.advancePeriod();
    const days = await observeDays();
    expect(days.flatMap((seen) => seen.rewards)).toHaveLength(2);
    expect(days.flatMap((seen) => seen.days.map((one) => one.day))).toHaveLength(3);
    expect(days.flatMap((seen) => seen.days).every((one) => one.averageStake === 100n * ONE_ATOM)).toBe(true);
  });
});

describe('ATOM on a chain without gaia’s own modules', () => {
  it('the fee market and x/liquid are told absent; fees come from the configuration', async () => {
    const harness = await makeCosmosHarness({ hasFeemarket: false, hasLiquid: false });
    const adapter = harness.openWith({ minimumGasPrice: 10_000_000_000_000_000n });
    try {
      const [one] = harness.validators;
      await operate(harness, adapter, 'plain', { kind: 'delegate', validator: one, amount: atoms(ONE_ATOM) });
      await harness.advancePeriod();
      const from = await adapter.firstCut(await finalNow(adapter), patience());
      await harness.advancePeriod();
      const to = from && (await adapter.nextCut(from, await finalNow(adapter), patience()));
      if (from === null || to === null) throw new Error('no two cuts');
      const { parameters } = await adapter.observe(from, to, harness.signer.account, patience());
      expect(parameters.others).toMatchObject({ feemarket: 'absent', tokenizeShares: 'absent' });
    } finally {
      await adapter.close();
      await harness.close();
    }
  });

  it('R39: stake is not delegated by an account whose shares can be tokenized', async () => {
    const harness = await makeCosmosHarness();
    const adapter = harness.openWith({});
    try {
      const stranger = devKey('stranger 3');
      const at = await finalNow(adapter);
      const lane = await adapter.nextLane(stranger.address, at, patience());
      const intent = { kind: 'delegate', validator: harness.validators[0], amount: atoms(1n) } as const;
      const step = { operationId: 'unlocked', index: 0, intent };
      await expect(adapter.build(step, lane, at, patience())).rejects.toThrow('they are locked first');
      harness.driver.lockTokenizing(stranger);
      const now = await finalNow(adapter);
      const next = await adapter.nextLane(stranger.address, now, patience());
      expect((await adapter.build(step, next, now, patience())).bytes).not.toBe('');
    } finally {
      await adapter.close();
      await harness.close();
    }
  });
});
