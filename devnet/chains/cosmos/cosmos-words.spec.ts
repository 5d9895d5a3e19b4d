import { readFileSync } from 'node:fs';
import path from 'node:path';

import { MsgBeginRedelegate, MsgDelegate, MsgUndelegate } from 'cosmjs-types/cosmos/staking/v1beta1/tx';

import { ONE_ATOM } from './genesis.js';
import { devKey } from './keys.js';
import type { AnyMessage } from './messages.js';
import { startCosmosChain, type RunningCosmosChain } from './start-cosmos-chain.js';

/** What the real node (Cosmos SDK v0.53.4, CometBFT v0.38.23) answered to the same questions. */
const WORDS = JSON.parse(
  readFileSync(path.join('libs', 'chains', 'src', 'cosmos', 'recorded', 'real-node-words.json'), 'utf8'),
) as Record<string, unknown>;

/** Heights, amounts, hashes and ids differ between two chains; everything else must not. */
function alike(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) => {
      if (key === 'id' || key === 'hash') return undefined;
      return typeof value === 'string' ? value.replace(/[0-9A-F]{64}|\d+/g, '#') : value;
    }),
  );
}

describe('the protocol model says what the real node says', () => {
  let running: RunningCosmosChain;
  const key = devKey('treasury');

  beforeAll(async () => {
    running = await startCosmosChain({ stateDir: null, port: 0, genesisTime: 1_794_340_800, hasLiquid: false });
    await running.fundTreasury(2_000_000n * ONE_ATOM);
    running.driver.blocks(20);
  });

  afterAll(() => running.stop());

  async function post(body: unknown): Promise<unknown> {
    return (await fetch(running.url, { method: 'POST', body: JSON.stringify(body) })).json();
  }
  const call = (method: string, params: readonly unknown[]): Promise<unknown> =>
    post({ jsonrpc: '2.0', id: 1, method, params });
  const expectAlike = (answer: unknown, name: string): void => expect(alike(answer)).toEqual(alike(WORDS[name]));

  it.each([
    ['header of a block to come', 'header', ['99999']],
    ['header without its argument', 'header', []],
    ['results of a block to come', 'block_results', ['99999']],
    ['a state to come', 'abci_query', ['/cosmos.staking.v1beta1.Query/Params', '', '99999', false]],
    ['a module that is not there', 'abci_query', ['/gaia.liquid.v1beta1.Query/TokenizeShareLockInfo', '', '5', false]],
    ['a transaction that is nowhere', 'tx', [Buffer.alloc(32, 7).toString('base64'), false]],
    ['a method that is not there', 'no_such_method', []],
  ])('%s', async (name, method, params) => {
    expectAlike(await call(method, params), name);
  });

  it('a state that was pruned', async () => {
    running.chain.keepStates = 6n;
    running.driver.blocks(1);
    const asked = ['/cosmos.staking.v1beta1.Query/Params', '', '5', false];
    expectAlike(await call('abci_query', asked), 'a state that was pruned');
  });

  it('a batch of one is answered without the list, one of eleven not at all', async () => {
    const health = { jsonrpc: '2.0', id: 0, method: 'health', params: [] };
    expectAlike(await post([health]), 'a batch of one');
    expectAlike(await post(Array.from({ length: 11 }, () => health)), 'a batch of eleven');
  });

  it('a transaction handed in, again, and again after it is in a block', async () => {
    const bytes = Buffer.from(running.driver.signed(key, delegation(ONE_ATOM))).toString('base64');
    expectAlike(await call('broadcast_tx_sync', [bytes]), 'a transaction');
    expectAlike(await call('broadcast_tx_sync', [bytes]), 'the same bytes again');
    running.driver.blocks(1);
    expectAlike(await call('broadcast_tx_sync', [bytes]), 'the same bytes after they are in a block');
  });

  const delegation = (amount: bigint): AnyMessage => ({
    typeUrl: MsgDelegate.typeUrl,
    value: MsgDelegate.encode({
      delegatorAddress: key.address,
      validatorAddress: running.validators[0] ?? '',
      amount: { denom: 'uatom', amount: String(amount) },
    }).finish(),
  });
  const exit = (amount: bigint, place = 0): AnyMessage => ({
    typeUrl: MsgUndelegate.typeUrl,
    value: MsgUndelegate.encode({
      delegatorAddress: key.address,
      validatorAddress: running.validators[place] ?? '',
      amount: { denom: 'uatom', amount: String(amount) },
    }).finish(),
  });
  const move = (from: number, to: number): AnyMessage => ({
    typeUrl: MsgBeginRedelegate.typeUrl,
    value: MsgBeginRedelegate.encode({
      delegatorAddress: key.address,
      validatorSrcAddress: running.validators[from] ?? '',
      validatorDstAddress: running.validators[to] ?? '',
      amount: { denom: 'uatom', amount: '1000' },
    }).finish(),
  });

  it.each([
    ['a sequence that was used', { sequence: 0n }],
    ['a sequence to come', { sequence: 9_000n }],
    ['a fee too low', { fee: 1n }],
    ['too little gas to check it', { gasLimit: 20_000n }],
    ['a timeout height that has passed', { timeoutHeight: 2n }],
  ])('%s', async (name, change) => {
    const bytes = Buffer.from(running.driver.signed(key, delegation(ONE_ATOM + 1n), change)).toString('base64');
    expectAlike(await call('broadcast_tx_sync', [bytes]), name);
  });

  /** What the last of the messages came to in its block. */
  function result(...messages: readonly AnyMessage[]): object {
    for (const message of messages) {
      running.driver.submit(key, message);
      running.driver.blocks(1);
    }
    const last = running.chain.block(running.chain.height)?.results[0];
    return { code: last?.code, codespace: last?.codespace, log: last?.log };
  }

  it.each([
    ['more than the account has', () => result(delegation(9_000_000_000_000_000_000n))],
    ['more than is staked', () => result(exit(9_000_000n * ONE_ATOM))],
    ['nothing staked there', () => result(exit(1n, 4))],
    ['stake that has moved lately', () => result(delegation(ONE_ATOM), move(0, 1), move(1, 2))],
    ['an eighth redelegation', () => result(...Array.from({ length: 7 }, () => move(0, 1)))],
    ['an eighth unbonding', () => result(...Array.from({ length: 8 }, () => exit(1_000n)))],
  ])('%s', (name, act) => {
    expectAlike(act(), name);
  });
});
