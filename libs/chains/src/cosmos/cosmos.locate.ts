import type { BroadcastOutcome, Located, SignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { RpcAnswerError } from '../rpc/rpc-fault.js';
import { finalAndHead } from './cosmos.boundaries.js';
import type { CheckResult, CosmosClient } from './cosmos.client.js';
import { readAccount } from './cosmos.cut.js';
import { ACCOUNT_PREFIX, badAnswer, ownAddress, type IncludedTx } from './cosmos.decode.js';
import { feeOf, flowsOfTransaction } from './cosmos.flows.js';
import { stampOf, type Header } from './cosmos.header.js';
import { LOCK_SHARES, messageTypesOf } from './cosmos.messages.js';
import { queries } from './cosmos.queries.js';
import { toText } from './cosmos.snapshots.js';
import { tokenizeStatus } from './cosmos.validators.js';

/** Codes of the SDK (types/errors) that a check answers with and that sending again does not help. */
const REFUSALS: ReadonlyMap<bigint, string> = new Map([
  [4n, 'INVALID_SIGNATURE'],
  [5n, 'INSUFFICIENT_FUNDS'],
  [9n, 'UNKNOWN_ACCOUNT'],
  [11n, 'GAS_LIMIT'],
  [12n, 'MEMO_TOO_LARGE'],
  [13n, 'FEE_TOO_LOW'],
  [21n, 'TOO_LARGE'],
  [30n, 'EXPIRED'],
]);
const IN_CACHE = 19n;
const WRONG_SEQUENCE = 32n;

/**
 * Hands the bytes to one endpoint. Only the node's own clear refusal is `rejected`; everything that leaves it open
 * whether the bytes arrived is `unknown` (R40: send the same bytes again, look them up by hash).
 */
export async function sendTo(client: CosmosClient, signed: SignedTransaction): Promise<BroadcastOutcome> {
  try {
    const result = await client.broadcast(Buffer.from(signed.bytes, 'hex'));
    if (result.hash !== signed.txid) return { kind: 'unknown' };
    if (result.code === 0n) return { kind: 'accepted' };
    return await refusalOf(client, signed, result);
  } catch (error) {
    if (error instanceof RpcAnswerError && /tx already exists in cache/i.test(error.message)) return { kind: 'known' };
    if (error instanceof ChainError) return { kind: 'unknown' };
    throw error;
  }
}

async function refusalOf(
  client: CosmosClient,
  signed: SignedTransaction,
  { code, codespace, log }: CheckResult,
): Promise<BroadcastOutcome> {
  if (codespace !== 'sdk') return { kind: 'rejected', code: `${codespace}-${code}`, detail: log };
  if (code === IN_CACHE) return { kind: 'known' };
  if (code === WRONG_SEQUENCE) {
    const told = /expected (\d+), got (\d+)/.exec(log);
    if (told?.[1] !== undefined && told[2] !== undefined && BigInt(told[2]) > BigInt(told[1])) {
      return { kind: 'rejected', code: 'SEQUENCE_GAP', detail: log };
    }
    // The sequence is used: by these very bytes, or by others. `locate` finds out which; here it is only not refused.
    return { kind: (await isKnown(client, signed.txid)) ? 'known' : 'unknown' };
  }
  const name = REFUSALS.get(code);
  return name === undefined ? { kind: 'unknown' } : { kind: 'rejected', code: name, detail: log };
}

async function isKnown(client: CosmosClient, txid: string): Promise<boolean> {
  try {
    return (await client.transaction(txid)) !== null;
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

/** By the stored hash. The final height is read first, so that a block made in between never kills a transaction. */
export async function locateTransaction(client: CosmosClient, signed: SignedTransaction): Promise<Located> {
  const { final } = await finalAndHead(client);
  const tx = await client.transaction(signed.txid);
  if (tx === null) return whenNotIncluded(client, signed, final);
  const account = ownAddress(signed.lane.account, ACCOUNT_PREFIX, 'the account');
  const block = await client.header(tx.height);
  const isFinal = block.height <= final.height;
  return {
    ...(isFinal ? await readBack(client, signed, account, final) : {}),
    state: isFinal ? 'final' : 'included',
    at: stampOf(block),
    succeeded: tx.code === 0n,
    flows: flowsOfTransaction(tx, block, account, true),
    feeAtoms: feeOf(tx, account),
    failure: tx.code === 0n ? null : `${tx.codespace} ${tx.code}: ${tx.log}`,
  };
}

/**
 * R42: what a change of authority has led to is read from the newest final state, not from the block it was in: what
 * somebody undid since then has had no effect.
 */
async function readBack(
  client: CosmosClient,
  signed: SignedTransaction,
  account: string,
  final: Header,
): Promise<Pick<Extract<Located, { readonly state: 'final' | 'included' }>, 'readBack'>> {
  if (!messageTypesOf(Buffer.from(signed.bytes, 'hex')).includes(LOCK_SHARES)) return {};
  const said = await client.readIfPresent(stampOf(final), queries.tokenizeLock(account));
  return { readBack: { tokenizeShares: said === null ? 'absent' : tokenizeStatus(said) } };
}

/** What two endpoints say of a state that was read back: final for both, and the same, or not yet believed (R42). */
export function agreedReadBack(first: Located, second: Located | null): Located {
  if (second === null || first.state !== 'final') return first;
  if (second.state !== 'final') return { ...first, state: 'included' };
  if (toText(first.readBack) === toText(second.readBack)) return first;
  throw new ChainError('ENDPOINTS_DISAGREE', 'cosmos', 'two endpoints read different locks of our shares back');
}

/**
 * Dead is what can be in no block any more, by the state itself: the sequence was used by others, or the final block is
 * at the timeout height and the sequence is still unused.
 */
async function whenNotIncluded(client: CosmosClient, signed: SignedTransaction, final: Header): Promise<Located> {
  const { account, number } = signed.lane;
  if (number === null) throw new ChainError('REFUSED', 'cosmos', 'a Cosmos transaction has a sequence');
  const sequence = (await readAccount(client, stampOf(final), account))?.sequence ?? 0n;
  if (sequence > number) return usedByOthers(client, signed, number, final);
  const expires = signed.expiresAtHeight;
  if (expires === null || final.height < expires) return { state: 'pending' };
  const detail = `final block ${final.height} is at or above its timeout height ${expires}`;
  return { state: 'dead', reason: `${detail}, and sequence ${number} is not used` };
}

async function usedByOthers(
  client: CosmosClient,
  signed: SignedTransaction,
  number: bigint,
  final: Header,
): Promise<Located> {
  const [found] = await client.search([`tx.acc_seq='${signed.lane.account}/${number}'`]);
  const user = found?.find((tx: IncludedTx) => tx.height <= final.height);
  if (user === undefined) throw badAnswer(`sequence ${number} is used, but the index has no transaction with it`);
  if (user.hash === signed.txid) throw badAnswer('the index has the transaction by its sequence, but not by its hash');
  return { state: 'dead', reason: `sequence ${number} was used by ${user.hash} in final block ${user.height}` };
}
