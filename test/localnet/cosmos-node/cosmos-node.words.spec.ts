import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { GasPrice, SigningStargateClient, type StdFee } from '@cosmjs/stargate';
import type { EncodeObject } from '@cosmjs/proto-signing';
import { TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';

import { devWallet, type RunningCosmosNode } from '../../../devnet/chains/cosmos/node/index.js';
import { describeRealNode, temporaryNode } from './cosmos-node-world.js';

const RECORDED = path.join('libs', 'chains', 'src', 'cosmos', 'recorded', 'real-node-words.json');
const STAKING = '/cosmos.staking.v1beta1.Query/Params';
const GAS = 400_000;

/** Answers as they come over the wire, by what was done. */
type Words = Record<string, unknown>;

async function rpc(url: string, method: string, params: unknown): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return (await fetch(url, { method: 'POST', body })).json();
}

async function queryWords(url: string): Promise<Words> {
  const batch = (count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'health', params: [] })));
  const post = async (body: string): Promise<unknown> => (await fetch(url, { method: 'POST', body })).json();
  return {
    'header of a block to come': await rpc(url, 'header', ['99999']),
    'header without its argument': await rpc(url, 'header', []),
    'results of a block to come': await rpc(url, 'block_results', ['99999']),
    'a state to come': await rpc(url, 'abci_query', [STAKING, '', '99999', false]),
    'a state that was pruned': await rpc(url, 'abci_query', [STAKING, '', '5', false]),
    'a module that is not there': await rpc(url, 'abci_query', ['/gaia.liquid.v1beta1.Query/Params', '', '0', false]),
    'an account nobody has seen': await rpc(url, 'abci_query', [
      '/cosmos.auth.v1beta1.Query/Account',
      Buffer.from('\x0a\x2dcosmos1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnrk363e').toString('hex'),
      '0',
      false,
    ]),
    'a transaction that is nowhere': await rpc(url, 'tx', [Buffer.alloc(32, 7).toString('base64'), false]),
    'bytes that are no transaction': await rpc(url, 'broadcast_tx_sync', ['AAAA']),
    'a method that is not there': await rpc(url, 'eth_call', []),
    'a batch of one': await post(batch(1)),
    'a batch of eleven': await post(batch(11)),
  };
}

/** What the node says to transactions that it will not have, or has already. */
async function transactionWords(running: RunningCosmosNode): Promise<Words> {
  const { url, control, treasury, validators } = running;
  const client = await SigningStargateClient.connectWithSigner(url, await devWallet('treasury'), {
    gasPrice: GasPrice.fromString('0.01uatom'),
  });
  const chainId = await client.getChainId();
  const { accountNumber } = await client.getSequence(treasury.address);
  const stake = (name: string, value: object): EncodeObject => ({
    typeUrl: `/cosmos.staking.v1beta1.Msg${name}`,
    value: { delegatorAddress: treasury.address, ...value },
  });
  const on = (seat: number, atoms: string) => ({
    validatorAddress: validators[seat]?.operator,
    amount: { denom: 'uatom', amount: atoms },
  });
  const move = (from: number, to: number) => ({
    validatorSrcAddress: validators[from]?.operator,
    validatorDstAddress: validators[to]?.operator,
    amount: { denom: 'uatom', amount: '1000' },
  });
  const signed = async (
    message: EncodeObject,
    change: { sequence?: number; fee?: string; gas?: number; until?: bigint } = {},
  ) => {
    const { sequence } = await client.getSequence(treasury.address);
    const fee: StdFee = { amount: [{ denom: 'uatom', amount: change.fee ?? '4000' }], gas: `${change.gas ?? GAS}` };
    const data = { accountNumber, sequence: change.sequence ?? sequence, chainId };
    const tx = await client.sign(treasury.address, [message], fee, '', data, change.until);
    return Buffer.from(TxRaw.encode(tx).finish()).toString('base64');
  };
  const sent = (bytes: string) => rpc(url, 'broadcast_tx_sync', [bytes]);
  /** Its result in the block that it gets into. */
  const inBlock = async (message: EncodeObject, change: { gas?: number } = {}): Promise<unknown> => {
    await sent(await signed(message, change));
    await control.blocks(1);
    const { height } = await control.status();
    const { result } = (await rpc(url, 'block_results', [`${height}`])) as {
      result: { txs_results: { code: number }[] };
    };
    const { code, codespace, log } = result.txs_results[0] as unknown as Record<string, unknown>;
    return { code, codespace, log };
  };

  const first = await signed(stake('Delegate', on(1, '5000000')));
  const words: Words = { 'a transaction': await sent(first), 'the same bytes again': await sent(first) };
  await control.blocks(1);
  words['the same bytes after they are in a block'] = await sent(first);
  words['a sequence that was used'] = await sent(await signed(stake('Delegate', on(1, '1')), { sequence: 0 }));
  words['a sequence to come'] = await sent(await signed(stake('Delegate', on(1, '1')), { sequence: 9 }));
  words['a fee too low'] = await sent(await signed(stake('Delegate', on(1, '1')), { fee: '1' }));
  words['too little gas to check it'] = await sent(await signed(stake('Delegate', on(1, '1')), { gas: 20_000 }));
  words['a timeout height that has passed'] = await sent(await signed(stake('Delegate', on(1, '1')), { until: 2n }));
  words['more than the account has'] = await inBlock(stake('Delegate', on(1, '9000000000000000000')));
  words['more than is staked'] = await inBlock(stake('Undelegate', on(1, '9000000000')));
  words['nothing staked there'] = await inBlock(stake('Undelegate', on(4, '1')));
  words['gas that runs out in the block'] = await inBlock(stake('Delegate', on(1, '1')), { gas: 90_000 });
  await inBlock(stake('BeginRedelegate', move(1, 2)));
  words['stake that has moved lately'] = await inBlock(stake('BeginRedelegate', move(2, 3)));
  for (let i = 0; i < 6; i++) await inBlock(stake('BeginRedelegate', move(1, 2)));
  words['an eighth redelegation'] = await inBlock(stake('BeginRedelegate', move(1, 2)));
  for (let i = 0; i < 7; i++) await inBlock(stake('Undelegate', on(1, '1000')));
  words['an eighth unbonding'] = await inBlock(stake('Undelegate', on(1, '1000')));
  client.disconnect();
  return words;
}

describeRealNode('the words of the real node', () => {
  it('are as recorded (RECORD_COSMOS_NODE=1 writes them anew)', async () => {
    const { running, remove } = await temporaryNode({ keepRecent: 20 });
    try {
      await running.control.blocks(60);
      const words = { ...(await queryWords(running.url)), ...(await transactionWords(running)) };
      if (process.env['RECORD_COSMOS_NODE'] === '1') writeFileSync(RECORDED, `${JSON.stringify(words, null, 2)}\n`);
      expect(words).toEqual(JSON.parse(readFileSync(RECORDED, 'utf8')));
    } finally {
      await remove();
    }
  });
});
