import {
  type CopiedLine,
  type RulesOfDay,
  type SettlementRow,
  type Slices,
  type Transaction,
  UNUSUAL,
} from '@app/database';
import { AFTER_THE_DAY, changeFactor, countedAfter, KeyedSums, NO_NOTE } from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import type { CountingLists } from './counting-lists.js';
import { WHOLE_DAY } from './day-periods.js';

/** More users moved than fit into the memory of one go. */
class TooMany extends Error {}

/** The accounts of some slices that are not simply as they are now: what changed, when it counts, who owns them. */
export interface Moved {
  readonly sums: KeyedSums;
  readonly lists: CountingLists;
  /** By place in `sums`. */
  readonly owners: ReadonlyMap<number, Owner>;
}

export interface Owner {
  readonly owner: string;
  /** Stored sum of the owner's accounts; null: none is stored. */
  readonly ownerAtoms: bigint | null;
}

/** Sums of what changed; the note of a user goes with when his balance counts. null: too many for one go. */
export async function readMoved(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  slices: Slices,
  lists: CountingLists,
  tools: SettlementTools,
): Promise<Moved | null> {
  const sums = new KeyedSums();
  const owners = new Map<number, Owner>();
  // One slice cannot be cut any further.
  const most = slices.first === slices.last ? Infinity : tools.limits.checkUsers / tools.limits.shards;
  const placeIn = (bytes: Uint8Array, from: number, to: number): number => {
    const place = sums.place(bytes, from, to);
    if (place >= most) throw new TooMany();
    return place;
  };
  try {
    await tools.dayLog.unusual(tx, day, slices, (line) => {
      const place = placeIn(line.bytes, line.from(UNUSUAL.user), line.to(UNUSUAL.user));
      sums.setNote(place, lists.ofUnusual(line));
      if (!line.isNull(UNUSUAL.owner)) owners.set(place, ownerOf(line));
    });
    const usually = lists.usually(WHOLE_DAY);
    // Undisturbed days, which are nearly all, need no list.
    const usualIsWhole = countedAfter(lists.counting(usually), 0) === AFTER_THE_DAY;
    await tools.dayLog.changes(tx, day, rules, slices, (change, ofDay) => {
      const { bytes, userFrom, userTo } = change;
      const place = placeIn(bytes, userFrom, userTo);
      let note = sums.note(place);
      if (note === NO_NOTE) sums.setNote(place, (note = lists.ofUser(bytes, userFrom, userTo)));
      const atMs = ofDay ? change.ms : AFTER_THE_DAY;
      const factor = note === usually && usualIsWhole ? -atMs : changeFactor(lists.counting(note), atMs);
      if (factor === 0) return;
      sums.add(place, bytes, change.groups, change.count, change.highest, change.negative ? -factor : factor);
    });
  } catch (error) {
    if (error instanceof TooMany) return null;
    throw error;
  }
  return { sums, lists, owners };
}

function ownerOf(line: CopiedLine): Owner {
  return { owner: line.text(UNUSUAL.owner), ownerAtoms: line.bigintOrNull(UNUSUAL.ownerAverage) };
}
