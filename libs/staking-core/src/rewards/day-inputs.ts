import type { Atoms } from '../money/atoms.js';

/** What must be known before a token's day can be measured. null means *not read yet*, which is not zero (R19). */
export interface DayInputs {
  readonly rulesInForce: boolean;
  /** R21: the core has closed the day on every feed shard. */
  readonly feedClosed: boolean;
  readonly observedAtoms: Atoms | null;
  readonly stakeAtoms: Atoms | null;
  /** The day before, whose leftover opens this pool; null: not settled yet. Zero before the first day. */
  readonly leftoverBeforeAtoms: Atoms | null;
}

export type WaitingFor = 'RULES' | 'FEED' | 'CHAIN_REWARDS' | 'CHAIN_STAKE' | 'DAY_BEFORE';

/** R19, R21: what the day still waits for, in a fixed order; empty: it can be measured. */
export function waitingFor(inputs: DayInputs): WaitingFor[] {
  const waits: WaitingFor[] = [];
  if (!inputs.rulesInForce) waits.push('RULES');
  if (!inputs.feedClosed) waits.push('FEED');
  if (inputs.observedAtoms === null) waits.push('CHAIN_REWARDS');
  if (inputs.stakeAtoms === null) waits.push('CHAIN_STAKE');
  if (inputs.leftoverBeforeAtoms === null) waits.push('DAY_BEFORE');
  return waits;
}
