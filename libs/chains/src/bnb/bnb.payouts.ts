import type { BlockStamp } from '../chain-adapter.js';
import { TOPIC } from './bnb.abi.js';
import { dayIndex } from './bnb.boundaries.js';
import type { BnbClient } from './bnb.client.js';
import { badAnswer, stampOf } from './bnb.decode.js';
import { byPlace } from './bnb.logs.js';
import { listValidators, type ListedValidator } from './bnb.positions.js';
import { credit } from './bnb.reads.js';
import { payoutOf, type PayoutEvents } from './bnb.reward.js';

/** What the breathe block `to` says it paid for our shares, for each of the credit contracts. */
export async function readPayouts(
  client: BnbClient,
  from: BlockStamp,
  to: BlockStamp,
  credits: readonly ListedValidator[],
  account: string,
): Promise<PayoutEvents[]> {
  if (credits.length === 0) return [];
  const parent = stampOf(await client.header(to.height - 1n));
  const address = credits.map((one) => one.credit);
  const filter = { address, topics: [[TOPIC.rewardReceived, TOPIC.transfer]] };
  const logs = (await client.logsOfBlock(to, filter)).sort(byPlace);
  if (logs.some((log) => log.blockHash !== to.hash || !address.includes(log.address))) {
    throw badAnswer('logs of another block or contract');
  }
  const atFrom = new Set((await listValidators(client, from)).map((one) => one.credit));
  const atParent = new Set((await listValidators(client, parent)).map((one) => one.credit));
  const ending = dayIndex(from);
  const payouts: PayoutEvents[] = [];
  for (const { credit: of } of credits) {
    // A contract that was not there yet had no shares and no income.
    const [shares, totalShares, incomeAfter] = atParent.has(of)
      ? await client.readAll(parent, [credit.shares(of, account), credit.totalShares(of), credit.income(of, ending)])
      : ([0n, 0n, 0n] as const);
    const incomeBefore = atFrom.has(of) ? await client.read(from, credit.income(of, ending)) : 0n;
    const incomeInBreathe = await client.read(to, credit.income(of, dayIndex(to)));
    payouts.push(
      payoutOf({ credit: of, shares, totalShares, incomeBefore, incomeAfter, incomeInBreathe }, account, logs),
    );
  }
  return payouts;
}

/** Wei that one share is worth, rounded up. */
export async function readShareValues(
  client: BnbClient,
  at: BlockStamp,
  of: readonly ListedValidator[],
): Promise<bigint[]> {
  const values: bigint[] = [];
  for (const one of of) {
    const [pooled, shares] = await client.readAll(at, [credit.totalPooled(one.credit), credit.totalShares(one.credit)]);
    if (shares === 0n) throw badAnswer('a pool without shares', one.credit);
    values.push((pooled + shares - 1n) / shares);
  }
  return values;
}
