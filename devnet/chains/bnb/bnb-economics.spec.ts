import { BNB_SYSTEM, DAY_SECONDS, ONE_BNB, utcDay } from './bnb-constants.js';
import type { ValidatorState } from './hub-reads.js';
import { view } from './hub-reads.js';
import { liveDay } from './live-day.js';
import { SpecStaker, eventsOfBlock } from './spec-treasury.js';
import type { RunningBnbChain } from './start-bnb-chain.js';
import { startTemporaryBnbChain } from './temporary-chain.js';

describe('the local BNB chain pays like the genuine one', () => {
  let bnb: RunningBnbChain;
  let treasury: SpecStaker;
  let aster: ValidatorState;
  let draco: ValidatorState;

  beforeEach(async () => {
    bnb = await startTemporaryBnbChain();
    treasury = new SpecStaker(bnb);
    const validators = await bnb.driver.validators();
    aster = validators[0] as ValidatorState; // 5 % commission
    draco = validators[3] as ValidatorState; // 20 %
  });

  afterEach(() => bnb.stop());

  const stateOf = async (operator: string): Promise<ValidatorState> =>
    (await bnb.driver.validators()).find((one) => one.operator === operator) as ValidatorState;

  it('pays the fees of D in the first block of D+1, as its last transaction, under the paying day', async () => {
    const fees = 13n * ONE_BNB + 7n;
    await bnb.driver.addFees(fees, { [aster.operator]: 1n });
    const hash = await treasury.send('delegate', [aster.operator, false], 5n * ONE_BNB);
    const day = utcDay((await bnb.chain.head()).timestamp);
    const block = await bnb.driver.breathe(day);

    const events = await eventsOfBlock(bnb, block.hash);
    expect(events.map((one) => one.name)).toEqual([
      ...['Transfer', 'Delegated'], // the treasury's, which waited in the mempool, comes first
      ...['Transfer', 'RewardReceived', 'RewardDistributed', 'validatorSetUpdated'],
    ]);
    const commission = (fees * 500n) / 10_000n;
    expect(events[3]?.args).toEqual([fees - commission, commission]);
    expect(events[4]?.args).toEqual([aster.operator, fees]);
    expect((await treasury.eventsOf(hash)).at(-1)?.name).toBe('Delegated');

    const today = Math.floor(block.timestamp / DAY_SECONDS);
    expect(await treasury.credit(aster.credit, 'rewardRecord', [today])).toBe(fees - commission);
    expect(await treasury.credit(aster.credit, 'rewardRecord', [today - 1])).toBe(0n);
    expect(block.timestamp % DAY_SECONDS).toBe(1);
  });

  it('conserves fees to the wei: they are in the pools, and the pools are backed by the contracts’ balances', async () => {
    await treasury.run('delegate', [draco.operator, false], 777n * ONE_BNB + 3n);
    const start = await bnb.driver.validators();
    const fees = 11n * ONE_BNB + 12_345_678_901n;
    await bnb.driver.addFees(fees);
    await bnb.driver.breathe();
    const end = await bnb.driver.validators();
    const pooled = (all: ValidatorState[]): bigint => all.reduce((sum, one) => sum + one.totalPooledBNB, 0n);
    expect(pooled(end) - pooled(start)).toBe(fees);
    for (const one of end) expect(await treasury.balance(one.credit)).toBe(one.totalPooledBNB);
    expect(await treasury.balance(BNB_SYSTEM.stakeHub)).toBe(0n);
    expect(await treasury.balance(BNB_SYSTEM.validatorSet)).toBe(0n);
  });

  it('mints shares for the commission only, at the rate after the reward: the rate does not move for it', async () => {
    const own = await treasury.credit(draco.credit, 'balanceOf', [draco.operator]);
    const fees = 100n * ONE_BNB;
    await bnb.driver.addFees(fees, { [draco.operator]: 1n });
    await bnb.driver.breathe();
    const after = await stateOf(draco.operator);
    const commission = (fees * 2_000n) / 10_000n;
    const pooledBefore = draco.totalPooledBNB + fees - commission;
    const minted = (commission * draco.totalSupply) / pooledBefore;
    expect(after.totalSupply - draco.totalSupply).toBe(minted);
    expect((await treasury.credit(draco.credit, 'balanceOf', [draco.operator])) - own).toBe(minted);
    const sharesOfTen = 10n ** 19n;
    const worth = (sharesOfTen * pooledBefore) / draco.totalSupply;
    const drift = (await treasury.credit(draco.credit, 'getPooledBNBByShares', [sharesOfTen])) - worth;
    expect(drift === 0n || drift === 1n).toBe(true);
  });

  it('rounds down both ways: shares on the way in, BNB on the way out, never up', async () => {
    await bnb.driver.addFees(7n * ONE_BNB + 1n, { [aster.operator]: 1n });
    await bnb.driver.breathe();
    const rate = await stateOf(aster.operator);
    const amount = 3n * ONE_BNB + 1n;
    const shares = (amount * rate.totalSupply) / rate.totalPooledBNB;
    expect((shares * rate.totalPooledBNB) / rate.totalSupply).toBeLessThan(amount); // this rate is not a round one
    const { events } = await treasury.run('delegate', [aster.operator, false], amount);
    expect(events.at(-1)).toEqual({
      name: 'Delegated',
      args: [aster.operator, treasury.wallet.address, shares, amount],
    });
    const now = await stateOf(aster.operator);
    const out = (shares * now.totalPooledBNB) / now.totalSupply;
    expect(await treasury.credit(aster.credit, 'getPooledBNB')).toBe(out);
    const left = await treasury.run('undelegate', [aster.operator, shares]);
    expect(left.events.at(-1)?.args).toEqual([aster.operator, treasury.wallet.address, shares, out]);
    expect(await treasury.credit(aster.credit, 'balanceOf')).toBe(0n);
  });

  it('gives the day’s reward by the position identity, within a few wei of the event figure', async () => {
    await treasury.run('delegate', [aster.operator, false], 1_000n * ONE_BNB);
    const position = async (): Promise<bigint> =>
      (await treasury.credit(aster.credit, 'getPooledBNB')) +
      (await treasury.credit(aster.credit, 'lockedBNBs', [treasury.wallet.address, 0]));
    await liveDay(bnb.driver, utcDay((await bnb.chain.head()).timestamp));
    for (let i = 0; i < 3; i++) {
      const start = await position();
      await treasury.run('delegate', [aster.operator, false], 17n * ONE_BNB + 1n);
      await treasury.run('undelegate', [aster.operator, 5n * ONE_BNB + 3n]);
      const breathe = await liveDay(bnb.driver, utcDay((await bnb.chain.head()).timestamp));
      const reward = (await position()) - start - (17n * ONE_BNB + 1n);
      const at = `0x${(breathe.number - 1).toString(16)}`;
      const read = async (name: string, args: unknown[]): Promise<bigint> => {
        const data = bnb.driver.interfaces.credit.encodeFunctionData(name, args);
        return BigInt(await bnb.chain.rpc<string>('eth_call', [{ to: aster.credit, data }, at]));
      };
      const events = await eventsOfBlock(bnb, breathe.hash);
      const paid = events.findIndex((one) => one.name === 'RewardDistributed' && one.args[0] === aster.operator);
      const received = events[paid - 1];
      expect(received?.name).toBe('RewardReceived');
      const toAll = received?.args[0] as bigint;
      const figure = ((await read('balanceOf', [treasury.wallet.address])) * toAll) / (await read('totalSupply', []));
      expect(reward).toBeGreaterThan(0n);
      const difference = reward > figure ? reward - figure : figure - reward;
      expect(difference).toBeLessThanOrEqual(10n);
      const yearlyPpm = (reward * 365_000_000n) / start;
      expect(yearlyPpm).toBeGreaterThan(15_000n);
      expect(yearlyPpm).toBeLessThan(45_000n);
    }
  });

  it('loses a jailed validator’s reward to the system, with an event and no change of the rate', async () => {
    await bnb.driver.addFees(9n * ONE_BNB, { [aster.operator]: 1n });
    await bnb.driver.jail(aster.operator, (await bnb.chain.head()).timestamp + 3 * DAY_SECONDS);
    const system = await treasury.systemReward();
    const block = await bnb.driver.breathe();
    const failed = (await eventsOfBlock(bnb, block.hash)).find((one) => one.name === 'RewardDistributeFailed');
    expect(failed?.args[0]).toBe(aster.operator);
    expect((await treasury.systemReward()) - system).toBe(9n * ONE_BNB);
    expect((await stateOf(aster.operator)).totalPooledBNB).toBe(aster.totalPooledBNB);
  });

  it('lets a jailed validator’s delegators leave but nobody else come, and frees it only after its time', async () => {
    await treasury.run('delegate', [aster.operator, false], 10n * ONE_BNB);
    const until = (await bnb.chain.head()).timestamp + 100;
    await bnb.driver.jail(aster.operator, until);
    expect(await treasury.errorOf('delegate', [aster.operator, false], 5n * ONE_BNB)).toBe('OnlySelfDelegation');
    const redelegate = [draco.operator, aster.operator, ONE_BNB, false];
    await treasury.run('delegate', [draco.operator, false], 10n * ONE_BNB);
    expect(await treasury.errorOf('redelegate', redelegate)).toBe('OnlySelfDelegation');
    expect((await treasury.run('undelegate', [aster.operator, 4n * ONE_BNB])).ok).toBe(true);
    await expect(bnb.driver.unjail(aster.operator)).rejects.toMatchObject({ reason: 'JailTimeNotExpired' });
    await bnb.driver.unjail(aster.operator, until);
    expect((await treasury.run('delegate', [aster.operator, false], 5n * ONE_BNB)).ok).toBe(true);
    await expect(bnb.driver.unjail(aster.operator)).rejects.toMatchObject({ reason: 'ValidatorNotJailed' });
  });

  it('takes a downtime slash from the validator’s own stake alone', async () => {
    await treasury.run('delegate', [aster.operator, false], 1_234n * ONE_BNB + 5n);
    await bnb.driver.addFees(3n * ONE_BNB + 1n);
    await bnb.driver.breathe();
    const [ours, own] = [
      await treasury.credit(aster.credit, 'getPooledBNB'),
      await treasury.credit(aster.credit, 'getPooledBNB', [aster.operator]),
    ];
    const block = await bnb.driver.slash(aster.operator);
    expect(await treasury.credit(aster.credit, 'getPooledBNB')).toBe(ours);
    const burnt = own - (await treasury.credit(aster.credit, 'getPooledBNB', [aster.operator]));
    const events = await eventsOfBlock(bnb, block.hash);
    const slashed = events.find((one) => one.name === 'ValidatorSlashed');
    const amount = slashed?.args[2] as bigint;
    expect(10n * ONE_BNB - amount).toBeLessThanOrEqual(1n);
    expect(burnt - amount).toBeLessThanOrEqual(1n);
    expect(slashed?.args).toEqual([aster.operator, BigInt(block.timestamp + 2 * DAY_SECONDS), amount, 1n]);
    expect(events.some((one) => one.name === 'ValidatorJailed')).toBe(true);
    expect(await treasury.systemReward()).toBe(amount);
  });

  it('shares the fees of a slashed validator among the others when it also loses its seat', async () => {
    const fees = 3n * ONE_BNB + 1n;
    await bnb.driver.addFees(fees, { [aster.operator]: 1n });
    await bnb.driver.slash(aster.operator, { felony: true });
    const system = await treasury.systemReward();
    const events = await eventsOfBlock(bnb, (await bnb.driver.breathe()).hash);
    const paid = events.filter((one) => one.name === 'RewardDistributed').map((one) => one.args[1]);
    expect(paid).toEqual([fees / 3n, fees / 3n, fees / 3n]);
    expect((await treasury.systemReward()) - system).toBe(fees - 3n * (fees / 3n));
  });

  it('holds unbonding for 7 days, earns nothing meanwhile, and pays requests first in, first out', async () => {
    await treasury.run('delegate', [aster.operator, false], 100n * ONE_BNB);
    for (const shares of [1n, 2n, 3n]) await treasury.run('undelegate', [aster.operator, shares * ONE_BNB]);
    const request = await view(bnb.chain, bnb.driver.interfaces.credit, aster.credit, 'unbondRequest', [
      treasury.wallet.address,
      0,
    ]);
    const unlock = Number((request[0] as { unlockTime: bigint }).unlockTime);
    expect(unlock).toBe((await bnb.chain.head()).timestamp - 6 + 7 * DAY_SECONDS);
    expect(await treasury.errorOf('claim', [aster.operator, 0])).toBe('NoClaimableUnbondRequest');
    expect(await treasury.errorOf('claim', [draco.operator, 0])).toBe('NoUnbondRequest');

    await bnb.driver.mine(unlock - 1);
    expect(await treasury.credit(aster.credit, 'claimableUnbondRequest')).toBe(0n);
    await bnb.driver.mine(unlock + 3); // the first two have matured, the third has not
    expect(await treasury.credit(aster.credit, 'claimableUnbondRequest')).toBe(2n);
    expect(await treasury.credit(aster.credit, 'lockedBNBs', [treasury.wallet.address, 0])).toBe(6n * ONE_BNB);
    expect(await treasury.credit(aster.credit, 'lockedBNBs', [treasury.wallet.address, 2])).toBe(3n * ONE_BNB);
    const claimed = async (name: string, args: unknown[], at: number): Promise<unknown> => {
      const hash = await treasury.send(name, args);
      await bnb.driver.mine(at);
      const [event, ...more] = await treasury.eventsOf(hash);
      expect(more).toEqual([]);
      expect(event?.name).toBe('Claimed');
      return event?.args[2];
    };
    const before = await treasury.balance();
    expect(await claimed('claim', [aster.operator, 1], unlock + 4)).toBe(ONE_BNB);
    expect(await claimed('claim', [aster.operator, 0], unlock + 5)).toBe(2n * ONE_BNB); // not the third: it locks till +6
    expect(await treasury.errorOf('claim', [aster.operator, 0])).toBe('NoClaimableUnbondRequest');
    expect(await claimed('claimBatch', [[aster.operator], [9]], unlock + 6)).toBe(3n * ONE_BNB);
    expect((await treasury.balance()) - before).toBe(6n * ONE_BNB);
    expect(await treasury.credit(aster.credit, 'pendingUnbondRequest')).toBe(0n);
  });

  it('charges 2/100000 for a redelegation into the target pool: recorded, without RewardReceived', async () => {
    await bnb.driver.addFees(7n * ONE_BNB + 1n, { [draco.operator]: 1n });
    await bnb.driver.breathe();
    await treasury.run('delegate', [aster.operator, false], 500n * ONE_BNB);
    const shares = 123n * ONE_BNB + 456n;
    const [src, dst] = [await stateOf(aster.operator), await stateOf(draco.operator)];
    const record = async (): Promise<bigint> =>
      treasury.credit(draco.credit, 'rewardRecord', [Math.floor((await bnb.chain.head()).timestamp / DAY_SECONDS)]);
    const recorded = await record();
    const { events } = await treasury.run('redelegate', [aster.operator, draco.operator, shares, false]);
    const burnt = (shares * src.totalPooledBNB) / src.totalSupply;
    const fee = (burnt * 2n) / 100_000n;
    const minted = ((burnt - fee) * dst.totalSupply) / (dst.totalPooledBNB + fee);
    expect(events.map((one) => one.name)).toEqual(['Transfer', 'Transfer', 'Redelegated']);
    expect(events[2]?.args).toEqual([
      ...[aster.operator, draco.operator, treasury.wallet.address],
      ...[shares, minted, burnt - fee],
    ]);
    expect((await record()) - recorded).toBe(fee);
    expect((await stateOf(draco.operator)).totalPooledBNB).toBe(dst.totalPooledBNB + burnt);
    expect((await stateOf(aster.operator)).totalPooledBNB).toBe(src.totalPooledBNB - burnt);
  });

  it('refuses with the genuine errors', async () => {
    const small = ONE_BNB - 1n;
    const stranger = BNB_SYSTEM.systemReward;
    expect(await treasury.errorOf('delegate', [aster.operator, false], small)).toBe('DelegationAmountTooSmall');
    expect(await treasury.errorOf('delegate', [stranger, false], ONE_BNB)).toBe('ValidatorNotExisted');
    expect(await treasury.errorOf('undelegate', [aster.operator, 0n])).toBe('ZeroShares');
    expect(await treasury.errorOf('undelegate', [aster.operator, 1n])).toBe('InsufficientBalance');
    await treasury.run('delegate', [aster.operator, false], 5n * ONE_BNB);
    const move = (to: string, shares: bigint): unknown[] => [aster.operator, to, shares, false];
    expect(await treasury.errorOf('redelegate', move(aster.operator, ONE_BNB))).toBe('SameValidator');
    expect(await treasury.errorOf('redelegate', move(draco.operator, small))).toBe('DelegationAmountTooSmall');
    expect(await treasury.errorOf('claimBatch', [[aster.operator], []])).toBe('InvalidRequest');
    expect(await treasury.errorOf('devJail', [aster.operator, 1])).toBe('OnlyDevOwner');
    expect(await treasury.errorOf('initialize', [])).toBe('OnlyDevOwner');
    await bnb.driver.setBlackListed(treasury.wallet.address, true);
    expect(await treasury.errorOf('delegate', [aster.operator, false], ONE_BNB)).toBe('InBlackList');
    await bnb.driver.pause();
    expect(await treasury.errorOf('claim', [aster.operator, 0])).toBe('AlreadyPaused');
    await bnb.driver.resume();
    await bnb.driver.setBlackListed(treasury.wallet.address, false);
    expect((await treasury.run('delegate', [aster.operator, false], ONE_BNB)).ok).toBe(true);
  });

  it('changes parameters and commissions within the chain’s bounds', async () => {
    await bnb.driver.setParam('unbondPeriod', 3n * 86_400n);
    await expect(bnb.driver.setParam('unbondPeriod', 1n)).rejects.toMatchObject({ reason: 'InvalidValue' });
    await expect(bnb.driver.setParam('nonsense', 1n)).rejects.toMatchObject({ reason: 'UnknownParam' });
    const hubRead = await view(bnb.chain, bnb.driver.interfaces.hub, BNB_SYSTEM.stakeHub, 'unbondPeriod');
    expect(hubRead[0]).toBe(3n * 86_400n);
    await expect(bnb.driver.setCommission(aster.operator, 600)).rejects.toMatchObject({
      reason: 'UpdateTooFrequently',
    });
    await bnb.driver.breathe();
    await bnb.driver.breathe();
    await expect(bnb.driver.setCommission(aster.operator, 1_001)).rejects.toMatchObject({
      reason: 'InvalidCommission',
    });
    await bnb.driver.setCommission(aster.operator, 1_000);
    expect((await stateOf(aster.operator)).commissionBps).toBe(1_000);
  });

  it('pays only elected validators: a new one earns after its first breathe block', async () => {
    const made = await bnb.driver.createValidator({
      moniker: 'Eridan',
      commissionBps: 100,
      selfStake: 2_000n * ONE_BNB,
    });
    const system = await treasury.systemReward();
    await bnb.driver.addFees(ONE_BNB, { [made.operator]: 1n });
    await bnb.driver.breathe();
    expect((await stateOf(made.operator)).totalPooledBNB).toBe(made.totalPooledBNB);
    expect((await treasury.systemReward()) - system).toBe(ONE_BNB);
    await bnb.driver.addFees(ONE_BNB, { [made.operator]: 1n });
    await bnb.driver.breathe();
    expect((await stateOf(made.operator)).totalPooledBNB).toBe(made.totalPooledBNB + ONE_BNB);
  });
});
