import {
  type CopiedLine,
  type RulesOfDay,
  type SettlementRow,
  type Slices,
  type Transaction,
  UNUSUAL,
} from '@app/database';
import {
  AFTER_THE_DAY,
  changeFactor,
  countedAfter,
  KeyedSums,
  KeyHashes,
  KEYS_AT_ONCE,
  NO_NOTE,
} from '@app/staking-core';
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
    const hashes = new KeyHashes();
    const places = new Int32Array(KEYS_AT_ONCE);
    const notes = new Int32Array(KEYS_AT_ONCE);
    await tools.dayLog.changes(tx, day, rules, slices, (changes, ofDay) => {
      const { bytes, count, userFrom, userTo } = changes;
      hashes.clear();
      for (let n = 0; n < count; n += 1) hashes.add(bytes, userFrom[n] as number, userTo[n] as number);
      sums.findEach(hashes, places);
      sums.notesOf(places, count, notes);
      for (let n = 0; n < count; n += 1) {
        let place = places[n] as number;
        let note = notes[n] as number;
        if (place < 0) place = placeIn(bytes, userFrom[n] as number, userTo[n] as number);
        if (note === NO_NOTE) {
          note = lists.ofUser(bytes, userFrom[n] as number, userTo[n] as number);
          sums.setNote(place, note);
        }
        changes.open(n);
        const atMs = ofDay ? changes.ms : AFTER_THE_DAY;
        const factor = note === usually && usualIsWhole ? -atMs : changeFactor(lists.counting(note), atMs);
        if (factor === 0) continue;
        const { digits, groups, highest } = changes;
        sums.add(place, bytes, digits, groups, highest, changes.negative ? -factor : factor);
      }
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
