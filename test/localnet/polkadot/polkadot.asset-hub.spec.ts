import { patience } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { AssetHubChain, devAccount, devPair, DOT, missingForAssetHub } from '../../../devnet/chains/polkadot/index.js';
import type { BlockStamp, SignedTransaction, UnsignedTransaction } from '../../../libs/chains/src/chain-adapter.js';
import { PolkadotDevSigner } from '../../../libs/chains/src/polkadot/polkadot-dev-signer.js';
import { PolkadotAdapter } from '../../../libs/chains/src/polkadot/polkadot.adapter.js';
import { PolkadotClient } from '../../../libs/chains/src/polkadot/polkadot.client.js';
import type { Codec } from '../../../libs/chains/src/polkadot/polkadot.codec.js';
import { JsonRpcEndpoint } from '../../../libs/chains/src/rpc/json-rpc.endpoint.js';

const missing = missingForAssetHub();
const SET_UP_MS = 300_000;
const FUNDS = 1_000n * DOT;
const BLOCKS = 8;
/** 2026-11-10T20:00:00Z */
const GENESIS_MS = Date.UTC(2026, 10, 10, 20);

/** A real Asset Hub runtime out of an npm package: everything but staking, which it does not have. */
(missing === null ? describe : describe.skip)(`Polkadot on Rococo's Asset Hub (${missing ?? 'from npm'})`, () => {
  jest.setTimeout(120_000);
  let chain: AssetHubChain;
  let adapter: PolkadotAdapter;
  let signer: PolkadotDevSigner;
  let endpoint: JsonRpcEndpoint;
  let client: PolkadotClient;
  let codec: Codec;
  const treasury = devAccount('treasury');
  const stranger = devAccount('stranger');

  const build = async (blocks: number): Promise<void> => {
    for (let i = 0; i < blocks; i++) await chain.build();
  };
  const finalAt = async (): Promise<BlockStamp> => adapter.finalStamp(patience());
  const nonce = async (at: BlockStamp): Promise<bigint | null> =>
    (await adapter.nextLane(treasury.address, at, patience())).number;
  const liquid = (at: BlockStamp, who = treasury): Promise<bigint> => adapter.liquidAt(at, who.address, patience());

  /** What `build` does after it has made the call of an intent; no intent is a transfer (R39). */
  const unsigned = async (amount: bigint): Promise<UnsignedTransaction> => {
    const at = await finalAt();
    const lane = await adapter.nextLane(treasury.address, at, patience());
    const calls = [
      codec.call('system', 'remarkWithEvent', '0x736f6674'),
      codec.call('balances', 'transferKeepAlive', { Id: stranger.id }, amount),
    ];
    const call = codec.call('utility', 'batchAll', calls);
    const bytes = codec.payload(call, { at, nonce: lane.number ?? 0n, blocks: BLOCKS });
    const intent = { kind: 'delegate', validator: stranger.address, amount: atoms(amount) } as const;
    return { step: { operationId: 'hub', index: 0, intent }, lane, bytes, digest: codec.hash(bytes) };
  };

  const transfer = async (amount: bigint): Promise<SignedTransaction> => {
    const made = await unsigned(amount);
    const { signable, blocks, blockHash } = codec.explain(made.bytes);
    const message = signable.length > 256 ? Buffer.from(codec.hash(hex(signable)).slice(2), 'hex') : signable;
    const signature = devPair('treasury').sign(message, { withType: true });
    const bytes = codec.signed(made.bytes, treasury.id, hex(signature));
    const [birth] = await client.headers([blockHash]);
    const expiresAtHeight = (birth?.height ?? 0n) + (blocks ?? 0n) - 1n;
    return { bytes, txid: codec.hash(bytes), lane: made.lane, expiresAtHeight };
  };

  beforeAll(async () => {
    const balances = [['treasury', FUNDS] as const, ['stranger', FUNDS] as const];
    chain = await AssetHubChain.open({ timeMs: GENESIS_MS, balances });
    const { genesisHash } = chain.store.genesis;
    adapter = new PolkadotAdapter({ urls: [chain.url], genesisHash });
    signer = new PolkadotDevSigner({ privateKey: treasury.privateKey, url: chain.url, genesisHash });
    const limits = { timeoutMs: 10_000, maxAnswerBytes: 32 * 1024 * 1024, maxBatch: 10 };
    endpoint = new JsonRpcEndpoint({ url: chain.url, chain: 'polkadot', label: 'the test', ...limits });
    // For as long as the tests take, on a busy machine too.
    const signal = AbortSignal.timeout(SET_UP_MS);
    client = new PolkadotClient(endpoint, signal, { codecs: new Map(), facts: new Map() }, genesisHash);
    await build(2);
    codec = await client.codecAt((await client.final()).hash);
  }, SET_UP_MS);

  afterAll(async () => {
    await adapter?.close();
    await signer?.close();
    await codec?.close();
    endpoint?.close();
    await chain?.stop();
  });

  it('follows finality: one block below the head, twelve seconds a block, and a stall shows', async () => {
    const before = await adapter.finalStamp(patience());
    expect(before.headHeight).toBe(before.height + 1n);
    chain.store.stallFinality();
    await build(2);
    const stalled = await adapter.finalStamp(patience());
    expect([stalled.hash, stalled.headHeight]).toEqual([before.hash, before.headHeight + 2n]);
    chain.store.resumeFinality();
    const after = await adapter.finalStamp(patience());
    expect([after.height, after.timeMs]).toEqual([before.height + 2n, before.timeMs + 24_000n]);
    expect(await adapter.isCanonical(before, patience())).toBe(true);
  });

  it('R40: a transfer is found final by its hash, with its fee to the atom, and used one nonce', async () => {
    const amount = 123_456_789_012n;
    const before = await finalAt();
    expect([await nonce(before), await liquid(before)]).toEqual([0n, FUNDS]);
    const signed = await transfer(amount);
    expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'accepted' });
    expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'known' });
    expect(await adapter.locate(signed, patience())).toEqual({ state: 'pending' });
    await build(1);
    expect(await adapter.locate(signed, patience())).toMatchObject({ state: 'included', succeeded: true });
    await build(1);
    const located = await adapter.locate(signed, patience());
    if (located.state !== 'final') throw new Error(`it is ${located.state}`);
    expect(located).toMatchObject({ succeeded: true, failure: null, flows: [] });
    expect(located.feeAtoms).toBeGreaterThan(0n);
    expect(await liquid(located.at)).toBe(FUNDS - amount - located.feeAtoms);
    expect(await liquid(located.at, stranger)).toBe(FUNDS + amount);
    expect(await nonce(located.at)).toBe(1n);
    // Pinned by hash: the block before says what it said.
    expect([await nonce(before), await liquid(before)]).toEqual([0n, FUNDS]);
    // The same bytes can count only once.
    expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'known' });
  });

  it('R40: what fails on the chain is final, says why, and has cost its fee', async () => {
    const before = await liquid(await finalAt());
    const signed = await transfer(FUNDS * 5n);
    expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'accepted' });
    await build(2);
    const located = await adapter.locate(signed, patience());
    if (located.state !== 'final') throw new Error(`it is ${located.state}`);
    expect(located).toMatchObject({ succeeded: false, failure: 'balances.InsufficientBalance', flows: [] });
    expect(await liquid(located.at)).toBe(before - located.feeAtoms);
    expect(located.feeAtoms).toBeGreaterThan(0n);
  });

  it('R40: a mortal transaction that was lost dies, with proof, and its nonce is free for another', async () => {
    const signed = await transfer(DOT);
    expect(await adapter.broadcast(signed, patience())).toEqual({ kind: 'accepted' });
    chain.drop();
    await build(BLOCKS - 2);
    expect(await adapter.locate(signed, patience())).toEqual({ state: 'pending' });
    await build(1);
    const reason: unknown = expect.stringContaining('is unused at final block');
    expect(await adapter.locate(signed, patience())).toEqual({ state: 'dead', reason });
    expect((await adapter.broadcast(signed, patience())).kind).toBe('rejected');
    const next = await transfer(DOT);
    expect(next.lane).toEqual(signed.lane);
    expect(await adapter.broadcast(next, patience())).toEqual({ kind: 'accepted' });
    await build(2);
    expect(await adapter.locate(next, patience())).toMatchObject({ state: 'final', succeeded: true });
    // Now there is the other proof: its place was taken.
    const taken: unknown = expect.stringContaining(next.txid);
    expect(await adapter.locate(signed, patience())).toEqual({ state: 'dead', reason: taken });
  });

  it('R39: our signer signs no transfer, on no chain', async () => {
    await expect(signer.sign(await unsigned(DOT))).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('R19: a runtime without staking is an error, never a position of zero', async () => {
    const at = await finalAt();
    await expect(adapter.positionsAt(at, treasury.address, patience())).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(adapter.dueClaims(at, treasury.address, patience())).rejects.toMatchObject({ code: 'REFUSED' });
  });
});

const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
