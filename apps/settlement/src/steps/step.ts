import type {
  RulesOfDay,
  SettlementFigures,
  SettlementRow,
  SettlementState,
  TokenDay,
  Transaction,
} from '@app/database';
import { invariant } from '@app/staking-core';
import type { FaultPoint } from '../fault-points.js';
import type { SettlementTools } from '../settlement-tools.js';

/** SQLSTATE under REPEATABLE READ: a row we meant to change has changed since our snapshot. */
export const SERIALIZATION_FAILURE = '40001';

export interface StepMove {
  readonly from: SettlementState;
  readonly to: SettlementState;
  readonly beforeCommit: FaultPoint;
  readonly committed: FaultPoint;
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ';
  /** Belongs to the work over all the token's users: it queues for a lane, so that few connections do it all. */
  readonly heavy?: boolean;
}

/** What a step's work ends with: figures to store with the next state, or why the day stays where it is. */
export type StepResult =
  | { readonly kind: 'done'; readonly figures?: SettlementFigures }
  | { readonly kind: 'waits'; readonly reason: string }
  | { readonly kind: 'held'; readonly reason: Readonly<Record<string, unknown>> };

/** Another worker has ranges of the step in hand: its own last look, or the next tick, goes on. */
export const IN_OTHER_HANDS: StepResult = {
  kind: 'waits',
  reason: "ranges of users that are in another worker's hands",
};

/**
 * One step in one transaction: takes the day (passing over one that another worker has in hand), works, moves the
 * state. Either all of it lasts or nothing does.
 * @returns the state the day is in afterwards
 */
export async function step(
  unit: TokenDay,
  tools: SettlementTools,
  move: StepMove,
  work: (tx: Transaction, day: SettlementRow) => Promise<StepResult>,
): Promise<SettlementState | null> {
  const attempt = (): Promise<StepResult | null> =>
    tools.db.transaction(async (tx) => {
      const day = await tools.settlements.claim(tx, unit, move.from);
      if (day === null) return null;
      const outcome = await work(tx, day);
      if (outcome.kind === 'waits') await tools.settlements.wait(tx, unit, outcome.reason);
      if (outcome.kind === 'held') await tools.settlements.hold(tx, unit, move.from, outcome.reason);
      if (outcome.kind === 'done') await tools.settlements.move(tx, unit, move.from, move.to, outcome.figures);
      tools.reach(move.beforeCommit);
      return outcome;
    }, move.isolation);
  const queued = move.heavy
    ? tools.lanes.run(await tools.settlements.expectedUsers(tools.db, unit), attempt)
    : attempt();
  const result = await queued.catch(movedMeanwhile);
  tools.reach(move.committed);
  if (result === null) return (await tools.settlements.find(tools.db, unit))?.state ?? null;
  if (result.kind === 'held') tools.log.error({ ...unit, ...result.reason }, 'the day is held for two people');
  return result.kind === 'done' ? move.to : result.kind === 'held' ? 'held' : move.from;
}

/** Another worker moved the day between our snapshot and our taking it: as if it had been in that worker's hands. */
function movedMeanwhile(error: unknown): null {
  if ((error as { code?: unknown }).code === SERIALIZATION_FAILURE) return null;
  throw error;
}

/** The day's rules, which step 1 has made sure of (R29). */
export async function rulesOf(tx: Transaction, unit: TokenDay, tools: SettlementTools): Promise<RulesOfDay> {
  const rules = await tools.inputs.rulesOn(tx, unit);
  invariant(rules !== null, 'a day past step 1 has rules in force (R29)', { day: unit.day, token: unit.token });
  return rules;
}

/** A figure that an earlier step has stored. */
export function known<T>(value: T | null, name: string): T {
  invariant(value !== null, 'an earlier step has stored this figure', { name });
  return value;
}
