import { ChainError, type BlockStamp, type ChainAdapter, type FinalStamp, type Observation } from '@app/chains';
import { FactContradiction, type ChainCursor, type Lease } from '@app/database';
import { invariant } from '@app/staking-core';
import { rowsOf } from './facts-of.js';
import type { ObserveParts } from './observe-parts.js';
import { reconcilePositions } from './reconcile-positions.js';
import { watchFinality } from './watch-finality.js';
import { watchParameters } from './watch-parameters.js';

export type ObserveOutcome =
  /** Another process leads this chain. */
  | { readonly kind: 'standby' }
  /** A person has to look; nothing is read or sent until the chain is resumed. */
  | { readonly kind: 'halted'; readonly reason: string }
  /** No cut yet from which the books could start. */
  | { readonly kind: 'not-started'; readonly lease: Lease; readonly final: FinalStamp }
  | { readonly kind: 'observed'; readonly lease: Lease; readonly final: FinalStamp; readonly cuts: number };

/**
 * Brings the books of one chain up to its newest final cut. Stops after any error with nothing half done; called again
 * it goes on where the books end, from whatever process.
 *
 * @throws ChainError the chain could not be read: unknown, never zero (R19)
 * @throws LeaseLost, CursorMoved another process was faster; nothing was written
 */
export async function observeChain(parts: ObserveParts, shutdown: AbortSignal): Promise<ObserveOutcome> {
  const held = await parts.leadership.hold();
  if (!held) return { kind: 'standby' };
  parts.reach('chain-sync.lease-held');
  const { adapter, books } = parts;
  const { lease } = held;
  const signal = AbortSignal.any([shutdown, held.signal]);

  let cursor = await books.cursor(adapter.chain);
  if (cursor?.halted) return { kind: 'halted', reason: cursor.halted };

  await checkIdentity(adapter, cursor, signal);
  const broken = cursor && (await brokenContinuity(adapter, cursor, signal));
  if (broken) return halt(parts, lease, broken);
  const final = await finalStamp(adapter, cursor, signal);
  parts.reach('chain-sync.final-read');
  await watchFinality(parts, final);

  if (cursor) {
    await books.noteFinal(lease, adapter.chain, final, final.headTimeMs);
  } else {
    cursor = await openBooks(parts, lease, final, signal);
    if (!cursor) return { kind: 'not-started', lease, final };
  }

  let cuts = 0;
  for (;;) {
    const from: BlockStamp = cursor.cut;
    const to = await adapter.nextCut(from, final, signal);
    if (!to) break;
    checkCut(from, to, final);
    const refusal = await observeCut(parts, { lease, cursor, final }, to, signal);
    if (refusal) return halt(parts, lease, refusal);
    parts.reach('chain-sync.cut-stored');
    cursor = { ...cursor, cut: to };
    cuts += 1;
  }
  parts.metrics.followed(adapter.chain, final, cursor.cut.height);
  return { kind: 'observed', lease, final, cuts };
}

/** The endpoint must be the chain whose books these are: a question of configuration, so nothing is halted by it. */
async function checkIdentity(adapter: ChainAdapter, cursor: ChainCursor | null, signal: AbortSignal): Promise<void> {
  const identity = await adapter.identity(signal);
  if (!cursor) return;
  if (identity.chainId !== cursor.chainId || identity.genesisHash !== cursor.genesisHash) {
    throw new ChainError(
      'WRONG_CHAIN',
      adapter.chain,
      `the books are of chain ${cursor.chainId} (genesis ${cursor.genesisHash}), the endpoint serves ${identity.chainId} (genesis ${identity.genesisHash})`,
    );
  }
}

/** What was final stays final: both the last cut and the newest final block must still be on the chain. */
async function brokenContinuity(
  adapter: ChainAdapter,
  cursor: ChainCursor,
  signal: AbortSignal,
): Promise<string | null> {
  for (const stored of [cursor.cut, cursor.final]) {
    if (await adapter.isCanonical(stored, signal)) continue;
    return `HASH_DISCONTINUITY: block ${stored.height} ${stored.hash} was final and is not on the chain now`;
  }
  return null;
}

/** R13: never older than what was final before, in whatever process and through whatever endpoint it was seen. */
async function finalStamp(adapter: ChainAdapter, cursor: ChainCursor | null, signal: AbortSignal): Promise<FinalStamp> {
  const final = await adapter.finalStamp(signal, cursor?.final);
  if (cursor && final.height < cursor.final.height) {
    const detail = `final is ${final.height}, ${cursor.final.height} was final before`;
    throw new ChainError('FINALITY_WENT_BACK', adapter.chain, detail);
  }
  return final;
}

/** The first cut opens the books: what is staked there is the opening balance, and earns from there on. */
async function openBooks(
  parts: ObserveParts,
  lease: Lease,
  final: FinalStamp,
  signal: AbortSignal,
): Promise<ChainCursor | null> {
  const { adapter, account } = parts;
  const cut = await adapter.firstCut(final, signal);
  if (!cut) return null;
  const identity = await adapter.identity(signal);
  // Before the cursor is there: once it is, nobody comes back to this cut while its state can still be read.
  await adapter.keepCut?.(cut, account, signal);
  const [positions, validators, parameters, liquid] = await Promise.all([
    adapter.positionsAt(cut, account, signal),
    adapter.validatorsAt(cut, signal),
    adapter.parametersAt(cut, signal),
    adapter.liquidAt(cut, account, signal),
  ]);
  const nothingMoved = { rewards: [], slashes: [], flows: [], days: [] };
  const opening: Observation = { from: cut, to: cut, positions, validators, parameters, liquid, ...nothingMoved };
  const start = { chain: adapter.chain, ...identity, cut, final, headAtMs: final.headTimeMs };
  await parts.books.openAt(lease, start, rowsOf(adapter, opening), (moment) => parts.reach(`chain-sync.${moment}`));
  parts.log.info({ chain: adapter.chain, height: cut.height.toString(), blockHash: cut.hash }, 'books opened');
  return parts.books.cursor(adapter.chain);
}

function checkCut(from: BlockStamp, to: BlockStamp, final: FinalStamp): void {
  invariant(to.height > from.height && to.timeMs >= from.timeMs, 'a cut lies after the one before', {
    from: from.height,
    to: to.height,
  });
  invariant(to.height <= final.height, 'a cut is final', { to: to.height, final: final.height });
}

interface Opened {
  readonly lease: Lease;
  readonly cursor: ChainCursor;
  readonly final: FinalStamp;
}

/** @returns why the chain has to stop; null when rows and cursor are stored */
async function observeCut(
  parts: ObserveParts,
  opened: Opened,
  to: BlockStamp,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const observation = await parts.adapter.observe(opened.cursor.cut, to, parts.account, signal);
    parts.reach('chain-sync.cut-observed');
    return await storeObservation(parts, opened, observation);
  } catch (error) {
    // In our tables, or in what the adapter keeps of a cut: two stories about one block.
    if (error instanceof FactContradiction) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** @returns why the chain has to stop; null when rows and cursor are stored */
async function storeObservation(
  parts: ObserveParts,
  { lease, cursor, final }: Opened,
  observation: Observation,
): Promise<string | null> {
  const { adapter, books, metrics } = parts;
  const { from, to } = observation;
  const before = {
    cut: cursor.cut,
    positions: await books.positionTotals(adapter.token, cursor.cut.height),
    lastDay: await books.lastDay(adapter.token, cursor.cut.height),
    finalTimeMs: final.timeMs,
  };
  const difference = reconcilePositions(before, observation);
  if (difference) return `${difference.code}: ${difference.detail}`;
  const move = { chain: adapter.chain, from, to };
  await books.storeCut(lease, move, rowsOf(adapter, observation), (moment) => parts.reach(`chain-sync.${moment}`));
  metrics.cutStored(adapter.chain, observation);
  await watchParameters(parts, from, to);
  const days = observation.days.map(({ day }) => day);
  parts.log.info(
    { chain: adapter.chain, height: to.height.toString(), rewards: observation.rewards.length, days },
    'cut stored',
  );
  return null;
}

async function halt(parts: ObserveParts, lease: Lease, reason: string): Promise<ObserveOutcome> {
  const { chain } = parts.adapter;
  await parts.books.halt(lease, chain, reason);
  parts.metrics.halted(chain, true);
  parts.log.error({ chain, reason }, 'chain halted: a person has to look');
  return { kind: 'halted', reason };
}
