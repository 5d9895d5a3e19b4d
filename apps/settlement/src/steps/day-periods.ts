import {
  type CopiedLine,
  type DayLogRepository,
  PERIOD,
  type Stretch,
  stretchOf,
  type Transaction,
} from '@app/database';
import { dayInterval, HashedKeys, type KeyHashes, NONE, type UtcDay } from '@app/staking-core';

/** Who takes part in a day, and when: a few bytes a user, because nearly all of them do so from 00:00 to 24:00. */
export class DayPeriods {
  private readonly notes = new HashedKeys();
  private readonly lists: Stretch[][];
  private readonly places = new Map<string, number>();

  constructor(day: UtcDay) {
    const { startMs } = dayInterval(day);
    this.lists = [[{ fromMs: startMs, toMs: null }], []];
  }

  static async read(tx: Transaction, day: UtcDay, log: DayLogRepository): Promise<DayPeriods> {
    const periods = new DayPeriods(day);
    await log.periods(tx, day, (line) => periods.add(line));
    return periods;
  }

  /** Which of the lists is the user's, WHOLE_DAY or NEVER among them. The user's name is `bytes[start, end)`. */
  listOf(bytes: Uint8Array, start: number, end: number): number {
    const note = this.notes.get(bytes, start, end);
    return note === NONE ? NEVER : note;
  }

  /** The same of many users. */
  listsOf(hashes: KeyHashes, lists: Int32Array): void {
    this.notes.getEach(hashes, lists);
    for (let n = 0; n < hashes.count; n += 1) if (lists[n] === NONE) lists[n] = NEVER;
  }

  /** Overlapping ones count once. */
  stretches(list: number): readonly Stretch[] {
    return this.lists[list] ?? [];
  }

  private add(line: CopiedLine): void {
    const [start, end] = [line.from(PERIOD.user), line.to(PERIOD.user)];
    const before = this.notes.get(line.bytes, start, end);
    const isWhole = line.from(PERIOD.stretch) === line.to(PERIOD.stretch);
    if (before === WHOLE_DAY) return;
    this.notes.set(line.bytes, start, end, isWhole ? WHOLE_DAY : this.listWith(before, line.text(PERIOD.stretch)));
  }

  /** Who leaves at the same time shares a list. */
  private listWith(before: number, text: string): number {
    const key = `${before} ${text}`;
    const found = this.places.get(key);
    if (found !== undefined) return found;
    const place = this.lists.push([...this.stretches(before), stretchOf(text)]) - 1;
    this.places.set(key, place);
    return place;
  }
}

export const WHOLE_DAY = 0;
export const NEVER = 1;

/**
 * Periods are of all tokens: what one check has read, those of other tokens and ranges use that run meanwhile. Nothing is
 * kept beyond them, so a check that is made again looks again.
 */
export class SharedDayPeriods {
  private readonly inUse = new Map<UtcDay, { users: number; periods: Promise<DayPeriods> | null }>();

  constructor(private readonly log: DayLogRepository) {}

  /** Keeps what is read of the day until `work` is over. */
  async during<T>(day: UtcDay, work: () => Promise<T>): Promise<T> {
    const one = this.inUse.get(day) ?? { users: 0, periods: null };
    this.inUse.set(day, one);
    one.users += 1;
    try {
      return await work();
    } finally {
      one.users -= 1;
      if (one.users === 0) this.inUse.delete(day);
    }
  }

  of(tx: Transaction, day: UtcDay): Promise<DayPeriods> {
    const one = this.inUse.get(day);
    if (one?.periods) return one.periods;
    const periods = DayPeriods.read(tx, day, this.log);
    if (one) {
      one.periods = periods;
      // Whoever comes later tries for himself.
      periods.catch(() => (one.periods = null));
    }
    return periods;
  }
}
