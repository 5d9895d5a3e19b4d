import { ChainError } from '../chain-error.js';
import { NEVER, type ClusterStake } from './solana.activation.js';
import type { Commitment, SolanaClient } from './solana.client.js';
import {
  badAnswer,
  decodeStakeAccount,
  decodeStakeHistory,
  type ChainTransaction,
  type StakeAccountData,
} from './solana.decode.js';
import { readSchedule, type Schedule } from './solana.epochs.js';
import { foldLives, stakesMadeBy, stateAt, type Lives, type PaidReward, type StakeState } from './solana.fold.js';

const STAKE_HISTORY = 'SysvarStakeHistory1111111111111111111111111';

/** Everything that ever happened to an account of ours and to its stake accounts, as far as it is final. */
export interface AccountHistory {
  readonly account: string;
  readonly schedule: Schedule;
  readonly cluster: ReadonlyMap<bigint, ClusterStake>;
  readonly stakes: readonly string[];
  readonly lives: Lives;
  readonly rewards: readonly PaidReward[];
  /** In the order of execution. */
  readonly transactions: readonly ChainTransaction[];
}

/**
 * Reads the whole history and holds it against the present: balances must follow from each other without a gap from the
 * first lamport on, and what they add up to must be what the accounts hold now. A node that has thrown away the
 * beginning shows by a first balance that is not zero (`STATE_PRUNED`); anything else that does not add up is not
 * believed (`BAD_ANSWER`). So no reward can be missed and none made up, wherever a node's memory ends.
 */
export async function readHistory(
  client: SolanaClient,
  account: string,
  commitment: Commitment = 'finalized',
): Promise<AccountHistory> {
  const schedule = await readSchedule(client);
  const final = await client.slot('finalized');
  const own = await client.transactions(
    (await client.signatures(account, commitment)).map((one) => one.txid),
    commitment,
  );
  const stakes = [...stakesMadeBy(account, own)].sort();
  const seen = new Set(own.map((one) => one.txid));
  const others = [...new Set((await client.signaturesOfAll(stakes, commitment)).map((one) => one.txid))];
  const foreign = await client.transactions(
    others.filter((txid) => !seen.has(txid)),
    commitment,
  );
  const paid = await readRewards(client, schedule, final, stakes, [...own, ...foreign]);
  const transactions = inOrder([...own, ...foreign], [account, ...stakes], paid);
  const { accounts } = await client.accounts([STAKE_HISTORY, account, ...stakes]);
  const [sysvar, wallet, ...living] = accounts;
  const now = new Map(stakes.map((one, i) => [one, living[i] ? decodeStakeAccount(living[i]) : null]));
  const cluster = decodeStakeHistory(sysvar ?? null);
  const lives = foldLives({
    account,
    stakes: new Set(stakes),
    rents: new Map([...now].flatMap(([address, one]) => (one ? [[address, one.rent] as const] : []))),
    transactions,
    rewards: paid,
    history: cluster,
    schedule,
    timeOf: await rewardTimes(client, paid),
  });
  requireWallet(account, transactions, commitment === 'finalized' ? (wallet?.lamports ?? 0n) : null);
  if (commitment === 'finalized')
    for (const address of stakes) requireSame(address, stateAt(lives, address, NEVER), now.get(address) ?? null);
  return { account, schedule, cluster, stakes, lives, rewards: paid, transactions };
}

/** Rewards of all epochs since our first stake, for the accounts that existed when they were paid. */
async function readRewards(
  client: SolanaClient,
  schedule: Schedule,
  final: bigint,
  stakes: readonly string[],
  transactions: readonly ChainTransaction[],
): Promise<PaidReward[]> {
  const born = new Map<string, bigint>();
  for (const { slot, after } of [...transactions].sort((a, b) => (a.slot < b.slot ? -1 : 1))) {
    for (const address of stakes)
      if (after.has(address) && !born.has(address)) born.set(address, schedule.epochOf(slot));
  }
  const first = [...born.values()].reduce((a, b) => (a < b ? a : b), schedule.epochOf(final));
  const found: PaidReward[] = [];
  for (let epoch = first; epoch < schedule.epochOf(final); epoch += 1n) {
    const then = stakes.filter((one) => (born.get(one) ?? final) <= epoch);
    const rewards = await client.inflationRewards(epoch, then, epoch + 1n < schedule.epochOf(final));
    for (const [i, reward] of rewards.entries()) {
      if (reward !== null) found.push({ address: then[i] ?? '', epoch, reward });
    }
  }
  return found;
}

async function rewardTimes(client: SolanaClient, paid: readonly PaidReward[]): Promise<(slot: bigint) => bigint> {
  const { times } = client.facts;
  const slots = [...new Set(paid.map((one) => one.reward.slot))].filter((slot) => !times.has(slot));
  for (const block of await client.blocks(slots)) times.set(block.slot, block.timeMs);
  return (slot) => {
    const time = times.get(slot);
    if (time === undefined) throw badAnswer(`the time of slot ${slot} is missing`);
    return time;
  };
}

/**
 * The order of execution. Slots decide; within a slot, the balances do: a transaction can only follow on what the one
 * before has left. (Two addresses' lists say nothing about their order to each other.)
 */
function inOrder(
  transactions: readonly ChainTransaction[],
  ours: readonly string[],
  paid: readonly PaidReward[],
): ChainTransaction[] {
  const waiting = [...transactions].sort((a, b) => (a.slot < b.slot ? -1 : a.slot > b.slot ? 1 : 0));
  const rewards = [...paid].sort((a, b) =>
    a.reward.slot < b.reward.slot ? -1 : a.reward.slot > b.reward.slot ? 1 : 0,
  );
  const held = new Map<string, bigint>();
  const ordered: ChainTransaction[] = [];
  while (waiting.length > 0) {
    const slot = waiting[0]?.slot ?? 0n;
    while (rewards[0] !== undefined && rewards[0].reward.slot <= slot) {
      const one = rewards.shift();
      if (one !== undefined) held.set(one.address, one.reward.postBalance);
    }
    const fits = waiting.findIndex(
      (one) =>
        one.slot === slot &&
        ours.every((address) => !one.before.has(address) || one.before.get(address) === (held.get(address) ?? 0n)),
    );
    const [next] = fits < 0 ? [] : waiting.splice(fits, 1);
    if (next === undefined) {
      // The very first of all did not begin with nothing: what came before is gone. Later, something is missing or false.
      const code = ordered.length === 0 ? 'STATE_PRUNED' : 'BAD_ANSWER';
      throw new ChainError(code, 'solana', `no transaction in slot ${slot} follows on the balances before it`);
    }
    for (const address of ours) {
      const after = next.after.get(address);
      if (after !== undefined) held.set(address, after);
    }
    ordered.push(next);
  }
  return ordered;
}

/** The wallet's history ends in what it holds; `inOrder` has held each step of it against the one before. */
function requireWallet(account: string, transactions: readonly ChainTransaction[], holds: bigint | null): void {
  const last = transactions.findLast((one) => one.after.has(account));
  if (holds === null || (last?.after.get(account) ?? 0n) === holds) return;
  throw badAnswer(`${account} holds ${holds}, its transactions come to ${last?.after.get(account) ?? 0n}`);
}

function requireSame(address: string, told: StakeState | null, holds: StakeAccountData | null): void {
  const delegation = holds?.delegation ?? null;
  const is =
    holds === null
      ? 'nothing'
      : [holds.lamports, holds.staker, holds.withdrawer, ...(delegation ? Object.values(delegation) : [])].join(' ');
  const was =
    told === null
      ? 'nothing'
      : [
          told.lamports,
          told.staker,
          told.withdrawer,
          ...(told.voter === null ? [] : [told.voter, told.stake, told.activation, told.deactivation]),
        ].join(' ');
  if (is !== was) throw badAnswer(`${address} is ${is}; what happened to it comes to ${was}`);
}
