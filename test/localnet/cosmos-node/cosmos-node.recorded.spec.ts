import { finalNow, patience, prepare } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import type { BlockStamp, Observation, StakeIntent } from '../../../libs/chains/src/chain-adapter.js';
import { CosmosAdapter } from '../../../libs/chains/src/cosmos/cosmos.adapter.js';
import { jailForDowntime, makeCosmosNodeHarness, type CosmosNodeHarness } from './cosmos-node-harness.js';
import { describeRealNode } from './cosmos-node-world.js';
import { plain, readRecordedDays, recorder, replay, writeRecordedDays, type RecordedDays } from './recording.js';

type Asked = Pick<RecordedDays, 'account' | 'from' | 'signed'>;

/** Everything that the adapter says about a chain that stands still, each question once. */
async function everythingOf(adapter: CosmosAdapter, { account, from, signed }: Asked): Promise<unknown> {
  const identity = await adapter.identity(patience());
  const final = await finalNow(adapter);
  const cuts: BlockStamp[] = [{ height: BigInt(from.height), hash: from.hash, timeMs: BigInt(from.timeMs) }];
  const days: Observation[] = [];
  for (let at = cuts[0]; at !== undefined;) {
    const next: BlockStamp | null = await adapter.nextCut(at, final, patience());
    if (next === null) break;
    days.push(await adapter.observe(at, next, account, patience()));
    at = next;
  }
  const located = [];
  for (const { bytes, txid } of signed) {
    const one = { bytes, txid, lane: { account, number: null }, expiresAtHeight: null };
    located.push(await adapter.locate(one, patience()));
  }
  return plain({
    identity,
    final,
    days,
    located,
    positions: await adapter.positionsAt(final, account, patience()),
    lane: await adapter.nextLane(account, final, patience()),
  });
}

/** A week in which everything ordinary happens, and a slash. Nothing in it depends on when it is run. */
async function live(harness: CosmosNodeHarness): Promise<Asked> {
  const adapter = harness.openWith({});
  const [one, two] = harness.validators;
  const signed: { bytes: string; txid: string }[] = [];
  const act = async (intent: StakeIntent): Promise<void> => {
    const prepared = await prepare(harness, adapter, `recorded-${signed.length}`, intent);
    expect(await adapter.broadcast(prepared.signed, patience())).toEqual({ kind: 'accepted' });
    await harness.running.control.blocks(2);
    signed.push({ bytes: prepared.signed.bytes, txid: prepared.signed.txid });
  };
  await harness.advancePeriod();
  const from = await adapter.firstCut(await finalNow(adapter), patience());
  if (from === null) throw new Error('there is no cut after a whole day');
  await act({ kind: 'delegate', validator: one, amount: atoms(harness.amounts[0]) });
  await act({ kind: 'delegate', validator: two, amount: atoms(harness.amounts[1]) });
  await harness.foreignTraffic();
  await harness.advancePeriod();
  await act({ kind: 'undelegate', validator: one, amount: atoms(harness.amounts[0] / 3n) });
  await act({ kind: 'redelegate', from: one, to: two, amount: atoms(harness.amounts[0] / 5n) });
  await act({ kind: 'delegate', validator: one, amount: atoms(1n) });
  await harness.advancePeriod();
  await jailForDowntime(harness.running, one);
  await act({ kind: 'undelegate', validator: one, amount: atoms(7_000_001n) });
  await harness.advancePeriod();
  await harness.advancePeriod();
  await adapter.close();
  return { account: harness.signer.account, from: plain(from) as RecordedDays['from'], signed };
}

/** Without the names of blocks: signatures come in another order every time. What a block did itself carries its name as txid. */
function withoutHashes(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (this: { readonly key?: unknown }, key, one: unknown) {
      const ofBlock = key === 'txid' && String(this.key).startsWith('atom:block:');
      return /hash/i.test(key) || ofBlock ? undefined : one;
    }),
  );
}

describe('answers of the real node, recorded', () => {
  it('R13: decode to the very same days, rewards, flows and slashes, to the atom', async () => {
    const recorded = readRecordedDays();
    const node = await replay(recorded.exchanges);
    const adapter = new CosmosAdapter({ urls: [node.url], chainId: recorded.chainId });
    try {
      expect(await everythingOf(adapter, recorded)).toEqual(recorded.expected);
    } finally {
      await adapter.close();
      await node.close();
    }
  });
});

describeRealNode('the recorded days, lived again on the real node', () => {
  it('R13: give the same amounts (RECORD_COSMOS_NODE=1 writes the recording anew)', async () => {
    const harness = await makeCosmosNodeHarness({ unbondingSeconds: 2 * 86_400 });
    const exchanges: RecordedDays['exchanges'] = {};
    const between = await recorder(harness.url, exchanges);
    const adapter = harness.openWith({ urls: [between.url] });
    try {
      const asked = await live(harness);
      const expected = await everythingOf(adapter, asked);
      if (process.env['RECORD_COSMOS_NODE'] === '1') {
        const about =
          'Answers of the real node (Cosmos SDK v0.53.4, CometBFT v0.38.23), written by cosmos-node.recorded.spec.ts';
        const { chainId } = harness.running.identity;
        writeRecordedDays({ about, chainId, ...asked, exchanges, expected });
      }
      expect(withoutHashes(expected)).toEqual(withoutHashes(readRecordedDays().expected));
    } finally {
      await adapter.close();
      await between.close();
      await harness.close();
    }
  });
});
