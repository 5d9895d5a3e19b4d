import {
  BALANCE,
  type Buckets,
  CHANGE,
  type CopiedLine,
  cutsOf,
  type RulesOfDay,
  type SettlementRow,
  SLICES,
  type Slices,
  type Stretch,
  type Transaction,
  UNUSUAL,
} from '@app/database';
import {
  AFTER_THE_DAY,
  averageFromNow,
  changeFactor,
  countedAfter,
  type CountingMs,
  countingIntervals,
  countingMs,
  dayInterval,
  dayStartMs,
  IndependentRows,
  type IndependentFindings,
  KeyedSums,
  NO_NOTE,
  type OpenInterval,
  type StoredReward,
} from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { type DayPeriods, NEVER, WHOLE_DAY } from './day-periods.js';
import { known } from './step.js';

/** More users moved than fit into the memory of one go. */
class TooMany extends Error {}

/**
 * R22a: a range of users once more, from the event log, by other code than the SQL of steps 2 to 4: intervals and
 * arithmetic are staking-core's, the accumulators and partial balances are not looked at. Who takes part is read once for
 * all tokens; three streams are the token's: whose balance counts otherwise, what changed, and the present balances
 * beside the stored rewards. Only users of the first two take memory, and no more than this range's part of `checkUsers` of them: a range that has more is cut in half.
 */
export async function recomputeRange(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  range: Buckets,
  tools: SettlementTools,
): Promise<IndependentFindings> {
  const rows = new IndependentRows(rules, {
    qualifyingAtoms: known(day.qualifying, 'qualifying'),
    poolAtoms: known(day.pool, 'pool'),
  });
  const pauses = (await tools.check.pauses(tx, day)).map(open);
  const lists = new Lists(day, pauses, await tools.periods.of(tx, day.day));
  const slices = SLICES / 64;
  const todo: Slices[] = [{ first: range.first * slices, last: (range.last + 1) * slices - 1 }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    try {
      const sums = await readLog(tx, day, rules, next, lists, tools);
      await compareBalances(tx, day, rules, next, { sums, lists }, rows, tools);
    } catch (error) {
      if (!(error instanceof TooMany)) throw error;
      const middle = (next.first + next.last) >> 1;
      todo.push({ first: middle + 1, last: next.last }, { first: next.first, last: middle });
    }
  }
  return rows.findings();
}

/** Sums of what changed; the note of a user goes with when his balance counts: see `Lists.counting`. */
async function readLog(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  slices: Slices,
  lists: Lists,
  tools: SettlementTools,
): Promise<KeyedSums> {
  const sums = new KeyedSums();
  // One slice cannot be cut any further.
  const most = slices.first === slices.last ? Infinity : tools.limits.checkUsers / tools.limits.shards;
  const placeIn = (line: CopiedLine, field: number): number => {
    const place = sums.place(line.bytes, line.from(field), line.to(field));
    if (place >= most) throw new TooMany();
    return place;
  };
  await tools.dayLog.unusual(tx, day, slices, (line) => {
    sums.setNote(placeIn(line, UNUSUAL.user), lists.ofUnusual(line));
  });
  const usually = lists.usually(WHOLE_DAY);
  // Undisturbed days, which are nearly all, need no list.
  const usualIsWhole = countedAfter(lists.counting(usually), 0) === AFTER_THE_DAY;
  await tools.dayLog.changes(tx, day, rules, slices, (line) => {
    const place = placeIn(line, CHANGE.user);
    let note = sums.note(place);
    if (note === NO_NOTE) sums.setNote(place, (note = lists.ofUser(line, CHANGE.user)));
    const atMs = millisecondOf(line);
    const factor = note === usually && usualIsWhole ? -atMs : changeFactor(lists.counting(note), atMs);
    if (factor !== 0) sums.add(place, line.bytes, line.from(CHANGE.delta), line.to(CHANGE.delta), factor);
  });
  return sums;
}

async function compareBalances(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  slices: Slices,
  { sums, lists }: { readonly sums: KeyedSums; readonly lists: Lists },
  rows: IndependentRows,
  tools: SettlementTools,
): Promise<void> {
  await tools.dayLog.balances(tx, day, rules, slices, (line) => {
    const place = sums.find(line.bytes, line.from(BALANCE.user), line.to(BALANCE.user));
    const counts = lists.counting(place < 0 ? lists.ofUser(line, BALANCE.user) : sums.note(place));
    const nowAtoms = line.bigint(BALANCE.now);
    rows.row({
      user: () => line.text(BALANCE.user),
      averageAtoms: counts.length === 0 ? 0n : averageFromNow(nowAtoms, counts, sums, place),
      counts: counts.length > 0,
      owner: line.textOrNull(BALANCE.owner),
      ownerAtoms: line.bigintOrNull(BALANCE.ownerAverage),
      stored: storedOf(line, nowAtoms),
    });
  });
}

/** What is left out is the number before it. */
function storedOf(line: CopiedLine, nowAtoms: bigint): StoredReward | null {
  if (line.isNull(BALANCE.amount)) return null;
  const averageAtoms = line.bigintOrNull(BALANCE.average) ?? nowAtoms;
  return {
    averageAtoms,
    weightAtoms: line.bigintOrNull(BALANCE.weight) ?? averageAtoms,
    rewardAtoms: line.bigint(BALANCE.amount),
  };
}

const MINUS = 45;

/** Of the day; a change of a later day lies after all of it. */
function millisecondOf(line: CopiedLine): number {
  const { bytes } = line;
  const start = line.from(CHANGE.ms);
  if (bytes[start] === MINUS) return AFTER_THE_DAY;
  let ms = 0;
  for (let at = start; at < line.to(CHANGE.ms); at += 1) ms = ms * 10 + ((bytes[at] as number) - 48);
  return ms;
}

const MOST_KNOWN = 10_000;

/** When balances of the token count. Many users share few lists: all day, nothing, from noon on, since the ban. */
class Lists {
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

  /** @returns a number for `counting` */
  ofUser(line: CopiedLine, field: number): number {
    return this.usually(this.periods.listOf(line.bytes, line.from(field), line.to(field)));
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

function open(stretch: Stretch): OpenInterval {
  return { startMs: stretch.fromMs, endMs: stretch.toMs };
}
