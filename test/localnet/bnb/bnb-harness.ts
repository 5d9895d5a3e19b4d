import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  devAccount,
  feesOfDay,
  ONE_BNB,
  startBnbChain,
  utcDay,
  type BnbDriver,
  type RunningBnbChain,
} from '../../../devnet/chains/bnb/index.js';
import type { AdapterHarness, ProxiedCall } from '@app/chains/testing';
import { BnbDevSigner } from '../../../libs/chains/src/bnb/bnb-dev-signer.js';
import { BnbAdapter } from '../../../libs/chains/src/bnb/bnb.adapter.js';
import type { BnbOptions } from '../../../libs/chains/src/bnb/bnb.options.js';

export const CHAIN_ID = 56n;
/** 2026-11-10T20:00:00Z */
const GENESIS = 1_794_340_800;

export interface BnbHarness extends AdapterHarness {
  readonly running: RunningBnbChain;
  readonly driver: BnbDriver;
  /** Operators in lower case, as the adapter writes them. */
  readonly operators: readonly string[];
  openWith(options: Partial<BnbOptions>): BnbAdapter;
}

/** A local BNB chain of its own in a temporary folder, with the treasury's published key as the account under test. */
export async function makeBnbHarness(): Promise<BnbHarness> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'bnb-adapter-'));
  const running = await startBnbChain({ stateDir, genesisTime: GENESIS });
  const { driver } = running;
  const operators = (await driver.validators()).map((one) => one.operator.toLowerCase());
  const checksummed = new Map((await driver.validators()).map((one) => [one.operator.toLowerCase(), one.operator]));
  const [first, second] = operators;
  if (first === undefined || second === undefined) throw new Error('the local chain has too few validators');
  const openWith = (options: Partial<BnbOptions>): BnbAdapter =>
    new BnbAdapter({
      urls: [running.url],
      chainId: CHAIN_ID,
      maxAnswerBytes: 2 * 1024 * 1024,
      maxLogBlocks: 7n,
      ...options,
    });
  let traffic = 0n;
  return {
    running,
    driver,
    operators,
    openWith,
    url: running.url,
    open: (urls, options = {}) => openWith({ urls, ...options }),
    signer: new BnbDevSigner(devAccount('treasury').privateKey, CHAIN_ID),
    validators: [first, second],
    amounts: [123n * ONE_BNB + 456_789_123_456_789_123n, 17n * ONE_BNB + 1n],
    anyFinalBlockIsACut: false,
    advancePeriod: async () => {
      const head = await running.chain.head();
      await driver.addFees(feesOfDay(await driver.validators(), utcDay(head.timestamp)));
      await driver.breathe();
      await driver.finalize();
    },
    include: async () => void (await driver.mine()),
    finalize: async () => void (await driver.finalize()),
    foreignTraffic: async () => {
      traffic += 1n;
      const [into, outOf] = [checksummed.get(first) ?? '', checksummed.get(second) ?? ''];
      await driver.foreignDelegate(into, 3n * ONE_BNB + 777n * traffic, 1);
      await driver.foreignUndelegate(outOf, 1_000_000_007n * traffic, 0);
      await driver.foreignRedelegate(outOf, into, 2n * ONE_BNB + traffic, 0);
    },
    jail: async (validator) => {
      const head = await running.chain.head();
      await driver.jail(checksummed.get(validator) ?? '', head.timestamp + 3 * 86_400);
    },
    reorg: async () => void (await driver.reorg(1)),
    stallFinality: () => driver.stallFinality(),
    resumeFinality: () => driver.resumeFinality(),
    faults: faultsOf(running),
    close: async () => {
      await running.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** Changes a lone 32-byte word that is large enough to be an amount. */
function alterWord(call: ProxiedCall, result: unknown, change: (x: bigint) => bigint): unknown {
  if (call.method !== 'eth_call' || typeof result !== 'string' || !/^0x[0-9a-f]{64}$/.test(result)) return result;
  const value = BigInt(result);
  if (value < ONE_BNB) return result;
  return `0x${change(value).toString(16).padStart(64, '0')}`;
}

function faultsOf(running: RunningBnbChain): AdapterHarness['faults'] {
  return {
    freeze: async () => {
      const final = await running.chain.rpc<{ number: string }>('eth_getBlockByNumber', ['finalized', false]);
      const head = await running.chain.rpc<{ number: string }>('eth_getBlockByNumber', ['latest', false]);
      const held = new Map([
        ['finalized', final.number],
        ['latest', head.number],
      ]);
      return (call) => ({
        ...call,
        params: call.params.map((one) => (typeof one === 'string' ? (held.get(one) ?? one) : one)),
      });
    },
    pruned: { code: -32000, message: 'missing trie node 7f3c (path ) state 0x7f3c is not available' },
    stateMethods: ['eth_call', 'eth_getBalance'],
    alterAmounts: (change) => (call, result) => alterWord(call, result, change),
    broadcastMethod: 'eth_sendRawTransaction',
  };
}
