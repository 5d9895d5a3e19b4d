import { atoms } from '../money/atoms.js';
import type { Atoms, SignedAtoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';
import { dayInterval } from '../time/interval.js';
import { DAY_MS } from '../time/utc-day.js';
import type { UtcDay } from '../time/utc-day.js';

/** A change of the earning stake: delegation, undelegation, compounded reward, slash. */
export interface StakeFlow {
  readonly atMs: bigint;
  readonly deltaAtoms: SignedAtoms;
}

/** R16: S, the time-weighted active stake of a day, rounded down. Flows in any order.
 *  @throws InvariantViolation when a flow is not of the day or the stake would ever be negative. */
export function averageActiveStake(day: UtcDay, openingAtoms: Atoms, flows: readonly StakeFlow[]): Atoms {
  const { startMs, endMs } = dayInterval(day);
  let stake: bigint = openingAtoms;
  let fromMs = startMs;
  let integral = 0n;
  const sorted = [...flows].sort((a, b) => (a.atMs < b.atMs ? -1 : a.atMs > b.atMs ? 1 : 0));
  for (const flow of sorted) {
    invariant(flow.atMs >= startMs && flow.atMs < endMs, 'a flow belongs to the day it is counted in', {
      day,
      atMs: flow.atMs,
    });
    if (flow.atMs > fromMs) integral += held(stake, day) * (flow.atMs - fromMs);
    fromMs = flow.atMs;
    stake += flow.deltaAtoms;
  }
  integral += held(stake, day) * (endMs - fromMs);
  return atoms(integral / DAY_MS);
}

function held(stake: bigint, day: UtcDay): bigint {
  invariant(stake >= 0n, 'a stake is never negative', { day, stake });
  return stake;
}
