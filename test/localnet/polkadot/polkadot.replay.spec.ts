import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  describeReplayContract,
  expectCrossChecks,
  expectIdentity,
  FaultProxy,
  finalNow,
  patience,
  sumOf,
  totalOf,
} from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { makeReplayHarness } from './replay-harness.js';
import { DOT, startPolkadotChain, type RunningPolkadotChain } from '../../../devnet/chains/polkadot/index.js';
import type { BlockStamp, Observation } from '../../../libs/chains/src/chain-adapter.js';
import { PolkadotDevSigner } from '../../../libs/chains/src/polkadot/polkadot-dev-signer.js';
import { PolkadotAdapter } from '../../../libs/chains/src/polkadot/polkadot.adapter.js';
import type { PolkadotOptions } from '../../../libs/chains/src/polkadot/polkadot.options.js';

const DAY_MS = 86_400_000;
/** 2026-11-18: a week before the first day that a world would measure. */
const GENESIS_MS = Date.UTC(2026, 10, 18);
const STAKE = 20_000_000n * DOT + 1_234_567_891n;
const MORE = 100_000n * DOT + 9n;
/** The first era that ran a whole day, as the recorded runtime paid it. */
const GOLDEN: readonly (readonly [string, string])[] = [
  [
    'dot:5:13mVqy5RosS3M454B3QJw7juYN1n5EgZLh5RUUWWMc3SpVJF:0:1AX5oDjbN6hxnmUPXmAVAtEzEcVhxMhDwoCJBYEoc4e8eZJ',
    '18616138044544',
  ],
  [
    'dot:5:12KqMoc5FTeQrpiv75j1zENs72Khd2HAoR9FbZuJ4f9CxE9m:0:1AX5oDjbN6hxnmUPXmAVAtEzEcVhxMhDwoCJBYEoc4e8eZJ',
    '17563221034475',
  ],
];

describeReplayContract('Polkadot on the replay of a recorded run', makeReplayHarness);

/** The adapter over the recorded run: real answers of a real runtime, without the runtime. */
describe('Polkadot, the replay of a recorded run', () => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'polkadot-replay-'));
  let chain: RunningPolkadotChain;
  let adapter: PolkadotAdapter;
  const start = (): Promise<RunningPolkadotChain> => startPolkadotChain({ stateDir, genesisTime: GENESIS_MS / 1000 });
  const openWith = (options: Partial<PolkadotOptions> = {}): PolkadotAdapter =>
    new PolkadotAdapter({ urls: [chain.url], genesisHash: chain.identity.genesisHash, ...options });
  const account = (): string => chain.treasury.address;
  const midnight = (day: number): number => GENESIS_MS + day * DAY_MS;

  /** Each midnight is a cut. */
  const cuts = new Map<number, BlockStamp>();
  const cutAt = (day: number): BlockStamp => {
    const found = cuts.get(day);
    if (found === undefined) throw new Error(`no cut at the beginning of day ${day}`);
    return found;
  };

  beforeAll(async () => {
    chain = await start();
    adapter = openWith();
    // Day 0 begins with a cut an hour after the run's first block.
    await chain.advanceTo(midnight(0) + 3_600_000);
    for (let day = 0; day <= 12; day++) {
      if (day > 0) await chain.advanceTo(midnight(day));
      cuts.set(day, await finalNow(adapter));
    }
  });

  afterAll(async () => {
    await adapter.close();
    await chain.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('lives in the time it is given, and everything is final', async () => {
    const final = await adapter.finalStamp(patience());
    expect(final.timeMs).toBe(BigInt(midnight(12)));
    expect(final.headHeight).toBe(final.height);
    expect(chain.endsAtMs).toBeGreaterThan(midnight(30));
  });

  it('R13, R16, R41: eleven days, an era a day, each paid to the planck; every day has its stake', async () => {
    const [from, to] = [cutAt(1), cutAt(12)];
    const seen = await adapter.observe(from, to, account(), patience());
    const early = await adapter.observe(cutAt(0), from, account(), patience());
    expect(early.flows[0]).toMatchObject({ kind: 'delegate', amount: STAKE });
    expectIdentity(await adapter.positionsAt(from, account(), patience()), seen);
    expectCrossChecks(seen);
    expect(seen.rewards.slice(0, 2).map(({ key, amount }) => [key, String(amount)])).toEqual(GOLDEN);
    // Two validators are nominated; how the election shared the stake among them is its own affair.
    const eras = [...new Set(seen.rewards.map((one) => one.period))];
    expect(eras).toHaveLength(11);
    for (const reward of seen.rewards) {
      expect(reward.crossCheck).toEqual({ amount: reward.amount, toleranceAtoms: 1n });
      expect(reward.earnedToMs - reward.earnedFromMs).toBeGreaterThan(BigInt(DAY_MS));
    }
    expect(seen.days).toHaveLength(11);
    for (const day of seen.days) expect(day.averageStake).toBeGreaterThan(STAKE - DOT);
    const yearly = (sumOf(seen.rewards) * 365n * 10_000n) / 11n / STAKE;
    expect(yearly).toBeGreaterThan(500n);
    expect(yearly).toBeLessThan(1_300n);
    expect(
      seen.flows
        .filter((one) => one.kind !== 'withdraw-reward')
        .map(({ kind, amount, activeChange }) => ({ kind, amount, activeChange })),
    ).toEqual([
      { kind: 'delegate', amount: MORE, activeChange: MORE },
      { kind: 'undelegate', amount: 0n, activeChange: -(MORE / 4n) },
    ]);
    expect(totalOf(seen.positions)).toBe(STAKE + MORE);
    expect(seen.liquid + totalOf(seen.positions)).toBe(chain.custody + sumOf(early.rewards) + sumOf(seen.rewards));
    expect(seen.parameters.others).toMatchObject({
      proxies: expect.stringMatching(/^Staking:1\w+:0$/),
      payee: 'Stash',
    });
  });

  it('R13: any split of the way gives the same rows, also by another instance', async () => {
    const stops = [cutAt(2), cutAt(4), cutAt(5), cutAt(8)];
    const [first, last] = [stops[0], stops[3]];
    if (first === undefined || last === undefined) throw new Error('no stops');
    const whole = await adapter.observe(first, last, account(), patience());
    const other = openWith();
    const parts: Observation[] = [];
    for (const [i, from] of stops.slice(0, -1).entries()) {
      parts.push(await other.observe(from, stops[i + 1] ?? from, account(), patience()));
    }
    await other.close();
    expect(parts.flatMap((one) => one.rewards)).toEqual(whole.rewards);
    expect(parts.flatMap((one) => one.flows)).toEqual(whole.flows);
    expect(parts.flatMap((one) => one.days)).toEqual(whole.days);
    expect(parts.at(-1)?.positions).toEqual(whole.positions);
  });

  it('R19: real answers, spoiled on the way, are never booked', async () => {
    const [from, to] = [cutAt(4), cutAt(5)];
    const expected = await adapter.observe(from, to, account(), patience());
    const proxies = [await FaultProxy.start(chain.url), await FaultProxy.start(chain.url)];
    const behind = openWith({ urls: proxies.map((one) => one.url), timeoutMs: 2_000, confirm: 'required' });
    await behind.identity(patience());
    const bump = (_: unknown, result: unknown): unknown =>
      typeof result === 'string' && result.length > 64
        ? `${result.slice(0, -1)}${result.endsWith('0') ? '1' : '0'}`
        : result;
    for (const fault of [
      { kind: 'rate-limit' },
      { kind: 'html' },
      { kind: 'no-json' },
      { kind: 'wrong-id' },
      { kind: 'swap-ids', methods: ['state_getStorage'] },
      { kind: 'alter', methods: ['state_getStorage'], alterResult: bump },
    ] as const) {
      proxies[0]?.misbehave(fault);
      const outcome = await behind.observe(from, to, account(), patience()).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toHaveProperty('retryable');
      else expect(outcome).toEqual(expected);
    }
    await behind.close();
    for (const proxy of proxies) await proxy.stop();
  });

  it('R40: takes no transaction, and says so', async () => {
    const signer = new PolkadotDevSigner({
      privateKey: chain.treasury.privateKey,
      url: chain.url,
      genesisHash: chain.identity.genesisHash,
    });
    const at = await finalNow(adapter);
    const [validator = ''] = chain.validators;
    const step = {
      operationId: 'replay',
      index: 0,
      intent: { kind: 'delegate', validator, amount: atoms(DOT) },
    } as const;
    const signed = await signer.sign(
      await adapter.build(step, await adapter.nextLane(account(), at, patience()), at, patience()),
    );
    expect(await adapter.broadcast(signed, patience())).toMatchObject({ kind: 'rejected', code: 'NOT_ACCEPTED' });
    await expect(chain.fundTreasury(chain.custody + 1n)).rejects.toThrow('the recorded treasury owns');
    await chain.fundTreasury(chain.custody);
    await signer.close();
  });

  it('goes on where it was when it is started again', async () => {
    const before = await finalNow(adapter);
    await chain.stop();
    await adapter.close();
    chain = await start();
    adapter = openWith();
    expect(await finalNow(adapter)).toEqual(before);
    await chain.advanceTo(midnight(13));
    expect((await finalNow(adapter)).timeMs).toBe(BigInt(midnight(13)));
  });
});
