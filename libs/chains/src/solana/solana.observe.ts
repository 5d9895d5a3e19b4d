import { addDays, atoms, averageActiveStake, dayEndMs, dayOf, dayStartMs, signedAtoms } from '@app/staking-core';

import type {
  BlockStamp,
  ChainParameters,
  FlowObservation,
  Observation,
  RewardObservation,
  ValidatorState,
} from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { stakeParts, WARMUP_RATE_BPS } from './solana.activation.js';
import type { SolanaClient } from './solana.client.js';
import { badAnswer, type Block } from './solana.decode.js';
import { cutsBetween, epochStart, readSchedule, requireFinal, stampOf, type Schedule } from './solana.epochs.js';
import { stateAt, type FlowRow } from './solana.fold.js';
import type { SolanaSettings } from './solana.options.js';
import { readHistory, type AccountHistory } from './solana.history.js';
import { positionKey, positionsAt, readValidators } from './solana.positions.js';

/** An epoch with its earning interval: from its first block to the first block of the next one. */
interface Earned {
  readonly epoch: bigint;
  readonly first: Block;
  readonly next: Block;
  /** Where its rewards are complete. */
  readonly cut: Block;
}

/** Everything about `account` between two cuts, epoch by epoch: any split of the way gives the same rows. */
export async function observeAccount(
  client: SolanaClient,
  { from, to }: { readonly from: BlockStamp; readonly to: BlockStamp },
  account: string,
  { withdrawer, midnightCuts }: Pick<SolanaSettings, 'withdrawer' | 'midnightCuts'>,
): Promise<Observation> {
  await requireFinal(client, [from, to]);
  const schedule = await readSchedule(client);
  const earned = await epochsEarned(client, schedule, { from, to, midnightCuts });
  const history = await readHistory(client, account);
  const stamps = await stampsOf(client, history, from, to);
  const tips = await readTips(client, history, from, to, stamps);
  return {
    from,
    to,
    rewards: [
      ...earned.flatMap((one, i) => [
        ...protocolRewards(history, one),
        ...tips.filter(({ at }) => at.height > (earned[i - 1]?.cut.slot ?? from.height) && at.height <= one.cut.slot),
      ]),
      ...tips.filter(({ at }) => at.height > (earned.at(-1)?.cut.slot ?? from.height)),
    ],
    slashes: [], // Solana takes no principal today
    flows: history.lives.flows.filter((one) => isWithin(one.slot, from, to)).map((one) => flowOf(one, stamps)),
    positions: positionsAt(history, to.height),
    validators: await validatorsIfTold(client, schedule.epochOf(to.height)),
    parameters: await readParameters(client, withdrawer, history, to),
    liquid: atoms(liquidAt(history, to.height)),
    days: await dayStakes(client, history, from, to),
  };
}

const isWithin = (slot: bigint, from: BlockStamp, to: BlockStamp): boolean => slot > from.height && slot <= to.height;

async function epochsEarned(
  client: SolanaClient,
  schedule: Schedule,
  between: Parameters<typeof cutsBetween>[2],
): Promise<Earned[]> {
  const cuts = await cutsBetween(client, schedule, between);
  const found: Earned[] = [];
  for (const { epoch, first, cut } of cuts) {
    const start = await epochStart(client, schedule, epoch - 1n);
    if (start === null) throw badAnswer(`epoch ${epoch - 1n} has ended without a beginning`);
    found.push({ epoch: epoch - 1n, first: start.first, next: first, cut });
  }
  return found;
}

/**
 * One row for every stake account that earned in the epoch; zero where the chain paid nothing. That it is zero and not
 * unread is certain: the payout is over, and the account's balance follows from its transactions and rewards alone.
 */
function protocolRewards(history: AccountHistory, earned: Earned): RewardObservation[] {
  const { epoch, first, next, cut } = earned;
  const endOfEpoch = history.schedule.firstSlotOf(epoch + 1n) - 1n;
  return history.stakes.flatMap((address): RewardObservation[] => {
    const state = stateAt(history.lives, address, endOfEpoch);
    const paid = history.rewards.find((one) => one.address === address && one.epoch === epoch);
    if (paid !== undefined && (paid.reward.slot < next.slot || paid.reward.slot > cut.slot)) {
      throw badAnswer(`${address} was paid for epoch ${epoch} in slot ${paid.reward.slot}, outside of its payout`);
    }
    if (state?.voter == null) return [];
    if (paid === undefined && stakeParts(state, epoch, history.cluster).effective === 0n) return [];
    const amount = paid?.reward.amount ?? 0n;
    return [
      {
        key: `sol:infl:${address}:${epoch}`,
        kind: 'protocol',
        positionKey: positionKey(address),
        validator: state.voter,
        period: `${epoch}`,
        amount: atoms(amount),
        earnedFromMs: first.timeMs,
        earnedToMs: next.timeMs,
        at: stampOf(cut),
        txid: null,
        // What the account's own balance says: it stood at this before, and at the stated balance after.
        crossCheck:
          paid === undefined
            ? null
            : {
                amount: atoms(paid.reward.postBalance - balanceBefore(history, address, paid.reward.slot)),
                toleranceAtoms: atoms(0n),
              },
      },
    ];
  });
}

function balanceBefore(history: AccountHistory, address: string, slot: bigint): bigint {
  return stateAt(history.lives, address, slot - 1n)?.lamports ?? 0n;
}

/**
 * Lamports that others sent to a stake account: validators' tips (MEV). They come within days after the epoch they were
 * made in, so they count as earned in the epoch before the one they arrive in.
 */
async function readTips(
  client: SolanaClient,
  history: AccountHistory,
  from: BlockStamp,
  to: BlockStamp,
  stamps: ReadonlyMap<bigint, BlockStamp>,
): Promise<RewardObservation[]> {
  const found: RewardObservation[] = [];
  for (const one of history.lives.income.filter(({ slot }) => isWithin(slot, from, to))) {
    const at = stampAt(stamps, one.slot);
    const arrived = history.schedule.epochOf(one.slot);
    const born = history.schedule.epochOf(history.lives.states.get(one.address)?.[0]?.slot ?? one.slot);
    const epoch = born < arrived ? arrived - 1n : arrived;
    const [first, next] = [
      await epochStart(client, history.schedule, epoch),
      await epochStart(client, history.schedule, epoch + 1n),
    ];
    if (first === null) throw badAnswer(`epoch ${epoch} has no beginning`);
    found.push({
      key: `sol:mev:${one.txid}:${one.address}`,
      kind: 'mev',
      positionKey: positionKey(one.address),
      validator: one.voter ?? '',
      period: `${epoch}`,
      amount: atoms(one.amount),
      earnedFromMs: first.first.timeMs,
      // To an account that is younger than that: in the running epoch, so far.
      earnedToMs: epoch < arrived && next !== null ? next.first.timeMs : at.timeMs,
      at,
      txid: one.txid,
      crossCheck: null,
    });
  }
  return found;
}

export function flowOf(row: FlowRow, stamps: ReadonlyMap<bigint, BlockStamp>): FlowObservation {
  return {
    key: `sol:flow:${row.txid}:${row.address}`,
    kind: row.kind,
    positionKey: positionKey(row.address),
    validator: row.voter,
    amount: row.amount,
    activeChange: row.activeChange,
    feeAtoms: atoms(row.feeAtoms),
    atMs: row.timeMs,
    at: stampAt(stamps, row.slot),
    txid: row.txid,
  };
}

function stampAt(stamps: ReadonlyMap<bigint, BlockStamp>, slot: bigint): BlockStamp {
  const stamp = stamps.get(slot);
  if (stamp === undefined) throw badAnswer(`the block of slot ${slot} is missing`);
  return stamp;
}

async function stampsOf(
  client: SolanaClient,
  history: AccountHistory,
  from: BlockStamp,
  to: BlockStamp,
): Promise<ReadonlyMap<bigint, BlockStamp>> {
  const rows = [...history.lives.flows, ...history.lives.income].filter((one) => isWithin(one.slot, from, to));
  const blocks = await client.blocks([...new Set(rows.map((one) => one.slot))]);
  for (const row of rows) {
    const block = blocks.find((one) => one.slot === row.slot);
    if (block?.timeMs !== row.timeMs) throw badAnswer(`slot ${row.slot} has two times`);
  }
  return new Map(blocks.map((block) => [block.slot, stampOf(block)]));
}

/** Liquid lamports of the account after everything up to and including the slot. */
export function liquidAt(history: AccountHistory, slot: bigint): bigint {
  const last = history.transactions.findLast((one) => one.slot <= slot && one.after.has(history.account));
  return last?.after.get(history.account) ?? 0n;
}

/** R19: an empty list only where the chain no longer tells, for an epoch that is over; any other failure is one. */
async function validatorsIfTold(client: SolanaClient, epoch: bigint): Promise<readonly ValidatorState[]> {
  try {
    return await readValidators(client, epoch);
  } catch (error) {
    if (error instanceof ChainError && error.code === 'STATE_PRUNED' && error.message.includes('are told of epoch'))
      return [];
    throw error;
  }
}

/** Live numbers; a node keeps none of the past. R42: the authorities as they stood at the cut, so that a change shows. */
export async function readParameters(
  client: SolanaClient,
  withdrawer: string,
  history: AccountHistory | null,
  at: BlockStamp,
): Promise<ChainParameters> {
  const { minimumDelegation, rent } = await client.stakeParameters();
  return {
    minimumDelegation: atoms(minimumDelegation),
    unbondingMs: null,
    unbondingPeriods: 1n, // the next boundary of epochs; more when much of the cluster leaves at once
    others: {
      stakeAccountRent: String(rent),
      warmupRateBps: String(WARMUP_RATE_BPS),
      ...(history === null ? {} : { authorities: authoritiesAt(history, withdrawer, at.height) }),
    },
  };
}

/** One word when every stake account answers to the account and to the cold key alone; else what answers to whom. */
function authoritiesAt(history: AccountHistory, withdrawer: string, slot: bigint): string {
  const strange = history.stakes.flatMap((address) => {
    const state = stateAt(history.lives, address, slot);
    if (state === null || state.staker === '') return [];
    const right = state.staker === history.account && state.withdrawer === withdrawer && !state.lockup;
    const lockup = state.lockup ? ', locked up' : '';
    return right ? [] : [`${address}: staker ${state.staker}, withdrawer ${state.withdrawer}${lockup}`];
  });
  return strange.length === 0 ? `staker ${history.account}, withdrawer ${withdrawer}` : strange.join('; ');
}

/**
 * S of each UTC day that ended between the cuts. Effective stake changes at the boundaries of epochs (warm-up, cool-down),
 * at a payout (rewards are stake at once) and by splits and merges; between those it stands still.
 */
async function dayStakes(
  client: SolanaClient,
  history: AccountHistory,
  from: BlockStamp,
  to: BlockStamp,
): Promise<Observation['days']> {
  const firstDay = dayOf(from.timeMs);
  const lastDay = addDays(dayOf(to.timeMs), -1);
  if (lastDay < firstDay) return [];
  const { schedule } = history;
  const starts: { readonly epoch: bigint; readonly timeMs: bigint }[] = [];
  for (let epoch = schedule.epochOf(to.height); epoch >= 0n; epoch -= 1n) {
    const start = await epochStart(client, schedule, epoch);
    if (start === null) throw badAnswer(`epoch ${epoch} has no beginning`);
    starts.unshift({ epoch, timeMs: start.first.timeMs });
    if (start.first.timeMs <= dayStartMs(firstDay) || history.stakes.length === 0 || isFirst(history, epoch)) break;
  }
  const points = [
    ...starts.map((one) => one.timeMs),
    ...[...history.lives.states.values()].flatMap((states) => states.map((one) => one.timeMs)),
  ];
  const days: Observation['days'][number][] = [];
  for (let day = firstDay; day <= lastDay; day = addDays(day, 1)) {
    const inside = [...new Set(points.filter((at) => at > dayStartMs(day) && at < dayEndMs(day)))].sort((a, b) =>
      a < b ? -1 : 1,
    );
    const opening = effectiveAt(history, starts, dayStartMs(day));
    let before = opening;
    const changes = inside.map((atMs) => {
      const now = effectiveAt(history, starts, atMs);
      const change = { atMs, deltaAtoms: signedAtoms(now - before) };
      before = now;
      return change;
    });
    days.push({ day, averageStake: averageActiveStake(day, atoms(opening), changes) });
  }
  return days;
}

/** Before the epoch of our first transaction there was no stake: no need to look further back. */
function isFirst(history: AccountHistory, epoch: bigint): boolean {
  const first = history.transactions[0];
  return first === undefined || history.schedule.epochOf(first.slot) >= epoch;
}

function effectiveAt(
  history: AccountHistory,
  starts: readonly { readonly epoch: bigint; readonly timeMs: bigint }[],
  atMs: bigint,
): bigint {
  const epoch = starts.findLast((one) => one.timeMs <= atMs)?.epoch;
  if (epoch === undefined) return 0n; // before our first epoch
  let sum = 0n;
  for (const states of history.lives.states.values()) {
    const state = states.findLast((one) => one.timeMs <= atMs)?.state;
    if (state?.voter != null) sum += stakeParts(state, epoch, history.cluster).effective;
  }
  return sum;
}
