import type { SignedAtoms } from '../money/atoms.js';
import type { SpotBalance } from './counted-balance.js';

/** A feed line about one account and token. */
export interface ChainedEvent extends SpotBalance {
  /** Change of the free balance; null on a snapshot line, which sets the balance (opening, resync). */
  readonly deltaAtoms: SignedAtoms | null;
}

export type ChainLink =
  | { readonly ok: true; readonly balance: SpotBalance }
  | {
      readonly ok: false;
      readonly code: 'BALANCE_UNKNOWN' | 'BALANCE_MISMATCH';
      /** previous free + delta; null when nothing was known. */
      readonly expectedFreeAtoms: bigint | null;
      readonly statedFreeAtoms: bigint;
    };

/** R26: previous + delta = after, on every line. A mismatch quarantines this account's token for the day until the
 *  core sends a snapshot line. `previous` null: no snapshot line yet, so a change says nothing about the balance. */
export function checkBalanceChain(previous: SpotBalance | null, event: ChainedEvent): ChainLink {
  const balance = { freeAtoms: event.freeAtoms, lockedAtoms: event.lockedAtoms };
  if (event.deltaAtoms === null) return { ok: true, balance };
  if (previous === null) {
    return { ok: false, code: 'BALANCE_UNKNOWN', expectedFreeAtoms: null, statedFreeAtoms: event.freeAtoms };
  }
  const expected = previous.freeAtoms + event.deltaAtoms;
  if (expected !== event.freeAtoms) {
    return { ok: false, code: 'BALANCE_MISMATCH', expectedFreeAtoms: expected, statedFreeAtoms: event.freeAtoms };
  }
  return { ok: true, balance };
}

export type FeedPlace = 'next' | 'replayed' | 'gap';

/** R26: where a line stands against its shard's watermark (the last sequence taken in; 0n before the first). A
 *  replayed line must equal the stored one; comparing contents is the caller's part. */
export function feedPlace(lastSeq: bigint, seq: bigint): FeedPlace {
  if (seq <= lastSeq) return 'replayed';
  return seq === lastSeq + 1n ? 'next' : 'gap';
}
