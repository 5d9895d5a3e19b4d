import { atoms } from '@app/staking-core';

import type { BroadcastOutcome, Located, SignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { RpcAnswerError } from '../rpc/rpc-fault.js';
import { accountOf, addressOf } from './polkadot.address.js';
import { read, type PolkadotClient } from './polkadot.client.js';
import type { ChainEvent } from './polkadot.codec.js';
import { LOWEST } from './polkadot.cuts.js';
import { amount, badAnswer, fields, whole, type Header } from './polkadot.decode.js';
import { blockEvents, type BlockEvents } from './polkadot.events.js';
import { movementsOf, type Account } from './polkadot.flows.js';
import { firstLater } from './polkadot.search.js';
import { nominationsAt, nonceAt } from './polkadot.state.js';

/** The nodes' words (sc-transaction-pool, "Invalid Transaction: …"). */
const ALREADY_THERE = /already imported|already in the pool/i;
const NONCE_USED = /outdated|stale|priority is too low|too low priority/i;
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/inability to pay|balance too low|payment/i, 'INSUFFICIENT_FUNDS'],
  [/bad signature|badproof|bad proof|bad signer/i, 'INVALID_SIGNATURE'],
  [/ancient birth/i, 'EXPIRED'],
  [/exhausts|too large/i, 'TOO_LARGE'],
  [/call is not expected/i, 'NOT_ACCEPTED'],
];

/**
 * Hands the bytes to one endpoint. Only the node's own clear refusal is `rejected`; everything that leaves it open
 * whether the bytes arrived is `unknown` (R40: send the same bytes again, look them up by hash).
 */
export async function sendTo(
  client: PolkadotClient,
  signed: SignedTransaction,
  who: Account,
): Promise<BroadcastOutcome> {
  try {
    return { kind: (await client.submit(signed.bytes)) === signed.txid ? 'accepted' : 'unknown' };
  } catch (error) {
    if (!(error instanceof RpcAnswerError)) {
      if (error instanceof ChainError) return { kind: 'unknown' };
      throw error;
    }
    const said = `${error.body.message} ${error.body.data ?? ''}`;
    if (ALREADY_THERE.test(said)) return { kind: 'known' };
    // The nonce is used: by these very bytes, or by others. `locate` finds out which; here it is only not refused.
    if (NONCE_USED.test(said)) return { kind: (await isIncluded(client, signed, who)) ? 'known' : 'unknown' };
    for (const [pattern, code] of REFUSALS) {
      if (pattern.test(said)) return { kind: 'rejected', code, detail: error.message };
    }
    return { kind: 'unknown' };
  }
}

async function isIncluded(client: PolkadotClient, signed: SignedTransaction, who: Account): Promise<boolean> {
  try {
    const { state } = await locateTransaction(client, signed, who);
    return state === 'included' || state === 'final';
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

/**
 * By the stored hash. The account's nonce says in which block its place was taken; that block holds either these bytes, or
 * the proof that they are dead. A place that nobody took is dead too, once the final chain is past the bytes' mortality.
 */
export async function locateTransaction(
  client: PolkadotClient,
  signed: SignedTransaction,
  who: Account,
): Promise<Located> {
  const { number } = signed.lane;
  if (number === null) throw new ChainError('REFUSED', 'polkadot', 'a Polkadot transaction has a nonce');
  const account = accountOf(signed.lane.account, who.ss58Prefix);
  const { final, head } = await client.finalAndHead();
  const final_ = { height: final.height, nonce: await nonceAt(client, final.hash, account) };
  if (final_.nonce <= number) {
    if (signed.expiresAtHeight !== null && final.height >= signed.expiresAtHeight) {
      const reason = `valid up to block ${signed.expiresAtHeight}; nonce ${number} is unused at final block ${final.height}`;
      return { state: 'dead', reason };
    }
    return amongRecent(client, signed, who, final, head);
  }
  const height = await blockOfNonce(client, account, number, final.height);
  const block = await blockAt(client, height);
  const place = block.txids.indexOf(signed.txid);
  if (place !== -1) return found(client, 'final', block, place, who);
  const codec = await client.codecAt(block.hash);
  const taken = block.body.findIndex((bytes) => {
    const by = codec.signerOf(bytes);
    return by?.account === account && by.nonce === number;
  });
  const other = block.txids[taken];
  if (other === undefined) throw badAnswer(`block ${height} used nonce ${number}, but holds no such transaction`);
  return { state: 'dead', reason: `nonce ${number} was used by ${other} in final block ${height}` };
}

interface Body {
  readonly height: bigint;
  readonly hash: string;
  readonly body: readonly string[];
  readonly txids: readonly string[];
}

async function blockAt(client: PolkadotClient, height: bigint): Promise<Body> {
  const [hash] = await client.hashesAt([height]);
  const [body] = await client.bodies([hash ?? '']);
  if (hash === undefined || body === undefined) throw badAnswer('a block is missing');
  const codec = await client.codecAt(hash);
  return { height, hash, body, txids: body.map((bytes) => codec.hash(bytes)) };
}

/** Between the final block and the head. What is there may still be replaced. */
async function amongRecent(
  client: PolkadotClient,
  signed: SignedTransaction,
  who: Account,
  final: Header,
  head: Header,
): Promise<Located> {
  for (let height = final.height + 1n; height <= head.height; height++) {
    const block = await blockAt(client, height);
    const place = block.txids.indexOf(signed.txid);
    if (place !== -1) return found(client, 'included', block, place, who);
  }
  return { state: 'pending' };
}

async function found(
  client: PolkadotClient,
  state: 'included' | 'final',
  block: Body,
  place: number,
  who: Account,
): Promise<Located> {
  const seen = await blockEvents(client, block.height, block.hash);
  const own = seen.events.filter((event) => event.extrinsic === place);
  const codec = await client.codecAt(seen.parentHash);
  const failure = failureOf(own, (error) => codec.dispatchError(error));
  const txid = block.txids[place] ?? '';
  return {
    state,
    at: seen.at,
    succeeded: failure === null,
    flows: failure === null ? await flowsOf(client, seen, txid, who) : [],
    feeAtoms: feeOf(own, codec.signerOf(block.body[place] ?? '')?.account ?? null),
    failure,
    ...(await nomineesAt(client, block.hash, who)),
  };
}

async function nomineesAt(
  client: PolkadotClient,
  hash: string,
  { stash, ss58Prefix }: Account,
): Promise<{ readonly nominees?: readonly string[] }> {
  if (!(await client.codecAt(hash)).has('staking', 'nominators')) return {};
  const nominations = await nominationsAt(client, hash, stash);
  return { nominees: (nominations?.targets ?? []).map((one) => addressOf(one, ss58Prefix)) };
}

async function flowsOf(
  client: PolkadotClient,
  block: BlockEvents,
  txid: string,
  who: Account,
): Promise<Extract<Located, { flows: unknown }>['flows']> {
  return (await movementsOf(client, block, who)).flows.filter((flow) => flow.txid === txid);
}

/** Why it did nothing: the extrinsic failed, or what it carried did (through a proxy, or as part of a batch). */
function failureOf(events: readonly ChainEvent[], nameOf: (error: never) => string): string | null {
  for (const event of events) {
    if (event.name === 'system.ExtrinsicFailed') return nameOf(event.fields['dispatchError'] as never);
    if (event.name === 'utility.BatchInterrupted') return nameOf(event.fields['error'] as never);
    if (event.name === 'proxy.ProxyExecuted') {
      const { kind, value } = fields(event.fields['result'], 'the result of a proxied call');
      if (kind === 'Err') return nameOf(value as never);
    }
  }
  if (!events.some((event) => event.name === 'system.ExtrinsicSuccess')) throw badAnswer('an extrinsic without an end');
  return null;
}

/**
 * Runtimes before mid-2022 name no fee: it is what is taken from the signer before anything else happens, less what is
 * given back. Without either there was none.
 */
function feeOf(events: readonly ChainEvent[], signer: string | null): ReturnType<typeof atoms> {
  const paid = events.find((event) => event.name === 'transactionPayment.TransactionFeePaid');
  if (paid !== undefined) return amount(paid.fields['actualFee'], 'a fee');
  const ofSigner = (name: string): readonly ChainEvent[] =>
    events.filter((event) => event.name === name && event.fields['who'] === signer);
  const [taken] = ofSigner('balances.Withdraw');
  if (taken === undefined || taken !== events[0]) return atoms(0n);
  const back = ofSigner('balances.Deposit').map((event) => amount(event.fields['amount'], 'a fee given back'));
  return atoms(back.reduce((fee: bigint, one) => fee - one, amount(taken.fields['amount'], 'a fee')));
}

/** The final block in which the account's nonce went above `number`. Needs the history of states: `STATE_PRUNED` without. */
async function blockOfNonce(client: PolkadotClient, account: string, number: bigint, from: bigint): Promise<bigint> {
  const probe = async (heights: readonly bigint[]): Promise<readonly bigint[]> => {
    const states = await client.perBlock(await client.hashesAt(heights), read('system', 'account', account));
    return states.map((state) => whole(fields(state, 'an account')['nonce'], 'a nonce'));
  };
  return (await firstLater({ probe, later: (nonce) => nonce > number }, LOWEST, from)).height;
}
