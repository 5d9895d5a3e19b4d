import { atoms } from '@app/staking-core';

import type { BroadcastOutcome, Located, SignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { RpcAnswerError } from '../rpc/rpc-fault.js';
import type { SolanaClient } from './solana.client.js';
import { badAnswer } from './solana.decode.js';
import { stampOf } from './solana.epochs.js';
import { readHistory } from './solana.history.js';
import { flowOf } from './solana.observe.js';

const ALREADY_THERE = /already been processed|AlreadyProcessed/i;
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/signature verification/i, 'INVALID_SIGNATURE'],
  [/insufficient (funds|lamports)|no record of a prior credit|custom program error: 0x1\b/i, 'INSUFFICIENT_FUNDS'],
  [/already in use|custom program error: 0x0\b/i, 'ALREADY_DONE'],
  [/simulation failed.*instruction/i, 'WOULD_FAIL'],
  [/invalid params|deserialize/i, 'MALFORMED'],
];

/**
 * Hands the bytes to one endpoint. A node does not tell bytes that it has passed on before from new ones, so the caller
 * says whether it has sent them already. A blockhash that the node does not know may only be newer than the node.
 */
export async function sendTo(
  client: SolanaClient,
  signed: SignedTransaction,
  sentBefore: boolean,
): Promise<BroadcastOutcome> {
  try {
    if ((await client.status(signed.txid)) !== null) return { kind: 'known' };
    const txid = await client.send(Buffer.from(signed.bytes, 'hex'));
    if (txid !== signed.txid) return { kind: 'unknown' };
    return { kind: sentBefore ? 'known' : 'accepted' };
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    const answer = error instanceof RpcAnswerError ? error : error.cause;
    if (!(answer instanceof RpcAnswerError)) return { kind: 'unknown' };
    const said = answer.body.message;
    if (ALREADY_THERE.test(said)) return { kind: 'known' };
    for (const [pattern, code] of REFUSALS)
      if (pattern.test(said)) return { kind: 'rejected', code, detail: answer.message };
    return { kind: 'unknown' };
  }
}

/** The strongest thing that any endpoint said: one that has it outweighs one that refuses it. */
export function strongest(outcomes: readonly BroadcastOutcome[]): BroadcastOutcome {
  for (const kind of ['accepted', 'known', 'unknown'] as const) {
    if (outcomes.some((one) => one.kind === kind)) return { kind };
  }
  return outcomes[0] ?? { kind: 'unknown' };
}

/** What one endpoint knows: where it is, or that it cannot come any more as far as this endpoint can see. */
export type Sighting =
  | { readonly kind: 'found'; readonly located: Located }
  | { readonly kind: 'expired'; readonly reason: string }
  | { readonly kind: 'not-seen' };

/** The height is read first, so that a transaction that got in meanwhile is never taken for a dead one. */
export async function lookFor(client: SolanaClient, signed: SignedTransaction): Promise<Sighting> {
  if (signed.expiresAtHeight === null)
    throw new ChainError('REFUSED', 'solana', 'a Solana transaction expires at a height');
  const height = await client.finalBlockHeight();
  const status = await client.status(signed.txid);
  if (status !== null) return { kind: 'found', located: await locatedAt(client, signed, status.final) };
  if (height <= signed.expiresAtHeight) return { kind: 'not-seen' };
  const reason = `its blockhash was good up to block ${signed.expiresAtHeight}, final block ${height} is without it`;
  return { kind: 'expired', reason };
}

async function locatedAt(client: SolanaClient, signed: SignedTransaction, final: boolean): Promise<Located> {
  const commitment = final ? 'finalized' : 'confirmed';
  const [transaction] = await client.transactions([signed.txid], commitment);
  if (transaction === undefined) throw badAnswer('a transaction is missing');
  const block = await client.block(transaction.slot, commitment);
  const flows =
    transaction.failure === null && final
      ? (await readHistory(client, signed.lane.account)).lives.flows.filter((one) => one.txid === signed.txid)
      : []; // what is not final may still be undone: it has moved nothing yet
  return {
    state: final ? 'final' : 'included',
    at: stampOf(block),
    succeeded: transaction.failure === null,
    flows: flows.map((one) => flowOf(one, new Map([[block.slot, stampOf(block)]]))),
    feeAtoms: atoms(transaction.feeAtoms),
    failure: transaction.failure,
  };
}

/** The proof of death: the blockhash has expired for good, and every single endpoint has nothing of it. */
export function verdictOf(sightings: readonly PromiseSettledResult<Sighting>[]): Located {
  const seen = sightings.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const found = seen.flatMap((one) => (one.kind === 'found' ? [one.located] : []));
  const best = found.find((one) => one.state === 'final') ?? found[0];
  if (best !== undefined) return best;
  const failures = sightings.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (seen.length === 0 && failures.length > 0) throw failures[0];
  const [first] = seen;
  const proven = failures.length === 0 && seen.every((one) => one.kind === 'expired');
  return proven && first?.kind === 'expired' ? { state: 'dead', reason: first.reason } : { state: 'pending' };
}
