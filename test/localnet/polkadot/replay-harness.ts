import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { patience, type AdapterHarness, type ReplayFacts } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { devAccount, DOT, ReplayChain } from '../../../devnet/chains/polkadot/index.js';
import type { StakeIntent } from '../../../libs/chains/src/chain-adapter.js';
import { PolkadotDevSigner } from '../../../libs/chains/src/polkadot/polkadot-dev-signer.js';
import { PolkadotAdapter } from '../../../libs/chains/src/polkadot/polkadot.adapter.js';
import { PolkadotClient } from '../../../libs/chains/src/polkadot/polkadot.client.js';
import type { Codec } from '../../../libs/chains/src/polkadot/polkadot.codec.js';
import { JsonRpcEndpoint } from '../../../libs/chains/src/rpc/json-rpc.endpoint.js';
import { polkadotFaults } from './polkadot-harness.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 2026-11-18T00:00:00Z */
const STARTS_AT_MS = Date.UTC(2026, 10, 18);
/** What the recorded treasury did: see `record-main.ts`. */
const STAKE = 20_000_000n * DOT + 1_234_567_891n;
const MORE = 100_000n * DOT + 9n;
/**
 * Where the periods end: before the first bond, before and after the second, when the exit has left the exposures, and a day
 * later. The next block after that belongs to the same hour and is no cut.
 */
const PERIODS_MS = [HOUR_MS, 3 * DAY_MS, 4 * DAY_MS, 11 * DAY_MS, 12 * DAY_MS];
/** When the hot key acted for the treasury, in ms since the beginning. */
const DEEDS: readonly (readonly [number, (validator: string) => StakeIntent])[] = [
  [70 * 60_000, (validator) => ({ kind: 'delegate', validator, amount: atoms(STAKE) })],
  [3 * DAY_MS + 90 * 60_000, (validator) => ({ kind: 'delegate', validator, amount: atoms(MORE) })],
  [9 * DAY_MS + 90 * 60_000, (validator) => ({ kind: 'undelegate', validator, amount: atoms(MORE / 4n) })],
];

/** The recorded run that `npm start` serves, block by block, with the treasury as the account under test. */
export async function makeReplayHarness(): Promise<AdapterHarness> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'polkadot-replay-contract-'));
  const chain = await ReplayChain.open({ stateDir, genesisTime: STARTS_AT_MS / 1000 });
  const { url, genesisHash } = chain;
  const [treasury, hot] = [devAccount('treasury'), devAccount('hot')];
  const [first, second] = chain.validators;
  if (first === undefined || second === undefined) throw new Error('the recorded chain has too few validators');
  const limits = { timeoutMs: 10_000, maxAnswerBytes: 32 * 1024 * 1024, maxBatch: 10 };
  const endpoint = new JsonRpcEndpoint({ url, chain: 'polkadot', label: 'the test', ...limits });
  const client = new PolkadotClient(endpoint, patience(), { codecs: new Map(), facts: new Map() }, genesisHash);
  const codec = await client.codecAt((await client.final()).hash);
  const signer = new PolkadotDevSigner({ privateKey: treasury.privateKey, url, genesisHash });
  const proxy = { privateKey: hot.privateKey, url, genesisHash, stash: treasury.address };
  const replay: { signer: PolkadotDevSigner; recorded: ReplayFacts['recorded']; refusal: string } = {
    refusal: 'NOT_ACCEPTED',
    recorded: recordedBy(chain, codec, hot, first),
    signer: new PolkadotDevSigner(proxy),
  };
  const periods = [...PERIODS_MS];
  return {
    url,
    open: (urls, more = {}) =>
      new PolkadotAdapter({
        urls,
        genesisHash,
        stash: treasury.address,
        maxAnswerBytes: 2 * 1024 * 1024,
        mortalityBlocks: 8,
        ...more,
      }),
    signer,
    validators: [first, second],
    amounts: [STAKE, MORE],
    anyFinalBlockIsACut: false,
    onePositionForAll: true,
    advancePeriod: () => Promise.resolve(chain.advanceTo(STARTS_AT_MS + (periods.shift() ?? 0))),
    // Nothing waits, and all that is out is final.
    include: () => Promise.resolve(),
    finalize: () => Promise.resolve(),
    foreignTraffic: () => Promise.resolve(chain.advanceOneBlock()),
    jail: null,
    reorg: null,
    stallFinality: null,
    resumeFinality: null,
    faults: polkadotFaults(
      () => ({ finalHeight: chain.headHeight, headHeight: chain.headHeight }),
      codec.key('system', 'account', treasury.id),
    ),
    replay,
    close: async () => {
      await Promise.all([signer.close(), replay.signer.close(), codec.close()]);
      endpoint.close();
      await chain.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** The transactions of the deeds, out of the recorded blocks. */
function recordedBy(
  chain: ReplayChain,
  codec: Codec,
  hot: { readonly id: string; readonly address: string },
  validator: string,
): ReplayFacts['recorded'] {
  return DEEDS.map(([afterMs, intentOf], index) => {
    const bytes = chain.recordedAt(STARTS_AT_MS + afterMs).find((one) => codec.signerOf(one)?.account === hot.id);
    const number = bytes === undefined ? undefined : codec.signerOf(bytes)?.nonce;
    if (bytes === undefined || number === undefined) throw new Error(`deed ${index} was not recorded`);
    const lane = { account: hot.address, number };
    return {
      step: { operationId: `recorded-${index}`, index: 0, intent: intentOf(validator) },
      signed: { bytes, txid: codec.hash(bytes), lane, expiresAtHeight: null },
    };
  });
}
