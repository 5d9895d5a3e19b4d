import {
  QueryClient,
  setupBankExtension,
  setupDistributionExtension,
  setupSlashingExtension,
  setupStakingExtension,
  type BankExtension,
  type DistributionExtension,
  type StakingExtension,
} from '@cosmjs/stargate';
import { connectComet, type CometClient } from '@cosmjs/tendermint-rpc';

import { ONE_ATOM, sendAs, type RunningCosmosNode, type Seat } from '../../../devnet/chains/cosmos/node/index.js';
import { describeRealNode, midnightAfter, temporaryNode } from './cosmos-node-world.js';

type Queries = QueryClient &
  StakingExtension &
  DistributionExtension &
  ReturnType<typeof setupSlashingExtension> &
  BankExtension;

const TREASURY = { role: 'treasury' } as const;
const uatom = (amount: bigint) => ({ denom: 'uatom', amount: `${amount}` });

describeRealNode('the real Cosmos chain (SDK modules under CometBFT)', () => {
  let world: Awaited<ReturnType<typeof temporaryNode>>;
  let running: RunningCosmosNode;
  let comet: CometClient;
  let queries: Queries;

  beforeAll(async () => {
    world = await temporaryNode();
    await open();
  }, 120_000);

  afterAll(async () => {
    comet?.disconnect();
    await world?.remove();
  });

  async function open(): Promise<void> {
    running = world.running;
    comet = await connectComet(running.url);
    queries = QueryClient.withExtensions(
      comet,
      setupStakingExtension,
      setupDistributionExtension,
      setupSlashingExtension,
      setupBankExtension,
    );
  }

  const oneBlock = () => running.control.blocks(1);
  const treasury = () => running.treasury.address;
  const seat = (number: number): Seat => {
    const found = running.validators[number];
    if (found === undefined) throw new Error(`there is no seat ${number}`);
    return found;
  };
  const liquid = async () => BigInt((await queries.bank.balance(treasury(), 'uatom')).amount);
  const validator = async (number: number) => (await queries.staking.validator(seat(number).operator)).validator;
  const send = (typeUrl: string, value: object) =>
    sendAs(running.url, TREASURY, [{ typeUrl: `/cosmos.${typeUrl}`, value }], oneBlock);
  const delegate = (number: number, amount: bigint) =>
    send('staking.v1beta1.MsgDelegate', {
      delegatorAddress: treasury(),
      validatorAddress: seat(number).operator,
      amount: uatom(amount),
    });
  const undelegate = (number: number, amount: bigint) =>
    send('staking.v1beta1.MsgUndelegate', {
      delegatorAddress: treasury(),
      validatorAddress: seat(number).operator,
      amount: uatom(amount),
    });
  const eventOf = async (hash: string, type: string, key: string): Promise<string | undefined> => {
    const found = await comet.tx({ hash: Buffer.from(hash, 'hex') });
    const event = found.result.events.find((one) => one.type === type);
    return event?.attributes.find((one) => String(one.key) === key)?.value as string | undefined;
  };

  it('all seats sign every block: nobody is near a jail', async () => {
    await running.control.blocks(12);
    const { info } = await queries.slashing.signingInfos();
    expect(info).toHaveLength(5);
    expect(info.map((one) => one.missedBlocksCounter)).toEqual([0n, 0n, 0n, 0n, 0n]);
    const newest = await comet.commit();
    expect(newest.commit.signatures.filter((one) => one.signature !== undefined).length).toBeGreaterThan(0);
  });

  it('R2: a UTC day passes in driven time, with a last block before midnight and a first one after', async () => {
    const before = await running.control.status();
    const midnight = midnightAfter(before.timeMs);
    const startedAt = performance.now();
    await running.advanceTo(midnight);
    const took = performance.now() - startedAt;
    const { block } = await comet.block();
    expect(new Date(block.header.time.getTime()).toISOString()).toBe(new Date(midnight).toISOString());
    const last = await comet.block(block.header.height - 1);
    expect(last.block.header.time.getTime()).toBe(midnight - 1_000);
    await running.advanceTo(midnight);
    expect((await comet.block()).block.header.height).toBe(block.header.height);
    expect(took).toBeLessThan(30_000);
  });

  it('R13: a delegation accrues in every block, and a withdrawal pays its whole atoms', async () => {
    await delegate(1, 1_234_567_891n);
    const { timeMs } = await running.control.status();
    await running.advanceTo(midnightAfter(timeMs));
    const pending = await queries.distribution.delegationRewards(treasury(), seat(1).operator);
    const accrued = BigInt(pending.rewards[0]?.amount ?? '0');
    expect(accrued).toBeGreaterThan(10n ** 18n);
    const before = await liquid();
    const hash = await send('distribution.v1beta1.MsgWithdrawDelegatorReward', {
      delegatorAddress: treasury(),
      validatorAddress: seat(1).operator,
    });
    const paid = BigInt((await eventOf(hash, 'withdraw_rewards', 'amount'))?.replace('uatom', '') ?? '0');
    // The block of the withdrawal accrues before it pays: a little more than what was pending, by one block's worth.
    expect(paid).toBeGreaterThanOrEqual(accrued / 10n ** 18n);
    expect(await liquid()).toBe(before + paid - 15_000n);
    const after = await queries.distribution.delegationRewards(treasury(), seat(1).operator);
    expect(BigInt(after.rewards[0]?.amount ?? '0')).toBe(0n);
  });

  it('an unbonding credits the account by itself at the end of its period, to the atom', async () => {
    const hash = await undelegate(1, 100_000_001n);
    expect(await eventOf(hash, 'unbond', 'amount')).toBe('100000001uatom');
    const [entry] = (await queries.staking.unbondingDelegation(treasury(), seat(1).operator)).unbond.entries;
    const ready = Number(entry?.completionTime.seconds ?? 0n) * 1_000;
    const { timeMs } = await running.control.status();
    expect(ready).toBe(timeMs + 21 * 86_400_000);
    const before = await liquid();
    await running.advanceTo(ready - 1_000, 86_400_000);
    expect(await liquid()).toBe(before);
    await running.advanceTo(ready, 86_400_000);
    expect(await liquid()).toBe(before + 100_000_001n);
  });

  it('the eighth unbonding from one validator is refused', async () => {
    for (let i = 0; i < 7; i++) await undelegate(1, 1_000_000n + BigInt(i));
    await expect(undelegate(1, 1_000_000n)).rejects.toThrow(/too many unbonding delegation entries.*code 27/s);
  });

  it('R18: a validator that stops voting is slashed for downtime and jailed, and comes back by its operator', async () => {
    await delegate(2, 500_000_000n);
    const before = BigInt((await validator(2)).tokens);
    await running.control.silence(2);
    await running.control.blocks(14);
    const jailed = await validator(2);
    expect(jailed.jailed).toBe(true);
    const lost = before - BigInt(jailed.tokens);
    expect(lost).toBe(before / 10_000n);
    const ours = await queries.staking.delegation(treasury(), seat(2).operator);
    expect(BigInt(ours.delegationResponse?.balance?.amount ?? '0')).toBe(499_950_000n);
    const unjail = () =>
      sendAs(
        running.url,
        { role: 'operator', index: 2 },
        [{ typeUrl: '/cosmos.slashing.v1beta1.MsgUnjail', value: { validatorAddr: seat(2).operator } }],
        oneBlock,
      );
    await expect(unjail()).rejects.toThrow(/validator still jailed/);
    await running.control.revive(2);
    await running.advanceTo((await running.control.status()).timeMs + 601_000);
    await unjail();
    await running.control.blocks(14);
    expect((await validator(2)).jailed).toBe(false);
    expect((await validator(2)).status).toBe(3);
  });

  it('R18: a validator that votes twice loses 5 % and never comes back', async () => {
    const before = BigInt((await validator(3)).tokens);
    await running.control.doubleSign(3);
    await running.control.blocks(4);
    const buried = await validator(3);
    expect(buried.jailed).toBe(true);
    expect(before - BigInt(buried.tokens)).toBe(before / 20n);
    const { valSigningInfo } = await queries.slashing.signingInfo(seat(3).consensus);
    expect(valSigningInfo.tombstoned).toBe(true);
  });

  it('parameters change on the running chain when its governance says so', async () => {
    const params = (await queries.staking.params()).params;
    expect(params?.unbondingTime?.seconds).toBe(1_814_400n);
    const value = {
      authority: 'cosmos1ycw5hq6jaw0k7p5anvpfxd38jrxqfzmnw5389t',
      params: { ...params, unbondingTime: { seconds: 1_209_600n, nanos: 0 } },
    };
    await sendAs(
      running.url,
      { role: 'governance' },
      [{ typeUrl: '/cosmos.staking.v1beta1.MsgUpdateParams', value }],
      oneBlock,
    );
    expect((await queries.staking.params()).params?.unbondingTime?.seconds).toBe(1_209_600n);
  });

  it('a chain that was killed goes on where it was, and its time never goes back', async () => {
    const before = await running.control.status();
    const old = await comet.block(before.height);
    await running.kill();
    comet.disconnect();
    world = await temporaryNode({ stateDir: world.stateDir });
    await open();
    expect((await comet.block(before.height)).blockId.hash).toEqual(old.blockId.hash);
    const tip = await running.control.status();
    await running.control.blocks(2);
    const after = await running.control.status();
    expect(after.height).toBeGreaterThanOrEqual(before.height + 2);
    expect(after.timeMs).toBeGreaterThan(tip.timeMs);
    await running.advanceTo(midnightAfter(after.timeMs));
    await delegate(1, ONE_ATOM);
  });
});

describeRealNode('the real Cosmos chain in wall time', () => {
  it('blocks come by themselves, and an unbonding matures within its seconds; it ends when told', async () => {
    const { running, remove } = await temporaryNode({
      driven: false,
      genesisTime: Math.floor(Date.now() / 1000) - 5,
      blockMs: 200,
      unbondingSeconds: 3,
    });
    try {
      const own = running.treasury.address;
      const validatorAddress = running.validators[1]?.operator;
      const amount = { denom: 'uatom', amount: '7000001' };
      const value = { delegatorAddress: own, validatorAddress, amount };
      await sendAs(running.url, TREASURY, [{ typeUrl: '/cosmos.staking.v1beta1.MsgDelegate', value }], null);
      await sendAs(running.url, TREASURY, [{ typeUrl: '/cosmos.staking.v1beta1.MsgUndelegate', value }], null);
      const comet = await connectComet(running.url);
      const bank = setupBankExtension(QueryClient.withExtensions(comet));
      const balance = async () => BigInt((await bank.bank.balance(own, 'uatom')).amount);
      const before = await balance();
      const deadline = Date.now() + 30_000;
      while ((await balance()) === before && Date.now() < deadline) await new Promise((r) => setTimeout(r, 100));
      expect(await balance()).toBe(before + 7_000_001n);
      const { block } = await comet.block();
      expect(Math.abs(block.header.time.getTime() - Date.now())).toBeLessThan(10_000);
      await expect(running.advanceTo(Date.now() + 1_000_000)).rejects.toThrow(/wall time/);
      comet.disconnect();
    } finally {
      await remove();
    }
    expect(() => process.kill(running.pid, 0)).toThrow(/ESRCH/);
  });
});
