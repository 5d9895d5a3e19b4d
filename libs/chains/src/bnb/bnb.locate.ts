import { atoms } from '@app/staking-core';
import { Transaction } from 'ethers';

import type { BlockStamp, BroadcastOutcome, Located, SignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { RevertError, RpcAnswerError } from '../rpc/rpc-fault.js';
import { revertReason } from './bnb.build.js';
import type { BnbClient, CallRequest } from './bnb.client.js';
import { badAnswer, ownAddress, stampOf, type Header, type Receipt } from './bnb.decode.js';
import { concerns } from './bnb.flows.js';
import { withHeaders } from './bnb.logs.js';
import { readFlows } from './bnb.movements.js';
import { listValidators } from './bnb.positions.js';

const ALREADY_THERE = /already (known|imported)|known transaction|alreadyknown|already exists/i;
const NONCE_USED = /nonce (is )?too low|nonce.*already|old nonce|oldnonce/i;
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/insufficient funds|out of funds|insufficient balance/i, 'INSUFFICIENT_FUNDS'],
  [/underpriced|fee too low|tip.*(low|cap)|max fee per gas less/i, 'FEE_TOO_LOW'],
  [/intrinsic gas|gas limit|exceeds block gas/i, 'GAS_LIMIT'],
  [/nonce too high|nonce gap/i, 'NONCE_GAP'],
  [/invalid (sender|signature|chain)|chain id/i, 'INVALID_SIGNATURE'],
];

/**
 * Hands the bytes to one endpoint. Only the node's own clear refusal is `rejected`; everything that leaves it open
 * whether the bytes arrived is `unknown` (R40: send the same bytes again, look them up by hash).
 */
export async function sendTo(client: BnbClient, signed: SignedTransaction): Promise<BroadcastOutcome> {
  try {
    const txid = await client.sendRaw(signed.bytes);
    return { kind: txid === signed.txid ? 'accepted' : 'unknown' };
  } catch (error) {
    if (!(error instanceof RpcAnswerError)) {
      if (error instanceof ChainError) return { kind: 'unknown' };
      throw error;
    }
    const said = error.body.message;
    if (ALREADY_THERE.test(said)) return { kind: 'known' };
    // The nonce is used: by these very bytes, or by others. `locate` finds out which; here it is only not refused.
    if (NONCE_USED.test(said)) return { kind: (await isKnown(client, signed.txid)) ? 'known' : 'unknown' };
    for (const [pattern, code] of REFUSALS) {
      if (pattern.test(said)) return { kind: 'rejected', code, detail: error.message };
    }
    return { kind: 'unknown' };
  }
}

async function isKnown(client: BnbClient, txid: string): Promise<boolean> {
  try {
    return await client.knowsTransaction(txid);
  } catch (error) {
    if (error instanceof ChainError) return false;
    throw error;
  }
}

/** The strongest thing that any endpoint said: one that has it outweighs one that refuses it. */
export function strongest(outcomes: readonly BroadcastOutcome[]): BroadcastOutcome {
  for (const kind of ['accepted', 'known', 'unknown'] as const) {
    if (outcomes.some((one) => one.kind === kind)) return { kind };
  }
  return outcomes[0] ?? { kind: 'unknown' };
}

/** By the stored hash. Final counts first, so that a transaction mined in between is never taken for a dead one. */
export async function locateTransaction(client: BnbClient, signed: SignedTransaction): Promise<Located> {
  const final = await client.finalHeader();
  const receipt = await client.receipt(signed.txid);
  if (receipt === null) return whenNotMined(client, signed, final);
  const block = await client.header(receipt.height);
  if (block.hash !== receipt.blockHash) return { state: 'pending' }; // mined on a branch that is gone; the bytes stay valid
  const [failure, flows] = receipt.succeeded
    ? [null, await flowsOfReceipt(client, signed, receipt)]
    : [await failureOf(client, signed, block), []];
  return {
    state: block.height <= final.height ? 'final' : 'included',
    at: stampOf(block),
    succeeded: receipt.succeeded,
    flows,
    feeAtoms: atoms(receipt.feeWei),
    failure,
  };
}

async function flowsOfReceipt(
  client: BnbClient,
  signed: SignedTransaction,
  receipt: Receipt,
): Promise<Extract<Located, { flows: unknown }>['flows']> {
  const account = ownAddress(signed.lane.account, 'the account');
  const logs = await withHeaders(
    client,
    receipt.logs.filter((log) => concerns(log, account)),
  );
  const first = logs[0];
  if (first === undefined) return [];
  return readFlows(client, logs, await listValidators(client, stampOf(first.block)), account);
}

/** Runs the failed call again in the state before its block: only for a person to read. */
async function failureOf(client: BnbClient, signed: SignedTransaction, block: Header): Promise<string> {
  const { from, to, data, value } = Transaction.from(signed.bytes);
  const parent: BlockStamp = stampOf(await client.header(block.height - 1n));
  const call: CallRequest = { from: from ?? signed.lane.account, to: to ?? '', data, value };
  try {
    await client.simulate(parent, call);
    return 'reverted, though it would have succeeded in the block before (out of gas, or something ahead of it in the block)';
  } catch (error) {
    if (error instanceof RevertError) return revertReason(error);
    if (error instanceof ChainError) return 'reverted; the reason could not be read';
    throw error;
  }
}

async function whenNotMined(client: BnbClient, signed: SignedTransaction, final: Header): Promise<Located> {
  const { account, number } = signed.lane;
  if (number === null) throw new ChainError('REFUSED', 'bnb', 'a BNB transaction has a nonce');
  if ((await client.nonce(stampOf(final), account)) <= number) return { state: 'pending' };
  // A used nonce alone is no proof: a node may have lost the receipt. Find who used it.
  const block = await blockOfNonce(client, account, number, final);
  const sender = ownAddress(account, 'the account');
  const user = (await client.transactionsOf(block)).find((one) => one.from === sender && one.nonce === number);
  if (user === undefined) throw badAnswer(`block ${block} used nonce ${number}, but holds no such transaction`);
  if (user.txid === signed.txid)
    throw badAnswer(`the node has the transaction in block ${block}, but no receipt for it`);
  return { state: 'dead', reason: `nonce ${number} was used by ${user.txid} in final block ${block}` };
}

/** The final block in which the account's nonce went above `number`. Needs the history of states: `STATE_PRUNED` without. */
async function blockOfNonce(client: BnbClient, account: string, number: bigint, final: Header): Promise<bigint> {
  const usedAt = async (height: bigint): Promise<boolean> =>
    (await client.nonce(stampOf(await client.header(height)), account)) > number;
  let high = final.height;
  let low = -1n; // no block: before the chain
  for (let step = 1n; high > 0n; step *= 4n) {
    const height = final.height > step ? final.height - step : 0n;
    if (!(await usedAt(height))) {
      low = height;
      break;
    }
    high = height;
  }
  while (high - low > 1n) {
    const middle = (high + low) / 2n;
    if (await usedAt(middle)) high = middle;
    else low = middle;
  }
  return high;
}
