import type { LoggedDay } from '@app/database';
import {
  atoms,
  changesOf,
  countedBalance,
  dayStartMs,
  ZERO_ATOMS,
  type SpotBalance,
  type UtcDay,
} from '@app/staking-core';
import type { DatedRules } from '../tokens/token-catalogue.js';

/** R7: the balance that counts at 00:00 and its changes; of an account that was never heard of, nothing. */
export function countedDay(logged: LoggedDay | undefined, day: UtcDay, { countedBalance: counted }: DatedRules) {
  const opening: SpotBalance = logged
    ? { freeAtoms: atoms(BigInt(logged.free)), lockedAtoms: atoms(BigInt(logged.locked)) }
    : { freeAtoms: ZERO_ATOMS, lockedAtoms: ZERO_ATOMS };
  const startMs = dayStartMs(day);
  const stated = (logged?.events ?? []).map((event) => ({
    atMs: startMs + BigInt(event.msOfDay),
    seq: event.seq,
    freeAtoms: atoms(event.free),
    lockedAtoms: atoms(event.locked),
  }));
  return { openingAtoms: countedBalance(opening, counted), changes: changesOf(opening, stated, counted) };
}
