import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { DirectSecp256k1Wallet, type GeneratedType } from '@cosmjs/proto-signing';
import {
  GasPrice,
  QueryClient,
  setupDistributionExtension,
  setupStakingExtension,
  SigningStargateClient,
} from '@cosmjs/stargate';
import { connectComet } from '@cosmjs/tendermint-rpc';
import { BinaryWriter } from 'cosmjs-types/binary';

import { burn, FEE_COLLECTOR, mint } from './bank.js';
import { dec, decOf, ONE } from './dec.js';
import { allocateTokens, calculateRewards, incrementPeriod } from './distribution.js';
import { DEFAULT_VALIDATORS, genesisState, type CosmosGenesis } from './genesis.js';
import { devKey, operatorOf } from './keys.js';
import { DISABLE_TOKENIZE, ENABLE_TOKENIZE, lockStatusOf, textOf } from './liquid.js';
import { slash } from './slash.js';
import { delegate, undelegate } from './staking.js';
import type { ChainState, Context } from './state.js';
import { startCosmosChain, type RunningCosmosChain } from './start-cosmos-chain.js';

const GENESIS_TIME = 1_794_340_800;
/** Both messages of x/liquid are a delegator and nothing else: cosmjs-types has neither. */
const DELEGATOR_ALONE: GeneratedType = {
  encode: ({ delegatorAddress }: { delegatorAddress: string }, writer = new BinaryWriter()) =>
    writer.uint32(10).string(delegatorAddress),
  decode: (bytes: Uint8Array) => ({ delegatorAddress: textOf(bytes) }),
  fromPartial: (value: object) => value,
} as GeneratedType;
const GENESIS: CosmosGenesis = {
  chainId: 'spec-1',
  genesisTime: GENESIS_TIME,
  validators: [{ name: 'Solo', selfStake: 100n, commission: '0.5' }],
  unbondingDays: 21,
  hasFeemarket: true,
  hasLiquid: true,
};

describe('the protocol model against the arithmetic that the Cosmos SDK publishes with its own tests', () => {
  it.each([
    // cosmossdk.io/math v1.5.3, TestArithmetic: a, b, product, product truncated, quotient, quotient up, quotient truncated
    ['3', '7', '21', '21', '0.428571428571428571', '0.428571428571428572', '0.428571428571428571'],
    ['2', '4', '8', '8', '0.5', '0.5', '0.5'],
    ['100', '100', '10000', '10000', '1', '1', '1'],
    ['1.5', '1.5', '2.25', '2.25', '1', '1', '1'],
    [
      '0.3333',
      '0.0333',
      '0.01109889',
      '0.01109889',
      '10.009009009009009009',
      '10.009009009009009010',
      '10.009009009009009009',
    ],
  ])('LegacyDec: %s and %s', (a, b, product, truncated, quotient, up, down) => {
    const [x, y] = [decOf(a), decOf(b)];
    expect(dec.mul(x, y)).toBe(decOf(product));
    expect(dec.mulTruncate(x, y)).toBe(decOf(truncated));
    expect(dec.quo(x, y)).toBe(decOf(quotient));
    expect(dec.quoRoundUp(x, y)).toBe(decOf(up));
    expect(dec.quoTruncate(x, y)).toBe(decOf(down));
  });

  it('LegacyDec: a half goes to the even neighbour', () => {
    const half = decOf('0.5');
    expect(dec.mul(1n, half)).toBe(0n);
    expect(dec.mul(3n, half)).toBe(2n);
    expect(dec.mul(5n, half)).toBe(2n);
  });

  const solo = (): { context: Context; state: ChainState; operator: string; owner: string } => {
    const state = genesisState(GENESIS);
    const owner = devKey('operator Solo').address;
    return { state, owner, operator: operatorOf(owner), context: { state, height: 2n, timeNs: 0n, events: [] } };
  };
  /** One validator has all the power; nothing goes to the community. */
  const allocate = (state: ChainState, context: Context, operator: string, uatom: bigint): void => {
    Object.assign(state, { params: { ...state.params, communityTax: 0n } });
    mint(state, FEE_COLLECTOR, uatom);
    allocateTokens(context, [{ operator, power: 100n }]);
  };
  const pending = (context: Context, operator: string, who: string): bigint => {
    const state = context.state.fork();
    const validator = state.validators.get(operator)!;
    return calculateRewards({ ...context, state }, who, validator, incrementPeriod(state, validator));
  };

  it('x/distribution TestCalculateRewardsMultiDelegator: three quarters and one quarter, commission half', () => {
    const { context, state, operator, owner } = solo();
    allocate(state, context, operator, 20n);
    const second = devKey('stranger 1').address;
    delegate(context, second, operator, 100_000_000n, { account: second });
    const later = { ...context, height: 3n };
    allocate(state, later, operator, 20n);
    expect(pending(later, operator, owner)).toBe(dec.fromInt(15n));
    expect(pending(later, operator, second)).toBe(dec.fromInt(5n));
    expect(state.rewards.get(operator)?.commission).toBe(dec.fromInt(20n));
  });

  it('x/distribution TestCalculateRewardsAfterSlash: half of the stake is gone, the reward of what is left is whole', () => {
    const { context, state, operator, owner } = solo();
    expect(slash({ ...context, height: 5n }, operator, 5n, 100n, decOf('0.5'))).toBe(50_000_000n);
    const later = { ...context, height: 8n };
    allocate(state, later, operator, 10_000_000n);
    expect(pending(later, operator, owner)).toBe(dec.fromInt(5_000_000n));
    expect(state.rewards.get(operator)?.commission).toBe(dec.fromInt(5_000_000n));
  });

  it('after a slash shares and tokens part: 1/3 of each loses its last digit, and never the pool', () => {
    const { context, state, operator } = solo();
    slash({ ...context, height: 5n }, operator, 5n, 100n, decOf('0.333333333333333333'));
    const who = devKey('stranger 1').address;
    const at = (height: bigint): Context => ({ ...context, height });
    delegate(at(6n), who, operator, 1_000_001n, { account: who });
    const { amount } = undelegate(at(7n), who, operator, 1_000_000n);
    expect(amount === 1_000_000n || amount === 999_999n).toBe(true);
    const held = [...state.balances.entries()].reduce((sum, [, one]) => sum + one, 0n);
    expect(held).toBe(state.supply);
  });

  it('nothing is burnt that is not there', () => {
    expect(() => burn(solo().state, FEE_COLLECTOR, 1n)).toThrow('burns');
  });
});

describe('the protocol model and the unmodified cosmjs 0.39', () => {
  let running: RunningCosmosChain;
  let stateDir: string;
  let client: SigningStargateClient;

  beforeAll(async () => {
    stateDir = mkdtempSync(path.join(tmpdir(), 'cosmos-model-'));
    running = await startCosmosChain({ stateDir, port: 0, genesisTime: GENESIS_TIME });
    await running.fundTreasury(10_000_000_000n);
    const wallet = await DirectSecp256k1Wallet.fromKey(Buffer.from(running.treasury.privateKey, 'hex'), 'cosmos');
    client = await SigningStargateClient.connectWithSigner(running.url, wallet, {
      gasPrice: GasPrice.fromString('0.01uatom'),
      broadcastPollIntervalMs: 20,
    });
  });

  afterAll(async () => {
    client?.disconnect();
    await running?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  /** cosmjs waits for its block; the block is made for it. */
  async function lived<T>(work: Promise<T>): Promise<T> {
    const blocks = setInterval(() => {
      if (running.chain.pending > 0) running.driver.includePending();
    }, 5);
    return work.finally(() => clearInterval(blocks));
  }

  it('delegates, earns, withdraws and undelegates; events, codes and heights are read as from a node', async () => {
    const { address } = running.treasury;
    const [validator = ''] = running.validators;
    expect(await client.getChainId()).toBe(running.identity.chainId);
    const amount = { denom: 'uatom', amount: '5000000001' };
    const delegated = await lived(client.delegateTokens(address, validator, amount, 'auto'));
    expect(delegated.code).toBe(0);
    expect(delegated.events.map((one) => one.type)).toContain('delegate');
    expect(await client.getDelegation(address, validator)).toEqual(amount);
    running.driver.nextDay();

    const comet = await connectComet(running.url);
    const query = QueryClient.withExtensions(comet, setupDistributionExtension, setupStakingExtension);
    const { rewards } = await query.distribution.delegationRewards(address, validator);
    const whole = BigInt(rewards[0]?.amount ?? '0') / ONE;
    expect(whole).toBeGreaterThan(0n);
    const withdrawn = await lived(client.withdrawRewards(address, validator, 'auto'));
    const event = withdrawn.events.find((one) => one.type === 'withdraw_rewards');
    const paid = BigInt(event?.attributes.find((one) => one.key === 'amount')?.value.replace('uatom', '') ?? '0');
    expect(paid).toBeGreaterThanOrEqual(whole);

    for (let i = 0; i < 7; i++) {
      const done = await lived(client.undelegateTokens(address, validator, { denom: 'uatom', amount: '1000' }, 'auto'));
      expect(done.code).toBe(0);
    }
    const eighth = client.undelegateTokens(address, validator, { denom: 'uatom', amount: '1000' }, 'auto');
    await expect(lived(eighth)).rejects.toThrow('too many unbonding delegation entries');
    // A query that the model does not answer is refused, not made up.
    await expect(query.staking.unbondingDelegation(address, validator)).rejects.toThrow();
    comet.disconnect();
  });

  it('x/liquid by a hand-registered type: locked, not twice, unlocked after as long as an exit takes', async () => {
    const { address } = running.treasury;
    client.registry.register(DISABLE_TOKENIZE, DELEGATOR_ALONE);
    client.registry.register(ENABLE_TOKENIZE, DELEGATOR_ALONE);
    const send = (typeUrl: string) =>
      lived(client.signAndBroadcast(address, [{ typeUrl, value: { delegatorAddress: address } }], 'auto'));
    const status = () => lockStatusOf(running.chain.state, address, running.chain.timeNs);
    expect(status()).toBe('LOCKED');
    await expect(send(DISABLE_TOKENIZE)).rejects.toThrow('already disabled');
    expect((await send(ENABLE_TOKENIZE)).code).toBe(0);
    expect(status()).toBe('LOCK_EXPIRING');
    await expect(send(ENABLE_TOKENIZE)).rejects.toThrow('already enabled');
    expect((await send(DISABLE_TOKENIZE)).code).toBe(0);
    expect(status()).toBe('LOCKED');
    expect((await send(ENABLE_TOKENIZE)).code).toBe(0);
    await running.advanceTo(running.driver.headMs + 21 * 86_400_000 - 60_000);
    expect(status()).toBe('LOCK_EXPIRING');
    await running.advanceTo(running.driver.headMs + 120_000);
    expect(status()).toBe('UNLOCKED');
  });

  it('a process killed at any point leaves a chain that comes back block by block', async () => {
    const copy = mkdtempSync(path.join(tmpdir(), 'cosmos-killed-'));
    try {
      cpSync(stateDir, copy, { recursive: true });
      rmSync(path.join(copy, 'process.json'), { force: true });
      appendFileSync(path.join(copy, 'blocks.jsonl'), '{"height":"9999","timeNs":"17943'); // torn by the kill
      const again = await startCosmosChain({ stateDir: copy, port: 0, genesisTime: 1, chainId: 'ignored' });
      expect(again.identity).toEqual(running.identity);
      expect(again.chain.height).toBe(running.chain.height);
      expect(again.chain.state.text()).toBe(running.chain.state.text());
      again.driver.nextDay();
      const height = again.chain.height;
      await again.stop();
      const third = await startCosmosChain({ stateDir: copy, port: 0, genesisTime: 1 });
      expect(third.chain.height).toBe(height);
      await third.stop();
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  it('a day is lived in well under a second, and twice the same target is no news', async () => {
    const startedAt = process.cpuUsage();
    const day = 86_400_000;
    const target = (Math.floor(running.driver.headMs / day) + 11) * day;
    await running.advanceTo(target);
    const { user, system } = process.cpuUsage(startedAt);
    expect((user + system) / 10).toBeLessThan(500_000);
    const height = running.chain.height;
    expect(running.driver.headMs).toBeGreaterThanOrEqual(target);
    await running.advanceTo(target);
    expect(running.chain.height).toBe(height);
    expect(DEFAULT_VALIDATORS.length).toBe(running.validators.length);
  });
});
