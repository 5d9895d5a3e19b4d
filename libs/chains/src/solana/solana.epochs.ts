import type { BlockStamp } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { SolanaClient } from './solana.client.js';
import { badAnswer, decodePayoutActive, type Block } from './solana.decode.js';
import { isMidnight, midnightAfter, midnightBefore } from './solana.midnights.js';

const EPOCH_REWARDS = 'SysvarEpochRewards1111111111111111111111111';
/** The first epochs of a chain double from 32 slots on. */
const FIRST_EPOCH_SLOTS = 32n;
/** Slots without a block at the start of an epoch that are looked through. */
const LOOK_AHEAD = 32;

export interface Schedule {
  epochOf(slot: bigint): bigint;
  firstSlotOf(epoch: bigint): bigint;
}

export async function readSchedule(client: SolanaClient): Promise<Schedule> {
  const { slotsPerEpoch, firstNormalEpoch, firstNormalSlot } = await client.epochSchedule();
  const firstSlotOf = (epoch: bigint): bigint =>
    epoch >= firstNormalEpoch
      ? firstNormalSlot + (epoch - firstNormalEpoch) * slotsPerEpoch
      : (2n ** epoch - 1n) * FIRST_EPOCH_SLOTS;
  return {
    firstSlotOf,
    epochOf: (slot) => {
      if (slot >= firstNormalSlot) return firstNormalEpoch + (slot - firstNormalSlot) / slotsPerEpoch;
      let epoch = 0n;
      while (firstSlotOf(epoch + 1n) <= slot) epoch += 1n;
      return epoch;
    },
  };
}

export function stampOf(block: Block): BlockStamp {
  return { height: block.slot, hash: block.hash, timeMs: block.timeMs };
}

/**
 * Throws unless every stamp is a final block of this chain, exactly as it is written.
 * A stamp's height is its slot: every call of the node is keyed by slot.
 */
export async function requireFinal(client: SolanaClient, stamps: readonly BlockStamp[]): Promise<Block[]> {
  const final = await client.slot('finalized');
  for (const stamp of stamps) {
    if (stamp.height > final) {
      throw new ChainError('NOT_FINAL', 'solana', `slot ${stamp.height} is not final: the newest that is, is ${final}`);
    }
  }
  const blocks = await client.blocks(stamps.map((stamp) => stamp.height));
  for (const [i, block] of blocks.entries()) {
    const stamp = stamps[i];
    if (stamp === undefined || block.hash !== stamp.hash || block.timeMs !== stamp.timeMs) {
      throw new ChainError('BLOCK_UNKNOWN', 'solana', `slot ${stamp?.height} holds block ${block.hash}`);
    }
  }
  return blocks;
}

export interface EpochStart {
  readonly first: Block;
  /** Last block of the payout of the epoch before; null: not final yet. */
  readonly cut: Block | null;
}

/**
 * The first block of an epoch, and the block in which the payout of the epoch before is complete: so many blocks later
 * as the first one has partitions. null: the epoch has not begun, as far as is final.
 */
export async function epochStart(client: SolanaClient, schedule: Schedule, epoch: bigint): Promise<EpochStart | null> {
  const known = client.facts.epochs.get(epoch);
  if (known !== undefined) return known;
  const from = schedule.firstSlotOf(epoch);
  const final = await client.slot('finalized');
  if (final < from) return null;
  const [firstSlot] = await client.slotsWithBlocks(from, LOOK_AHEAD);
  if (firstSlot === undefined || schedule.epochOf(firstSlot) !== epoch) {
    if (schedule.epochOf(final) > epoch) throw new ChainError('STATE_PRUNED', 'solana', `no blocks of epoch ${epoch}`);
    return null;
  }
  const first = await client.block(firstSlot, 'finalized', true);
  const partitions = first.rewardPartitions ?? (await firstEpochOfAll(client, first));
  const slots = await client.slotsWithBlocks(firstSlot, Number(partitions) + 1);
  if (slots[0] !== firstSlot) throw badAnswer(`slot ${firstSlot} has a block and has none`);
  const cutSlot = slots[Number(partitions)];
  if (cutSlot === undefined || cutSlot > final) return { first, cut: null };
  if (schedule.epochOf(final) === epoch && (await payoutActive(client))) return { first, cut: null };
  const start = { first, cut: await client.block(cutSlot) };
  client.facts.epochs.set(epoch, start);
  return start;
}

/** R19: `null` rewards mean "not yet" for as long as the chain itself says that it is paying. */
async function payoutActive(client: SolanaClient): Promise<boolean> {
  const { accounts } = await client.accounts([EPOCH_REWARDS]);
  return decodePayoutActive(accounts[0] ?? null);
}

/** Only a chain's very first blocks have no payout before them; elsewhere a node has to say how long it takes. */
async function firstEpochOfAll(client: SolanaClient, first: Block): Promise<bigint> {
  const earlier = await client.slotsWithBlocks(0n, 1);
  if (earlier[0] === first.slot) return 0n;
  throw badAnswer(`the node does not say in how many parts the rewards after slot ${first.slot} are paid`);
}

/** The last cut at or before `final`; null: there has been none. */
export async function lastCutBefore(
  client: SolanaClient,
  final: BlockStamp,
  midnightCuts: boolean,
): Promise<BlockStamp | null> {
  await requireFinal(client, [final]);
  const schedule = await readSchedule(client);
  const epoch = schedule.epochOf(final.height);
  let paying: Block | null = null;
  for (const one of [epoch, epoch - 1n]) {
    if (one < 0n) break;
    const start = await epochStart(client, schedule, one);
    if (start?.cut && start.cut.slot <= final.height) {
      const cut = stampOf(start.cut);
      const midnight = midnightCuts ? await midnightBefore(client, final, cut) : null;
      return midnight !== null && (paying === null || midnight.slot < paying.slot) ? stampOf(midnight) : cut;
    }
    paying = start?.first ?? paying;
  }
  return null;
}

/** The first cut after `after`, not above `final`; null: not yet. A midnight in a payout is told with the payout's end. */
export async function nextCutAfter(
  client: SolanaClient,
  after: BlockStamp,
  final: BlockStamp,
  midnightCuts: boolean,
): Promise<BlockStamp | null> {
  await requireFinal(client, [after, final]);
  const schedule = await readSchedule(client);
  const epoch = schedule.epochOf(after.height);
  const midnight = midnightCuts ? await midnightAfter(client, after, final) : null;
  const before = (block: Block): BlockStamp | null =>
    midnight !== null && midnight.slot < block.slot ? stampOf(midnight) : null;
  for (const one of [epoch, epoch + 1n]) {
    const start = await epochStart(client, schedule, one);
    if (start === null) break;
    if (start.cut === null || start.cut.slot > final.height) return before(start.first);
    if (start.cut.slot > after.height) return before(start.first) ?? stampOf(start.cut);
  }
  return midnight && stampOf(midnight);
}

/** All ends of payouts in (from, to], each with its epoch. Throws `REFUSED` unless both ends are cuts, in that order. */
export async function cutsBetween(
  client: SolanaClient,
  schedule: Schedule,
  { from, to, midnightCuts }: { readonly from: BlockStamp; readonly to: BlockStamp; readonly midnightCuts: boolean },
): Promise<{ readonly epoch: bigint; readonly first: Block; readonly cut: Block }[]> {
  const refused = (detail: string): ChainError => new ChainError('REFUSED', 'solana', detail);
  if (to.height <= from.height) throw refused(`slot ${to.height} is not after slot ${from.height}`);
  const found = [];
  for (let epoch = schedule.epochOf(from.height); epoch <= schedule.epochOf(to.height); epoch += 1n) {
    const start = await epochStart(client, schedule, epoch);
    if (!start?.cut) throw refused(`epoch ${epoch} has no complete payout`);
    found.push({ epoch, first: start.first, cut: start.cut });
  }
  for (const [stamp, payout] of [
    [from, found[0]],
    [to, found.at(-1)],
  ] as const) {
    if (payout?.cut.slot === stamp.height) continue;
    const afterPayout = payout !== undefined && stamp.height > payout.cut.slot;
    if (midnightCuts && afterPayout && (await isMidnight(client, stamp))) continue;
    throw refused(`slot ${stamp.height} is no end of a payout${midnightCuts ? ' and no first block of a day' : ''}`);
  }
  return found.filter(({ cut }) => cut.slot > from.height);
}
