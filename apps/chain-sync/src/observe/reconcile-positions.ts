import type { Observation } from '@app/chains';
import type { PositionTotal } from '@app/database';
import { dayOf, nextDay, utcDay, type UtcDay } from '@app/staking-core';

/** Why an observation cannot go into the books; the chain's day stays open and people look. */
export interface Difference {
  readonly code:
    'POSITIONS_DIFFER' | 'REWARD_CROSS_CHECK' | 'DUPLICATE_KEY' | 'WRONG_BLOCK' | 'DAY_SKIPPED' | 'DAY_NOT_OVER';
  readonly detail: string;
}

/** What the books hold at the cut an observation starts from. */
export interface BooksAtCut {
  readonly cut: { readonly height: bigint; readonly hash: string };
  readonly positions: readonly PositionTotal[];
  /** Newest day already complete; null before the first. */
  readonly lastDay: string | null;
  /** Time of the newest final block, UTC milliseconds: what is before it can no longer change. */
  readonly finalTimeMs: bigint;
}

/**
 * R41: between two cuts each position changes by exactly its flows + rewards - slashes; a fee the chain takes out of a
 * position (redelegation) is the difference of the two legs, so it needs no term of its own. Measured from what the
 * books hold, not from what the chain says now about the earlier cut.
 * @returns null when every atom is accounted for
 */
export function reconcilePositions(before: BooksAtCut, observation: Observation): Difference | null {
  return (
    wrongBlock(before, observation) ??
    duplicateKey(observation) ??
    unexplainedChange(before.positions, observation) ??
    crossCheckFailure(observation) ??
    wrongDays(before, observation)
  );
}

function wrongBlock(before: BooksAtCut, { from, to, rewards, flows, slashes }: Observation): Difference | null {
  if (from.height !== before.cut.height || from.hash !== before.cut.hash) {
    return difference(
      'WRONG_BLOCK',
      `observed from ${from.height} ${from.hash}, the books end at ${before.cut.height}`,
    );
  }
  for (const fact of [...rewards, ...flows, ...slashes]) {
    if (fact.at.height <= from.height || fact.at.height > to.height) {
      return difference(
        'WRONG_BLOCK',
        `${fact.key} is of block ${fact.at.height}, not of ${from.height}..${to.height}`,
      );
    }
  }
  return null;
}

function duplicateKey(observation: Observation): Difference | null {
  for (const facts of [observation.rewards, observation.flows, observation.slashes, observation.positions]) {
    const seen = new Set<string>();
    for (const { key } of facts) {
      if (seen.has(key)) return difference('DUPLICATE_KEY', `${key} is named twice in one observation`);
      seen.add(key);
    }
  }
  return null;
}

function unexplainedChange(before: readonly PositionTotal[], observation: Observation): Difference | null {
  const expected = new Map(before.map(({ positionKey, total }) => [positionKey, total]));
  const add = (key: string, amount: bigint): void => void expected.set(key, (expected.get(key) ?? 0n) + amount);
  for (const flow of observation.flows) add(flow.positionKey, flow.amount);
  for (const reward of observation.rewards) add(reward.positionKey, reward.amount);
  for (const slash of observation.slashes) {
    if (slash.state !== 'applied' || slash.amount === 0n) continue;
    if (slash.positionKey === null) return difference('POSITIONS_DIFFER', `${slash.key} takes atoms of no position`);
    add(slash.positionKey, -slash.amount);
  }
  const found = new Map(observation.positions.map((position) => [position.key, totalOf(position)]));
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const off = (found.get(key) ?? 0n) - (expected.get(key) ?? 0n);
    if (off !== 0n) {
      return difference(
        'POSITIONS_DIFFER',
        `${key} holds ${found.get(key) ?? 0n} at ${observation.to.height}, flows and rewards explain ${expected.get(key) ?? 0n} (${off} atoms off)`,
      );
    }
  }
  return null;
}

function totalOf(position: Observation['positions'][number]): bigint {
  const exiting = position.exiting.reduce((sum, exit) => sum + exit.amount, 0n);
  return position.active + position.activating + exiting + position.withdrawable + position.claimable;
}

/** R13: where the chain states a reward in a second way, both must agree within what the chain itself rounds. */
function crossCheckFailure(observation: Observation): Difference | null {
  for (const { key, amount, crossCheck } of observation.rewards) {
    if (crossCheck === null) continue;
    const off = amount > crossCheck.amount ? amount - crossCheck.amount : crossCheck.amount - amount;
    if (off > crossCheck.toleranceAtoms) {
      return difference('REWARD_CROSS_CHECK', `${key} is ${amount} by position, ${crossCheck.amount} by event`);
    }
  }
  return null;
}

/**
 * R17, R19: days follow each other without a hole, and none is complete before its last millisecond. A cut may be the
 * last block of a day (Cosmos): then it is the final block after it that shows that the day is over.
 */
function wrongDays({ lastDay, finalTimeMs }: BooksAtCut, { days, to }: Observation): Difference | null {
  let last: UtcDay | null = lastDay === null ? null : utcDay(lastDay);
  for (const { day } of days) {
    if (last !== null && day !== nextDay(last)) return difference('DAY_SKIPPED', `${day} does not follow ${last}`);
    if (day > dayOf(to.timeMs) || day >= dayOf(finalTimeMs))
      return difference('DAY_NOT_OVER', `${day} is not over at ${to.height}`);
    last = day;
  }
  return null;
}

const difference = (code: Difference['code'], detail: string): Difference => ({ code, detail });
