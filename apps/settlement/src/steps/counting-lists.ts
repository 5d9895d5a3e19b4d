import { type CopiedLine, cutsOf, type SettlementRow, type Stretch, UNUSUAL } from '@app/database';
import {
  type CountingMs,
  countingIntervals,
  countingMs,
  dayInterval,
  dayStartMs,
  type KeyHashes,
  type OpenInterval,
} from '@app/staking-core';
import { type DayPeriods, NEVER } from './day-periods.js';

const MOST_KNOWN = 10_000;

/** When balances of the token count. Many users share few lists: all day, nothing, from noon on, since the ban. */
export class CountingLists {
  private readonly all: CountingMs[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly known = new Map<string, number>();
  private readonly byPeriods: number[] = [];

  constructor(
    private readonly day: SettlementRow,
    private readonly pauses: readonly OpenInterval[],
    private readonly periods: DayPeriods,
  ) {}

  counting(number: number): CountingMs {
    return this.all[number] ?? [];
  }

  /** @returns a number for `counting`; the user's name is `bytes[from, to)` */
  ofUser(bytes: Uint8Array, from: number, to: number): number {
    return this.usually(this.periods.listOf(bytes, from, to));
  }

  /** The same of many users. */
  ofEach(hashes: KeyHashes, numbers: Int32Array): void {
    this.periods.listsOf(hashes, numbers);
    for (let n = 0; n < hashes.count; n += 1) numbers[n] = this.usually(numbers[n] as number);
  }

  /** Of whom nothing is said but when he takes part. */
  usually(periods: number): number {
    return (this.byPeriods[periods] ??= this.number({ periods, cuts: [], knownFromMs: null, setAside: false }));
  }

  ofUnusual(line: CopiedLine): number {
    const periods = this.periods.listOf(line.bytes, line.from(UNUSUAL.user), line.to(UNUSUAL.user));
    // Most were banned by the same rule: what is said of many is worked out once.
    const said = `${periods} ${line.bytes.toString('latin1', line.from(UNUSUAL.knownFrom), line.to(UNUSUAL.setAside))}`;
    const known = this.known.get(said);
    if (known !== undefined) return known;
    const number = this.number({
      periods,
      cuts: cutsOf(line.text(UNUSUAL.cuts)),
      knownFromMs: line.bigint(UNUSUAL.knownFrom),
      setAside: line.text(UNUSUAL.setAside) === '1',
    });
    if (this.known.size < MOST_KNOWN) this.known.set(said, number);
    return number;
  }

  private number(one: Circumstances): number {
    const counting = this.countingOf(one);
    const key = counting.join();
    const found = this.numbers.get(key);
    if (found !== undefined) return found;
    this.numbers.set(key, this.all.length);
    return this.all.push(counting) - 1;
  }

  private countingOf(one: Circumstances): CountingMs {
    if (one.periods === NEVER) return [];
    const { day } = this.day;
    const { counting } = countingIntervals({
      day,
      periods: this.periods.stretches(one.periods).filter(lasts).map(open),
      tokenOptOuts: one.cuts.filter((cut) => cut.reason === 'TOKEN_OFF').map(open),
      cuts: [
        ...one.cuts.flatMap((cut) => (cut.reason === 'TOKEN_OFF' ? [] : [{ ...open(cut), reason: cut.reason }])),
        ...this.pauses.map((pause) => ({ ...pause, reason: 'PAUSED' as const })),
        ...(one.setAside ? [{ ...dayInterval(day), reason: 'QUARANTINED' as const }] : []),
      ],
      balanceKnownFromMs: one.knownFromMs ?? dayStartMs(day),
    });
    return countingMs(counting, dayStartMs(day));
  }
}

interface Circumstances {
  /** A list of `DayPeriods`. */
  readonly periods: number;
  readonly cuts: ReturnType<typeof cutsOf>;
  /** null: all the time. */
  readonly knownFromMs: bigint | null;
  readonly setAside: boolean;
}

/** A period that was switched off before it began to count (R4) counts nothing. */
function lasts(stretch: Stretch): boolean {
  return stretch.toMs === null || stretch.toMs > stretch.fromMs;
}

export function open(stretch: Stretch): OpenInterval {
  return { startMs: stretch.fromMs, endMs: stretch.toMs };
}
