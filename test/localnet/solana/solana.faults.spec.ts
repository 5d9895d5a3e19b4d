import type { BlockStamp, Observation } from '@app/chains';
import { FaultProxy, finalNow, patience, type ProxiedCall } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { LAMPORTS_PER_SOL } from '../../../devnet/chains/solana/index.js';
import { makeSolanaHarness, type SolanaHarness } from './solana-harness.js';

jest.setTimeout(120_000);

interface Signature {
  readonly signature: string;
  readonly slot: number;
}

/** One endpoint alone, and it lies: nobody is there to contradict it but its own other answers. */
describe('R13: a node that is alone and wrong is not believed', () => {
  let harness: SolanaHarness;
  let cuts: [BlockStamp, BlockStamp];
  let right: Observation;

  beforeAll(async () => {
    harness = await makeSolanaHarness();
    const [one] = harness.validators;
    await harness.carryOut('faults-1', { kind: 'undelegate', validator: one, amount: atoms(20n * LAMPORTS_PER_SOL) });
    await harness.advancePeriod();
    const adapter = harness.openWith({});
    const from = await adapter.firstCut(await finalNow(adapter), patience());
    await harness.carryOut('faults-2', { kind: 'delegate', validator: one, amount: atoms(30n * LAMPORTS_PER_SOL) });
    await harness.advancePeriod();
    const to = from && (await adapter.nextCut(from, await finalNow(adapter), patience()));
    if (from === null || to === null) throw new Error('there are no two cuts');
    cuts = [from, to];
    right = await adapter.observe(from, to, harness.signer.account, patience());
    await adapter.close();
  });
  afterAll(() => harness.close());

  async function observedThrough(
    method: string,
    alter: (result: never, call: ProxiedCall) => unknown,
  ): Promise<Observation> {
    const proxy = await FaultProxy.start(harness.url);
    const adapter = harness.openWith({ urls: [proxy.url] });
    try {
      await finalNow(adapter);
      const alterResult = (call: ProxiedCall, result: unknown): unknown =>
        call.method === method ? alter(result as never, call) : result;
      proxy.misbehave({ kind: 'alter', methods: [method], alterResult });
      return await adapter.observe(...cuts, harness.signer.account, patience());
    } finally {
      await adapter.close();
      await proxy.stop();
    }
  }

  type Rewards = ({ amount: number; postBalance: number; epoch: number } | null)[];
  const meta = (change: (one: number) => number) => (answer: { meta: { postBalances: number[] } }) => ({
    ...answer,
    meta: { ...answer.meta, postBalances: answer.meta.postBalances.map((one, i) => (i < 2 ? change(one) : one)) },
  });

  it.each<[string, string, (result: never, call: ProxiedCall) => unknown, string]>([
    [
      'a reward one lamport too high',
      'getInflationReward',
      (rewards: Rewards) => rewards.map((one) => one && { ...one, amount: one.amount + 1 }),
      'BAD_ANSWER',
    ],
    [
      'a reward and its balance one lamport too high',
      'getInflationReward',
      (rewards: Rewards) =>
        rewards.map((one) => one && { ...one, amount: one.amount + 1, postBalance: one.postBalance + 1 }),
      'BAD_ANSWER',
    ],
    [
      'rewards that were paid, as null',
      'getInflationReward',
      (rewards: Rewards) => rewards.map(() => null),
      'BAD_ANSWER',
    ],
    [
      'rewards of another epoch',
      'getInflationReward',
      (rewards: Rewards) => rewards.map((one) => one && { ...one, epoch: 3 }),
      'BAD_ANSWER',
    ],
    ['a reward missing', 'getInflationReward', (rewards: Rewards) => rewards.slice(1), 'BAD_ANSWER'],
    ['balances one lamport off', 'getTransaction', meta((one) => one + 1), 'BAD_ANSWER'],
    ['a transaction that it lists and does not have', 'getTransaction', () => null, 'STATE_PRUNED'],
    ['the newest transaction left out', 'getSignaturesForAddress', (list: Signature[]) => list.slice(1), 'BAD_ANSWER'],
    [
      'the oldest transactions forgotten',
      'getSignaturesForAddress',
      (list: Signature[]) => list.slice(0, -1),
      'STATE_PRUNED',
    ],
    ['no transactions at all', 'getSignaturesForAddress', () => [], 'BAD_ANSWER'],
    [
      'accounts with a lamport more',
      'getMultipleAccounts',
      (answer: { value: ({ lamports: number } | null)[] }) => ({
        ...answer,
        value: answer.value.map((one) => one && { ...one, lamports: one.lamports + 1 }),
      }),
      'BAD_ANSWER',
    ],
    [
      'accounts that are gone',
      'getMultipleAccounts',
      (answer: { value: unknown[] }) => ({ ...answer, value: answer.value.map(() => null) }),
      'BAD_ANSWER',
    ],
    [
      'no word about how long the payout takes',
      'getBlock',
      ({ numRewardPartitions: _, ...block }: Record<string, unknown>) => block,
      'BAD_ANSWER',
    ],
    [
      'a payout said to take longer than there are blocks',
      'getBlock',
      (block: object) => ({ ...block, numRewardPartitions: 5_000 }),
      'REFUSED',
    ],
    [
      'another block time',
      'getBlock',
      (block: { blockTime: number }) => ({ ...block, blockTime: block.blockTime + 1 }),
      'BLOCK_UNKNOWN',
    ],
  ])('%s', async (_, method, alter, code) => {
    await expect(observedThrough(method, alter)).rejects.toMatchObject({ code });
  });

  it('and is believed when it is right', async () => {
    expect(await observedThrough('getInflationReward', (rewards) => rewards)).toEqual(right);
    expect(right.rewards.length).toBeGreaterThan(1);
  });

  it('R19: stake history that is cut short is no answer', async () => {
    const cutShort = (answer: { value: ({ data: [string, string] } | null)[] }): unknown => ({
      ...answer,
      value: answer.value.map((one) => one && { ...one, data: [one.data[0].slice(0, 40), 'base64'] }),
    });
    await expect(observedThrough('getMultipleAccounts', cutShort)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  });
});
