/** All movements of our money between two cuts, and the proof that none is missing. */
import type { FlowObservation } from '../chain-adapter.js';
import type { CosmosClient } from './cosmos.client.js';
import type { Cut } from './cosmos.cut.js';
import { attribute, badAnswer, instantNs, type IncludedTx } from './cosmos.decode.js';
import { flowsOfBlock, flowsOfTransaction } from './cosmos.flows.js';
import { firstWhere } from './cosmos.boundaries.js';
import type { Header } from './cosmos.header.js';
import type { Blocks } from './cosmos.slashes.js';

const SECOND_NS = 1_000_000_000n;

export interface OwnTransactions {
  /** Signed by the account, one for each sequence number that it used. */
  readonly own: readonly IncludedTx[];
  /** Others' transactions that withdrew our rewards (x/authz). */
  readonly others: readonly IncludedTx[];
}

/**
 * The account's sequence in the state of both cuts says how many transactions there are; each is looked up by its
 * number. One that the node's index does not have (yet) makes the answer unusable, instead of the day poorer (R19).
 */
export async function transactionsBetween(client: CosmosClient, before: Cut, after: Cut): Promise<OwnTransactions> {
  const { account } = after;
  if (after.sequence < before.sequence) throw badAnswer(`the sequence of ${account} went back`);
  const byNumber: string[] = [];
  for (let n = before.sequence; n < after.sequence; n++) byNumber.push(`tx.acc_seq='${account}/${n}'`);
  const range = `tx.height>${before.at.height} AND tx.height<=${after.at.height}`;
  const answers = await client.search([...byNumber, `withdraw_rewards.delegator='${account}' AND ${range}`]);
  const inRange = (tx: IncludedTx): boolean => tx.height > before.at.height && tx.height <= after.at.height;
  const withdrawing = (answers.pop() ?? []).filter(inRange);
  const own = answers.map((found, i) => {
    const [tx, ...more] = found.filter(inRange);
    if (tx === undefined || more.length > 0) {
      const n = before.sequence + BigInt(i);
      throw badAnswer(`the node's index has ${found.length} transactions of ${account} with sequence ${n}, not one`);
    }
    return tx;
  });
  const hashes = new Set(own.map((tx) => tx.hash));
  if (hashes.size !== own.length) throw badAnswer('one transaction was told for two sequence numbers');
  return { own, others: withdrawing.filter((tx) => !hashes.has(tx.hash)) };
}

/** Flows in the order in which they happened: what the block does first, its transactions, what it does last. */
export async function readFlows(
  blocks: Blocks,
  transactions: OwnTransactions,
  eventHeights: readonly bigint[],
  account: string,
): Promise<FlowObservation[]> {
  const ordered: { readonly place: readonly [bigint, bigint]; readonly flow: FlowObservation }[] = [];
  for (const tx of [...transactions.own, ...transactions.others]) {
    const own = transactions.own.includes(tx);
    for (const flow of flowsOfTransaction(tx, await blocks.header(tx.height), account, own)) {
      ordered.push({ place: [tx.height, tx.index], flow });
    }
  }
  const last = ordered.reduce((most, one) => (one.place[1] > most ? one.place[1] : most), 0n) + 1n;
  for (const height of new Set(eventHeights)) {
    for (const flow of flowsOfBlock(await blocks.eventsOf(height), await blocks.header(height), account)) {
      ordered.push({ place: [height, flow.kind === 'claim' ? last : -1n], flow });
    }
  }
  return ordered.sort((a, b) => compare(a.place, b.place)).map((one) => one.flow);
}

function compare(a: readonly [bigint, bigint], b: readonly [bigint, bigint]): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

/**
 * Blocks that credit exits of ours: the first whose time is not before the end of the exit. An exit that began in this
 * period is known by its transaction, whose event rounds the end down to a second: blocks of that second are looked at.
 */
export async function maturityHeights(
  client: CosmosClient,
  blocks: Blocks,
  before: Cut,
  after: Cut,
  transactions: OwnTransactions,
): Promise<bigint[]> {
  const ends = new Map<bigint, bigint>();
  for (const exit of before.holdings.flatMap((one) => one.exits)) ends.set(exit.completionNs, exit.completionNs);
  for (const event of transactions.own.filter((tx) => tx.code === 0n).flatMap((tx) => tx.events)) {
    if (event.type !== 'unbond') continue;
    const second = instantNs(attribute(event, 'completion_time'), 'the end of an unbonding');
    ends.set(second, second + SECOND_NS);
  }
  const [low, high] = [await blocks.header(before.at.height), await blocks.header(after.at.height)];
  const heights = new Set<bigint>();
  for (const [earliest, latest] of ends) {
    if (earliest > high.timeNs) continue;
    const first = await firstNotBefore(client, low, high, earliest);
    const final = latest > high.timeNs ? high : await firstNotBefore(client, low, high, latest);
    for (let height = first.height; height <= final.height; height++) heights.add(height);
  }
  return [...heights];
}

function firstNotBefore(client: CosmosClient, low: Header, high: Header, timeNs: bigint): Promise<Header> {
  return firstWhere(client, low, high, (one) => one.timeNs >= timeNs);
}
