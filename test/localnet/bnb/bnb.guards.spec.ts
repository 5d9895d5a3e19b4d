import { atoms } from '@app/staking-core';
import { Transaction } from 'ethers';

import { devAccount, ONE_BNB } from '../../../devnet/chains/bnb/index.js';
import { openChainAdapter, openDevSigner } from '@app/chains';
import { FaultProxy } from '@app/chains/testing';
import { finalNow, operate, patience, prepare } from '@app/chains/testing';
import { BnbDevSigner } from '../../../libs/chains/src/bnb/bnb-dev-signer.js';
import type { BnbAdapter } from '../../../libs/chains/src/bnb/bnb.adapter.js';
import { CHAIN_ID, makeBnbHarness, type BnbHarness } from './bnb-harness.js';

describe('BNB guards on the local chain', () => {
  let harness: BnbHarness;
  let adapter: BnbAdapter;
  let account: string;

  beforeAll(async () => {
    harness = await makeBnbHarness();
    adapter = harness.openWith({});
    account = harness.signer.account;
    await harness.advancePeriod();
  });

  afterAll(async () => {
    await adapter?.close();
    await harness?.close();
  });

  const delegation = (bnb: bigint) =>
    ({ kind: 'delegate', validator: harness.validators[0], amount: atoms(bnb * ONE_BNB) }) as const;

  it('refuses an endpoint of another chain, or of another genesis', async () => {
    const other = harness.openWith({ chainId: 97n });
    await expect(other.identity(patience())).rejects.toMatchObject({ code: 'WRONG_CHAIN', retryable: false });
    await expect(other.finalStamp(patience())).rejects.toMatchObject({ code: 'WRONG_CHAIN' });
    const genesis = harness.openWith({ genesisHash: `0x${'ab'.repeat(32)}` });
    await expect(genesis.identity(patience())).rejects.toMatchObject({ code: 'WRONG_CHAIN' });
    await Promise.all([other.close(), genesis.close()]);
  });

  it('one of two endpoints on another chain is a wrong configuration, not a failover', async () => {
    const proxy = await FaultProxy.start(harness.url);
    proxy.misbehave({
      kind: 'alter',
      alterResult: (call, result) => (call.method === 'eth_chainId' ? '0x61' : result),
    });
    const both = harness.openWith({ urls: [harness.url, proxy.url] });
    await expect(both.identity(patience())).rejects.toMatchObject({ code: 'WRONG_CHAIN' });
    expect((await both.finalStamp(patience())).height).toBeGreaterThan(0n); // reads go on with the right one
    await both.close();
    await proxy.stop();
  });

  it('parameters are read live: governance moves, the numbers follow', async () => {
    const before = await adapter.parametersAt(await finalNow(adapter), patience());
    expect(before).toMatchObject({ minimumDelegation: ONE_BNB, unbondingMs: 604_800_000n });
    expect(before.others).toEqual({
      redelegateFeeRate: '2',
      maxElectedValidators: '45',
      paused: 'false',
      transferGasLimit: '5000',
    });
    await harness.driver.setParam('unbondPeriod', 259_200n);
    await harness.driver.setParam('minDelegationBNBChange', 2n * ONE_BNB);
    await harness.finalize();
    const after = await adapter.parametersAt(await finalNow(adapter), patience());
    expect(after).toMatchObject({ minimumDelegation: 2n * ONE_BNB, unbondingMs: 259_200_000n });
    await expect(prepare(harness, adapter, 'g1', delegation(1n))).rejects.toThrow('below the chain');
  });

  it('R43: a paused hub and a black-listed account are refused before anything is signed', async () => {
    const { step, lane } = await prepare(harness, adapter, 'g2', delegation(5n));
    const rebuild = async () => adapter.build(step, lane, await finalNow(adapter), patience());
    await harness.driver.pause();
    await harness.finalize();
    await expect(prepare(harness, adapter, 'g2', delegation(5n))).rejects.toThrow('paused');
    await expect(rebuild()).rejects.toThrow('paused');
    await harness.driver.resume();
    await harness.driver.setBlackListed(account, true);
    await harness.finalize();
    await expect(rebuild()).rejects.toThrow('black list');
    await harness.driver.setBlackListed(account, false);
    await harness.finalize();
    await expect(rebuild()).resolves.toMatchObject({ step });
  });

  it('what the chain would refuse is refused with the name of its own error', async () => {
    const at = await finalNow(adapter);
    const lane = await adapter.nextLane(account, at, patience());
    const step = (intent: Parameters<typeof adapter.plan>[1]) => ({ operationId: 'g3', index: 0, intent });
    const build = (intent: Parameters<typeof adapter.plan>[1]) => adapter.build(step(intent), lane, at, patience());
    await expect(build({ ...delegation(1n) })).rejects.toThrow('DelegationAmountTooSmall');
    await expect(build({ kind: 'claim', validator: harness.validators[0] })).rejects.toThrow('NoUnbondRequest');
    await expect(build({ ...delegation(5n), validator: account })).rejects.toThrow('ValidatorNotExisted');
  });

  it('R40: a mined and reverted transaction is final, failed, and says why', async () => {
    const { step, signed } = await prepare(harness, adapter, 'g4', delegation(5n));
    await harness.driver.pause();
    expect((await adapter.broadcast(signed, patience())).kind).toBe('accepted');
    await harness.include();
    await harness.finalize();
    const located = await adapter.locate(signed, patience());
    expect(located).toMatchObject({ state: 'final', succeeded: false, failure: 'AlreadyPaused', flows: [] });
    expect(adapter.verifyEffect(step, located)).toMatchObject({ kind: 'failed' });
    await harness.driver.resume();
    await harness.finalize();
  });

  it('R40: a clear refusal by the node is a refusal, with its reason', async () => {
    const poor = new BnbDevSigner(devAccount('reorg', 7).privateKey, CHAIN_ID);
    const { step, at } = await prepare(harness, adapter, 'g5', delegation(5n));
    const unsigned = await adapter.build(step, await adapter.nextLane(account, at, patience()), at, patience());
    const signed = await poor.sign({ ...unsigned, lane: { ...unsigned.lane, account: poor.account } });
    expect(await adapter.broadcast(signed, patience())).toMatchObject({ kind: 'rejected', code: 'INSUFFICIENT_FUNDS' });
  });

  it('the bytes are a type-2 transaction with everything that the digest covers', async () => {
    const { signed, lane } = await prepare(harness, adapter, 'g6', delegation(5n));
    const parsed = Transaction.from(signed.bytes);
    expect(parsed).toMatchObject({ type: 2, chainId: CHAIN_ID, nonce: Number(lane.number), gasLimit: 500_000n });
    expect(parsed.from?.toLowerCase()).toBe(account);
    expect(parsed.hash).toBe(signed.txid);
  });

  it('log ranges are halved until the endpoint takes them, and the observation is the same', async () => {
    const [from] = [await adapter.firstCut(await finalNow(adapter), patience())];
    await operate(harness, adapter, 'g7', delegation(50n));
    await harness.foreignTraffic();
    await harness.advancePeriod();
    const to = from && (await adapter.nextCut(from, await finalNow(adapter), patience()));
    if (from === null || to === null) throw new Error('no cuts');
    const expected = await adapter.observe(from, to, account, patience());
    const proxy = await FaultProxy.start(harness.url);
    proxy.misbehave({
      kind: 'error',
      methods: ['eth_getLogs'],
      times: 3,
      error: { code: -32005, message: 'query returned more than 10000 results' },
    });
    const narrow = harness.openWith({ urls: [proxy.url], maxLogBlocks: 64n });
    expect(await narrow.observe(from, to, account, patience())).toEqual(expected);
    expect(expected.flows.length).toBe(1);
    await narrow.close();
    await proxy.stop();
  });

  it('R13: two endpoints that differ by one wei: the day is held, not booked', async () => {
    const to = await adapter.firstCut(await finalNow(adapter), patience());
    await harness.advancePeriod();
    const next = to && (await adapter.nextCut(to, await finalNow(adapter), patience()));
    if (to === null || next === null) throw new Error('no cuts');
    const proxy = await FaultProxy.start(harness.url);
    const alterResult = (call: { method: string }, result: unknown): unknown =>
      call.method === 'eth_getBalance' ? `0x${(BigInt(String(result)) + 1n).toString(16)}` : result;
    proxy.misbehave({ kind: 'alter', methods: ['eth_getBalance'], alterResult });
    const both = harness.openWith({ urls: [harness.url, proxy.url] });
    await expect(both.observe(to, next, account, patience())).rejects.toMatchObject({
      code: 'ENDPOINTS_DISAGREE',
      retryable: false,
    });
    proxy.misbehave({ kind: 'refuse' });
    expect(await both.observe(to, next, account, patience())).toBeDefined();
    const strict = harness.openWith({ urls: [harness.url, proxy.url], confirm: 'required' });
    await expect(strict.observe(to, next, account, patience())).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await Promise.all([both.close(), strict.close(), proxy.stop()]);
  });

  it('R40: an endpoint that tells another hash, or a receipt of another branch, proves nothing', async () => {
    const { signed } = await prepare(harness, adapter, 'g8', delegation(5n));
    const proxy = await FaultProxy.start(harness.url);
    const through = harness.openWith({ urls: [proxy.url] });
    const other = `0x${'77'.repeat(32)}`;
    proxy.misbehave({ kind: 'alter', methods: ['eth_sendRawTransaction'], alterResult: () => other });
    expect(await through.broadcast(signed, patience())).toEqual({ kind: 'unknown' });
    await harness.include();
    await harness.finalize();
    proxy.misbehave({
      kind: 'alter',
      methods: ['eth_getTransactionReceipt'],
      alterResult: (_, result) => (result === null ? null : { ...result, blockHash: other }),
    });
    expect(await through.locate(signed, patience())).toEqual({ state: 'pending' });
    proxy.misbehave({ kind: 'alter', methods: ['eth_getTransactionReceipt'], alterResult: () => null });
    await expect(through.locate(signed, patience())).rejects.toMatchObject({ code: 'BAD_ANSWER' }); // not dead: it is there
    proxy.behave();
    expect(await through.locate(signed, patience())).toMatchObject({ state: 'final', succeeded: true });
    await Promise.all([through.close(), proxy.stop()]);
  });

  it('an adapter and a development signer are opened by name', async () => {
    const opened = await openChainAdapter({ chain: 'bnb', urls: [harness.url], chainId: CHAIN_ID });
    expect((await opened.identity(patience())).chainId).toBe('56');
    await opened.close();
    const { privateKey, address } = devAccount('treasury');
    const signer = await openDevSigner({ chain: 'bnb', privateKey, chainId: CHAIN_ID });
    expect(signer.account).toBe(address.toLowerCase());
    await expect(openDevSigner({ chain: 'bnb', privateKey: '0x12', chainId: CHAIN_ID })).rejects.toThrow(
      'no private key',
    );
  });

  it('R13: a final block that changes its hash is noticed: the stored stamp is no longer canonical', async () => {
    await harness.finalize();
    const stored = await finalNow(adapter);
    expect(await adapter.isCanonical(stored, patience())).toBe(true);
    await harness.driver.reorg(4, { beyondFinality: true, drop: 'none' });
    await harness.finalize();
    expect(await adapter.isCanonical(stored, patience())).toBe(false);
    await expect(adapter.positionsAt(stored, account, patience())).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' });
    await expect(adapter.finalStamp(patience())).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' });
    const restarted = harness.openWith({});
    await expect(restarted.finalStamp(patience(), stored)).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' });
    await restarted.close();
  });

  it('an endpoint that is down is UNREACHABLE, and answers again afterwards', async () => {
    const fresh = harness.openWith({});
    harness.driver.rpcDown();
    await expect(fresh.finalStamp(patience())).rejects.toMatchObject({ code: 'UNREACHABLE', retryable: true });
    harness.driver.rpcUp();
    expect((await fresh.finalStamp(patience())).height).toBeGreaterThan(0n);
    await fresh.close();
  });
});
