import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { QueryDelegationTotalRewardsResponse } from 'cosmjs-types/cosmos/distribution/v1beta1/query';
import { QueryBalanceResponse } from 'cosmjs-types/cosmos/bank/v1beta1/query';
import {
  QueryDelegatorDelegationsResponse,
  QueryDelegatorUnbondingDelegationsResponse,
} from 'cosmjs-types/cosmos/staking/v1beta1/query';

import type { AdapterHarness, ProxiedCall } from '@app/chains/testing';
import {
  ONE_ATOM,
  startCosmosChain,
  type CosmosDriver,
  type RunningCosmosChain,
  type StartCosmosChainOptions,
} from '../../../devnet/chains/cosmos/index.js';
import { CosmosDevSigner } from '../../../libs/chains/src/cosmos/cosmos-dev-signer.js';
import { CosmosAdapter } from '../../../libs/chains/src/cosmos/cosmos.adapter.js';
import type { CosmosOptions } from '../../../libs/chains/src/cosmos/cosmos.options.js';

/** 2026-11-10T20:00:00Z */
const GENESIS = 1_794_340_800;

export interface CosmosHarness extends AdapterHarness {
  readonly running: RunningCosmosChain;
  readonly driver: CosmosDriver;
  readonly signer: CosmosDevSigner;
  openWith(options: Partial<CosmosOptions>): CosmosAdapter;
}

/** A protocol model of its own in a temporary folder, with the treasury's published key as the account under test. */
export async function makeCosmosHarness(options: Partial<StartCosmosChainOptions> = {}): Promise<CosmosHarness> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'cosmos-adapter-'));
  const running = await startCosmosChain({ stateDir, port: 0, genesisTime: GENESIS, ...options });
  const { driver } = running;
  await running.fundTreasury(60_000_000n * ONE_ATOM);
  const [first, second] = running.validators;
  if (first === undefined || second === undefined) throw new Error('the local chain has too few validators');
  const openWith = (more: Partial<CosmosOptions>): CosmosAdapter =>
    new CosmosAdapter({
      urls: [running.url],
      chainId: running.identity.chainId,
      maxAnswerBytes: 2 * 1024 * 1024,
      ...more,
    });
  let traffic = 0n;
  return {
    running,
    driver,
    openWith,
    url: running.url,
    open: (urls, more = {}) => openWith({ urls, ...more }),
    signer: new CosmosDevSigner(running.treasury.privateKey, running.identity.chainId),
    validators: [first, second],
    amounts: [1_234_567_890_123n, 17_000_001n],
    anyFinalBlockIsACut: false,
    advancePeriod: () => Promise.resolve(driver.nextDay()),
    include: () => Promise.resolve(driver.blocks(1)),
    finalize: () => Promise.resolve(driver.blocks(1)),
    foreignTraffic: () => {
      traffic += 1n;
      driver.foreignDelegate(first, 3n * ONE_ATOM + 777n * traffic, 1);
      driver.foreignDelegate(second, 5n * ONE_ATOM + traffic, 0);
      driver.foreignUndelegate(second, 1_000_007n * traffic, 0);
      return Promise.resolve();
    },
    earnsInEveryBlock: true,
    jail: (validator) => Promise.resolve(driver.downtime(validator)),
    reorg: null,
    stallFinality: null,
    resumeFinality: null,
    faults: faultsOf(running),
    close: async () => {
      await running.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** Changes the amounts in the protobuf of the answers that hold money. */
function altered(path: string, value: Uint8Array, change: (x: bigint) => bigint): Uint8Array {
  const text = (amount: string): string => String(change(BigInt(amount)));
  switch (path.split('/').at(-1)) {
    case 'Balance': {
      const message = QueryBalanceResponse.decode(value);
      if (message.balance !== undefined) message.balance.amount = text(message.balance.amount);
      return QueryBalanceResponse.encode(message).finish();
    }
    case 'DelegatorDelegations': {
      const message = QueryDelegatorDelegationsResponse.decode(value);
      for (const { balance } of message.delegationResponses) balance.amount = text(balance.amount);
      return QueryDelegatorDelegationsResponse.encode(message).finish();
    }
    case 'DelegatorUnbondingDelegations': {
      const message = QueryDelegatorUnbondingDelegationsResponse.decode(value);
      for (const entry of message.unbondingResponses.flatMap((one) => one.entries)) entry.balance = text(entry.balance);
      return QueryDelegatorUnbondingDelegationsResponse.encode(message).finish();
    }
    case 'DelegationTotalRewards': {
      const message = QueryDelegationTotalRewardsResponse.decode(value);
      for (const coin of message.rewards.flatMap((one) => one.reward)) coin.amount = text(coin.amount);
      return QueryDelegationTotalRewardsResponse.encode(message).finish();
    }
    default:
      return value;
  }
}

function alterAnswer(call: ProxiedCall, result: unknown, change: (x: bigint) => bigint): unknown {
  const [where] = call.params;
  const answer = result as { response?: { value?: string | null } };
  if (call.method !== 'abci_query' || typeof where !== 'string' || !answer.response?.value) return result;
  const value = altered(where, Buffer.from(answer.response.value, 'base64'), change);
  return { response: { ...answer.response, value: Buffer.from(value).toString('base64') } };
}

export function faultsOf(running: { readonly chain: { readonly height: bigint } }): AdapterHarness['faults'] {
  return {
    freeze: () => {
      const held = String(running.chain.height);
      return Promise.resolve((call) =>
        call.method === 'header' && call.params[0] === null ? { ...call, params: [held] } : call,
      );
    },
    pruned: { code: -32603, message: 'failed to load state at height 5; version does not exist (latest height: 90)' },
    stateMethods: ['abci_query'],
    alterAmounts: (change) => (call, result) => alterAnswer(call, result, change),
    broadcastMethod: 'broadcast_tx_sync',
  };
}
