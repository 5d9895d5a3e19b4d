import type { ClaimedBatch, CreditItem } from '@app/database';
import { batchId, creditId, invariant, readBatchEcho } from '@app/staking-core';
import type { Answer, BookedCredit, Credit } from '../core/core-client.js';
import type { SettlementTools } from '../settlement-tools.js';

/** How many credits are asked for at once. */
const ASKED_AT_ONCE = 8;

/** `settled`: the core has said of every item what became of it. `rejected`: reason by user. */
export type Delivery =
  | { readonly kind: 'settled'; readonly rejected: ReadonlyMap<string, string> }
  | { readonly kind: 'open'; readonly why: string };

/** The core has one of our ids with other content: no sending again can mend that. */
export class CoreContradiction extends Error {
  override readonly name = 'CoreContradiction';
  readonly code = 'CORE_CONTRADICTS';

  constructor(
    readonly creditId: string,
    detail: string,
  ) {
    super(detail);
  }
}

/**
 * One attempt at one batch (R23). The first attempt sends all of it. Every later one first asks for each credit by id,
 * because an earlier attempt may have arrived, and sends only what the core does not have, under the same ids.
 */
export async function deliver(
  batch: ClaimedBatch,
  items: readonly CreditItem[],
  decimals: number,
  tools: SettlementTools,
): Promise<Delivery> {
  const credits = items.map((item): Credit => ({ ...item, id: idOf(batch, item.user), kind: 'reward' }));
  invariant(
    credits.length === batch.count && credits.reduce((sum, credit) => sum + credit.amount, 0n) === batch.total,
    'a batch is what was planned (R23)',
    { batch: batch.batch, count: credits.length, planned: batch.count },
  );
  let missing: readonly Credit[] = credits;
  if (batch.attempts > 1) {
    const asked = await askForAll(batch, credits, decimals, tools);
    if (asked.kind === 'unknown') return { kind: 'open', why: asked.why };
    missing = asked.value;
    if (missing.length === 0) return { kind: 'settled', rejected: new Map() };
  }
  return send(batch, missing, decimals, tools);
}

async function send(
  batch: ClaimedBatch,
  credits: readonly Credit[],
  decimals: number,
  tools: SettlementTools,
): Promise<Delivery> {
  const id = batchId(batch.day, batch.token, 'reward', batch.batch);
  tools.reach('settlement.send.before-post');
  const answer = await tools.core.post(
    { id, day: batch.day, token: batch.token, decimals, credits },
    `${id}.a${batch.attempts}`,
  );
  tools.reach('settlement.send.posted');
  if (answer.kind === 'unknown') return { kind: 'open', why: answer.why };
  const reading = readBatchEcho(
    credits.map((credit) => ({ id: credit.id, amountAtoms: credit.amount })),
    answer.value,
  );
  // Count, total or ids are not what was sent: then nothing of the answer is believed, and each id is asked for.
  if (reading.problems.length > 0)
    return { kind: 'open', why: `the core's answer does not fit: ${reading.problems.join(', ')}` };
  const rejected = new Map<string, string>();
  for (const { id: creditOf, user } of credits) {
    const item = reading.outcomes.get(creditOf);
    if (item === undefined || item.outcome === 'unknown')
      return { kind: 'open', why: 'the core answered for a part of the batch only' };
    if (item.outcome === 'rejected' && item.reason === 'ID_CONFLICT') {
      throw new CoreContradiction(creditOf, 'the core has this id with other content');
    }
    if (item.outcome === 'rejected') rejected.set(user, item.reason ?? 'no reason given');
  }
  return { kind: 'settled', rejected };
}

/** @returns the credits that the core says it does not have */
async function askForAll(
  batch: ClaimedBatch,
  credits: readonly Credit[],
  decimals: number,
  tools: SettlementTools,
): Promise<Answer<readonly Credit[]>> {
  tools.reach('settlement.send.before-ask');
  const missing: Credit[] = [];
  for (let start = 0; start < credits.length; start += ASKED_AT_ONCE) {
    const some = credits.slice(start, start + ASKED_AT_ONCE);
    const answers = await Promise.all(some.map((credit) => tools.core.find(credit.id, decimals)));
    for (const [index, credit] of some.entries()) {
      const answer = answers[index];
      if (answer === undefined || answer.kind === 'unknown') return answer ?? { kind: 'unknown', why: 'no answer' };
      if (answer.value === null) missing.push(credit);
      else assertSame(batch, credit, answer.value);
    }
  }
  tools.reach('settlement.send.asked');
  return { kind: 'answered', value: missing };
}

function assertSame(batch: ClaimedBatch, ours: Credit, core: BookedCredit): void {
  const same =
    core.id === ours.id &&
    core.user === ours.user &&
    core.amount === ours.amount &&
    core.kind === ours.kind &&
    core.token === batch.token &&
    core.day === batch.day;
  if (!same) throw new CoreContradiction(ours.id, 'the core has this id with other content');
}

function idOf(batch: ClaimedBatch, user: string): string {
  return creditId({ day: batch.day, token: batch.token, kind: 'reward', user });
}
