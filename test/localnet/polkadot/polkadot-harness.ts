import { expectIdentity, finalNow, patience, type AdapterHarness, type ProxiedCall } from '@app/chains/testing';
import {
  devAccount,
  DOT,
  openDotWorld,
  type DotWorld,
  type DotWorldOptions,
} from '../../../devnet/chains/polkadot/index.js';
import type { Observation } from '../../../libs/chains/src/chain-adapter.js';
import { PolkadotDevSigner } from '../../../libs/chains/src/polkadot/polkadot-dev-signer.js';
import { PolkadotAdapter } from '../../../libs/chains/src/polkadot/polkadot.adapter.js';
import type { PolkadotOptions } from '../../../libs/chains/src/polkadot/polkadot.options.js';

const DAY_MS = 86_400_000;
/** 2026-11-10T20:00:00Z */
export const GENESIS_MS = Date.UTC(2026, 10, 10, 20);
/** Staked at the beginning of a day, something has earned and been paid by its end. */
const ERAS_A_DAY = 3;

export interface PolkadotHarness extends AdapterHarness {
  readonly world: DotWorld;
  readonly genesisHash: string;
  /** Eras that have ended and nobody has asked the payout of. */
  unpaid: number[];
  openWith(options: Partial<PolkadotOptions>): PolkadotAdapter;
  /** An era ends; what waits is not paid out. */
  endEra(): Promise<void>;
  /** The first block of the next UTC day, final. */
  nextDay(): Promise<void>;
}

/** A real Substrate runtime out of `DOT_GENESIS_FILE`, with the treasury's published key as the account under test. */
export async function makePolkadotHarness(options: Partial<DotWorldOptions> = {}): Promise<PolkadotHarness> {
  const genesisFile = process.env['DOT_GENESIS_FILE'] ?? '';
  const world = await openDotWorld({ genesisFile, timeMs: GENESIS_MS, fastEras: true, ...options });
  const { chain, driver } = world;
  const [first, second] = world.validators;
  if (first === undefined || second === undefined) throw new Error('the local chain has too few validators');
  const { genesisHash } = chain.store.genesis;
  const openWith = (more: Partial<PolkadotOptions>): PolkadotAdapter =>
    new PolkadotAdapter({ urls: [chain.url], genesisHash, maxAnswerBytes: 2 * 1024 * 1024, ...more });
  const signer = new PolkadotDevSigner({ privateKey: devAccount('treasury').privateKey, url: chain.url, genesisHash });
  let traffic = 0;
  const harness: PolkadotHarness = {
    world,
    genesisHash,
    unpaid: [],
    openWith,
    url: chain.url,
    open: (urls, more = {}) => openWith({ urls, ...more }),
    signer,
    validators: [first, second],
    amounts: [1_234_567n * DOT + 8_901_234_567n, 2n ** 53n + 1n],
    anyFinalBlockIsACut: false,
    onePositionForAll: true,
    endEra: async () => {
      harness.unpaid.push((await driver.endEra()) - 1);
    },
    nextDay: async () => {
      await driver.include((Math.floor((await chain.timeMs()) / DAY_MS) + 1) * DAY_MS + 6_000);
      await driver.include();
    },
    advancePeriod: async () => {
      for (let era = 0; era < ERAS_A_DAY; era++) await harness.endEra();
      await driver.payOut(harness.unpaid.splice(0));
      await harness.nextDay();
    },
    include: () => driver.include(),
    finalize: () => driver.include(),
    foreignTraffic: async () => {
      traffic += 1;
      await driver.stranger(BigInt(traffic) * DOT + 12_345n, [first, second]);
    },
    jail: null,
    reorg: async () => {
      const { finalHeight, headHeight } = chain.store;
      const head = await chain.timeMs();
      await chain.rewind(finalHeight);
      for (let height = finalHeight; height < headHeight; height++) await driver.include(head + 45_000);
    },
    stallFinality: () => Promise.resolve(chain.store.stallFinality()),
    resumeFinality: () => Promise.resolve(chain.store.resumeFinality()),
    faults: polkadotFaults(() => chain.store, chain.key('system', 'account', devAccount('treasury').address)),
    close: async () => {
      await signer.close();
      await chain.stop();
    },
  };
  return harness;
}

/**
 * Goes from cut to cut, beginning with the first one before now; what is seen on the way is what the positions changed by
 * (R41).
 */
export async function followCuts(adapter: PolkadotAdapter, account: string): Promise<() => Promise<Observation>> {
  const first = await adapter.firstCut(await finalNow(adapter), patience());
  if (first === null) throw new Error('there is no cut');
  let cut = first;
  return async () => {
    const next = await adapter.nextCut(cut, await finalNow(adapter), patience());
    if (next === null) throw new Error('there is no next cut');
    const seen = await adapter.observe(cut, next, account, patience());
    expectIdentity(await adapter.positionsAt(cut, account, patience()), seen);
    cut = next;
    return seen;
  };
}

/** `accountKey`: where the balance of the account under test is stored. */
export function polkadotFaults(
  heights: () => { readonly finalHeight: number; readonly headHeight: number },
  accountKey: string,
): AdapterHarness['faults'] {
  return {
    freeze: () => {
      const { finalHeight, headHeight } = heights();
      return Promise.resolve((call) => {
        if (call.method === 'chain_getFinalizedHead') return at(call, finalHeight);
        return call.method === 'chain_getBlockHash' && call.params.length === 0 ? at(call, headHeight) : call;
      });
    },
    pruned: { code: 4003, message: 'Client error: UnknownBlock: State already discarded for 0x1a2b' },
    stateMethods: ['state_getStorage', 'state_getKeysPaged'],
    alterAmounts: (change) => alterState(accountKey, change),
    broadcastMethod: 'author_submitExtrinsic',
  };
}

const at = (call: ProxiedCall, height: number): ProxiedCall => ({
  ...call,
  method: 'chain_getBlockHash',
  params: [height],
});

/** Changes the free balance of an account, and every balance in an exposure of more than a DOT. */
function alterState(accountKey: string, change: (amount: bigint) => bigint) {
  return (call: ProxiedCall, result: unknown): unknown => {
    if (call.method !== 'state_getStorage' || typeof result !== 'string') return result;
    if (call.params[0] === accountKey) return alterWord(result, 16, change);
    return result;
  };
}

function alterWord(hex: string, offset: number, change: (amount: bigint) => bigint): string {
  const bytes = Buffer.from(hex.slice(2), 'hex');
  const value = change(bytes.readBigUInt64LE(offset) + (bytes.readBigUInt64LE(offset + 8) << 64n));
  bytes.writeBigUInt64LE(value & 0xffff_ffff_ffff_ffffn, offset);
  bytes.writeBigUInt64LE((value >> 64n) & 0xffff_ffff_ffff_ffffn, offset + 8);
  return `0x${bytes.toString('hex')}`;
}
