import {
  BALANCE,
  type Buckets,
  CHANGE,
  type CopiedLine,
  cutsOf,
  periodsOf,
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
import { known } from './step.js';

/** More users moved than fit into the memory of one go. */
class TooMany extends Error {}

/**
 * R22a: a range of users once more, from the event log, by other code than the SQL of steps 2 to 4: intervals and
 * arithmetic are staking-core's, the accumulators and partial balances are not looked at. Three streams: who counts
 * otherwise than all day, what changed, and the present balances beside the stored rewards. Only users of the first
 * two take memory, and no more than this range's part of `checkUsers` of them: a range that has more is cut in half.
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
  const slices = SLICES / 64;
  const todo: Slices[] = [{ first: range.first * slices, last: (range.last + 1) * slices - 1 }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    try {
      const moved = await readLog(tx, day, rules, next, pauses, tools);
      await compareBalances(tx, day, rules, next, moved, rows, tools);
    } catch (error) {
      if (!(error instanceof TooMany)) throw error;
      const middle = (next.first + next.last) >> 1;
      todo.push({ first: middle + 1, last: next.last }, { first: next.first, last: middle });
    }
  }
  return rows.findings();
}

/** What the log says of the users of some slices. */
interface Moved {
  /** Notes are places in `counting`; no note: all day, as far as the token is not paused. */
  readonly sums: KeyedSums;
  readonly counting: readonly CountingMs[];
  readonly usual: CountingMs;
}

async function readLog(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  slices: Slices,
  pauses: readonly OpenInterval[],
  tools: SettlementTools,
): Promise<Moved> {
  const sums = new KeyedSums();
  const lists = new Lists();
  const whole = { fromMs: dayStartMs(day.day), toMs: null };
  const usual = countingOf(day, { periods: [whole], cuts: [], knownFromMs: null, setAside: false }, pauses);
  // One slice cannot be cut any further.
  const most = slices.first === slices.last ? Infinity : tools.limits.checkUsers / tools.limits.shards;
  const placeIn = (line: CopiedLine, field: number): number => {
    const place = sums.place(line.bytes, line.from(field), line.to(field));
    if (place >= most) throw new TooMany();
    return place;
  };
  await tools.dayLog.unusual(tx, day, slices, (line) => {
    // Most leave at the same hours and were banned by the same rule: what is said of many is worked out once.
    const said = line.bytes.toString('latin1', line.from(UNUSUAL.user + 1), line.to(UNUSUAL.setAside));
    sums.setNote(
      placeIn(line, UNUSUAL.user),
      lists.numberOf(said, () => countingOf(day, unusualOf(line), pauses)),
    );
  });
  const { all } = lists;
  // Undisturbed days, which are nearly all, need no list.
  const usualIsWhole = countedAfter(usual, 0) === AFTER_THE_DAY;
  await tools.dayLog.changes(tx, day, rules, slices, (line) => {
    const place = placeIn(line, CHANGE.user);
    const atMs = millisecondOf(line);
    const note = sums.note(place);
    const factor =
      note === NO_NOTE && usualIsWhole ? -atMs : changeFactor(note === NO_NOTE ? usual : (all[note] ?? []), atMs);
    if (factor !== 0) sums.add(place, line.bytes, line.from(CHANGE.delta), line.to(CHANGE.delta), factor);
  });
  return { sums, counting: all, usual };
}

async function compareBalances(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  slices: Slices,
  { sums, counting, usual }: Moved,
  rows: IndependentRows,
  tools: SettlementTools,
): Promise<void> {
  const never: CountingMs = [];
  await tools.dayLog.balances(tx, day, rules, slices, (line) => {
    const place = sums.find(line.bytes, line.from(BALANCE.user), line.to(BALANCE.user));
    const note = place < 0 ? NO_NOTE : sums.note(place);
    const usually = line.bytes[line.from(BALANCE.whole)] === ONE ? usual : never;
    const counts = note === NO_NOTE ? usually : (counting[note] ?? never);
    const nowAtoms = line.bigint(BALANCE.now);
    const averageAtoms = counts === never ? 0n : averageFromNow(nowAtoms, counts, sums, place);
    rows.row({
      user: () => line.text(BALANCE.user),
      averageAtoms,
      counts: counts.length > 0,
      owner: line.textOrNull(BALANCE.owner),
      ownerAtoms: line.bigintOrNull(BALANCE.ownerAverage),
      stored: storedOf(line, nowAtoms),
    });
  });
}

const ONE = 49;

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

/** Many users share few lists: nothing, from noon on, since the ban. */
class Lists {
  readonly all: CountingMs[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly known = new Map<string, number>();

  /** @param said everything the list follows from */
  numberOf(said: string, list: () => CountingMs): number {
    const known = this.known.get(said);
    if (known !== undefined) return known;
    const number = this.number(list());
    if (this.known.size < MOST_KNOWN) this.known.set(said, number);
    return number;
  }

  private number(counting: CountingMs): number {
    const key = counting.join();
    const found = this.numbers.get(key);
    if (found !== undefined) return found;
    this.numbers.set(key, this.all.length);
    return this.all.push(counting) - 1;
  }
}

interface Circumstances {
  readonly periods: readonly Stretch[];
  readonly cuts: ReturnType<typeof cutsOf>;
  /** null: all the time. */
  readonly knownFromMs: bigint | null;
  readonly setAside: boolean;
}

function unusualOf(line: CopiedLine): Circumstances {
  return {
    periods: periodsOf(line.text(UNUSUAL.periods)),
    cuts: cutsOf(line.text(UNUSUAL.cuts)),
    knownFromMs: line.bigint(UNUSUAL.knownFrom),
    setAside: line.text(UNUSUAL.setAside) === '1',
  };
}

function countingOf(day: SettlementRow, one: Circumstances, pauses: readonly OpenInterval[]): CountingMs {
  const { counting } = countingIntervals({
    day: day.day,
    periods: one.periods.filter(lasts).map(open),
    tokenOptOuts: one.cuts.filter((cut) => cut.reason === 'TOKEN_OFF').map(open),
    cuts: [
      ...one.cuts.flatMap((cut) => (cut.reason === 'TOKEN_OFF' ? [] : [{ ...open(cut), reason: cut.reason }])),
      ...pauses.map((pause) => ({ ...pause, reason: 'PAUSED' as const })),
      ...(one.setAside ? [{ ...dayInterval(day.day), reason: 'QUARANTINED' as const }] : []),
    ],
    balanceKnownFromMs: one.knownFromMs ?? dayStartMs(day.day),
  });
  return countingMs(counting, dayStartMs(day.day));
}

/** A period that was switched off before it began to count (R4) counts nothing. */
function lasts(stretch: Stretch): boolean {
  return stretch.toMs === null || stretch.toMs > stretch.fromMs;
}

function open(stretch: Stretch): OpenInterval {
  return { startMs: stretch.fromMs, endMs: stretch.toMs };
}
