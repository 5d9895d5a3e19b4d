import { setTimeout as pause } from 'node:timers/promises';
import type { ClaimedBatch, CreditItem, JournalMove, RejectedItem, SettlementState, TokenDay } from '@app/database';
import { payoutTiming } from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { CoreContradiction, deliver, type Delivery } from './deliver-batch.js';
import { rulesOf, step, type StepResult } from './step.js';

/**
 * Step 6, first half (R23, R24, R28): when the payout window opens, everything that will be sent is written down:
 * batches of credits whose ids are functions of the rows, and what is kept back. Nothing has left yet.
 */
export async function planCredits(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  const timing = payoutTiming(unit.day, BigInt((await tools.clock.now()).getTime()));
  if (timing === 'TOO_EARLY') {
    await tools.settlements.wait(tools.db, unit, `the payout window, which opens at 00:00 of the day after`);
    return 'checked';
  }
  const move = {
    from: 'checked',
    to: 'crediting',
    beforeCommit: 'settlement.plan.before-commit',
    committed: 'settlement.plan.committed',
  } as const;
  return step(unit, tools, move, async (tx): Promise<StepResult> => {
    await tools.credits.holdBanned(tx, unit);
    await tools.credits.planBatches(tx, unit, tools.limits.batchSize);
    return { kind: 'done', figures: { late: timing === 'LATE' } };
  });
}

/**
 * Step 6, second half (R23): sends what was planned, several batches at once, each acknowledged item by item. An
 * outcome that is not known is asked for by id before the same id is sent again, now or by whoever comes next.
 */
export async function creditUsers(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  try {
    const { decimals } = await tools.db.transaction((tx) => rulesOf(tx, unit, tools));
    const place = { after: 0 };
    await allOf(Array.from({ length: tools.limits.inFlight }, () => sendBatches(unit, decimals, place, tools)));
  } catch (error) {
    if (!(error instanceof CoreContradiction)) throw error;
    const reason = { code: 'CORE_CONTRADICTS', credit: error.creditId, detail: error.message };
    tools.log.error({ ...unit, ...reason }, 'the day is held for two people');
    await tools.settlements.hold(tools.db, unit, 'crediting', reason);
    return 'held';
  }
  const move = {
    from: 'crediting',
    to: 'credited',
    beforeCommit: 'settlement.credited.before-commit',
    committed: 'settlement.credited.committed',
  } as const;
  return step(unit, tools, move, async (tx): Promise<StepResult> => {
    const open = await tools.credits.unfinishedBatches(tx, unit);
    return open > 0 ? { kind: 'waits', reason: `the core: ${open} batches are not acknowledged` } : { kind: 'done' };
  });
}

/** Waits for every lane, also when one fails: none may still be sending when the step is left. */
async function allOf(lanes: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(lanes);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * Batch after batch until there is none to take or the core does not answer. Tokens take turns at the core: it never has
 * more batches of ours in hand than the limit says, and no token waits for another's whole day.
 */
async function sendBatches(unit: TokenDay, decimals: number, place: Place, tools: SettlementTools): Promise<void> {
  const one = async (): Promise<boolean> => {
    const batch = (await claim(unit, place, tools)) ?? (await claim(unit, fromTheStart(place), tools));
    return batch !== null && sendBatch(batch, decimals, tools);
  };
  while (await tools.creditLanes.run(0, one));
}

/** How far this process has come with a day; another's batches that were left lie before it. */
interface Place {
  after: number;
}

function fromTheStart(place: Place): Place {
  place.after = 0;
  return place;
}

/** The claim is stored, and the journal says 'sent', before the first byte leaves. */
async function claim(unit: TokenDay, place: Place, tools: SettlementTools): Promise<ClaimedBatch | null> {
  const now = await tools.clock.now();
  const late = payoutTiming(unit.day, BigInt(now.getTime())) === 'LATE';
  const batch = await tools.db.transaction(async (tx) => {
    // A stop by people (held) must reach the next batch, not the next day.
    const day = await tools.settlements.find(tx, unit);
    if (day?.state !== 'crediting') return null;
    const taken = await tools.credits.claim(tx, unit, { now, late, forMs: tools.limits.claimMs, after: place.after });
    if (taken?.attempts === 1) {
      await tools.journal.book(tx, unit, [
        batchMove(taken, 'credit-sent', 'user-rewards', 'credits-sent', taken.total),
      ]);
    }
    tools.reach('settlement.claim.before-commit');
    return taken;
  });
  tools.reach('settlement.claim.committed');
  if (batch !== null && batch.batch > place.after) place.after = batch.batch;
  if (late && batch !== null) tools.log.warn({ ...unit, batch: batch.batch }, 'credits go out late (R24)');
  return batch;
}

/** @returns whether the batch is done; if not, it rests and is taken again later */
async function sendBatch(first: ClaimedBatch, decimals: number, tools: SettlementTools): Promise<boolean> {
  const items = await tools.credits.itemsOf(tools.db, first);
  let batch: ClaimedBatch | null = first;
  let delivery: Delivery = { kind: 'open', why: 'not tried' };
  for (let attempt = 1; batch !== null && attempt <= tools.limits.attempts; attempt += 1) {
    delivery = await deliver(batch, items, decimals, tools);
    if (delivery.kind === 'settled') {
      await acknowledge(batch, items, delivery.rejected, tools);
      return true;
    }
    tools.log.warn(
      { day: first.day, token: first.token, batch: first.batch, why: delivery.why },
      'a batch is not acknowledged',
    );
    await pause(tools.limits.restMs);
    batch = await tools.credits.claimAgain(tools.db, batch, tools.limits.claimMs);
  }
  if (batch === null) return true;
  await tools.credits.giveBack(tools.db, batch, tools.limits.restMs);
  return false;
}

/** What the core said is a fact whoever hears it; whoever is first books it, and only once. */
async function acknowledge(
  batch: ClaimedBatch,
  items: readonly CreditItem[],
  rejected: ReadonlyMap<string, string>,
  tools: SettlementTools,
): Promise<void> {
  const refused: RejectedItem[] = items.flatMap((item) => {
    const reason = rejected.get(item.user);
    return reason === undefined ? [] : [{ ...item, reason }];
  });
  const returned = refused.reduce((sum, item) => sum + item.amount, 0n);
  const now = await tools.clock.now();
  await tools.db.transaction(async (tx) => {
    if (await tools.credits.finish(tx, batch, now)) {
      await tools.credits.addRejected(tx, batch, refused);
      await tools.journal.book(tx, batch, [
        batchMove(batch, 'credit-confirmed', 'credits-sent', 'credits-confirmed', batch.total - returned),
        batchMove(batch, 'credit-returned', 'credits-sent', 'user-rewards', returned),
      ]);
    }
    tools.reach('settlement.acknowledge.before-commit');
  });
  tools.reach('settlement.acknowledge.committed');
  if (refused.length > 0) {
    tools.log.error(
      { day: batch.day, token: batch.token, batch: batch.batch, refused: refused.length },
      'the core refused credits',
    );
  }
}

function batchMove(
  batch: ClaimedBatch,
  kind: JournalMove['kind'],
  from: JournalMove['from'],
  to: JournalMove['to'],
  amount: bigint,
): JournalMove {
  return { key: `reward.b${batch.batch}.${kind}`, kind, from, to, atoms: amount };
}
