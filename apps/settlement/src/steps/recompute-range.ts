import {
  BALANCE,
  type Buckets,
  type CopiedLine,
  REWARD,
  type RulesOfDay,
  type SettlementRow,
  SLICES,
  type Slices,
  type Transaction,
} from '@app/database';
import {
  AFTER_THE_DAY,
  AverageDigits,
  averageFromNow,
  countedAfter,
  IndependentPrints,
  type IndependentFindings,
  invariant,
  KeyHashes,
  KEYS_AT_ONCE,
} from '@app/staking-core';
import type { SettlementTools } from '../settlement-tools.js';
import { compareRows } from './compare-rows.js';
import { CountingLists, open } from './counting-lists.js';
import { type Moved, readMoved } from './read-moved.js';
import { known } from './step.js';

/** What looks at the slices of a range one after the other. */
type LookAt = (slices: Slices, moved: Moved) => Promise<void>;

/**
 * R22a: a range of users once more, from the event log, by other code than the SQL of steps 2 to 4: intervals and
 * arithmetic are staking-core's, the accumulators and partial balances are not looked at. Who takes part is read once for
 * all tokens; four streams are the token's: whose balance counts otherwise, what changed, the present balances, and the
 * stored rewards. Only users of the first two take memory, and no more than this range's part of `checkUsers` of them: a
 * range that has more is cut in half. Rewards are compared by their print; only when it differs, row by row, to say where.
 */
export async function recomputeRange(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  range: Buckets,
  tools: SettlementTools,
): Promise<IndependentFindings> {
  const figures = { qualifyingAtoms: known(day.qualifying, 'qualifying'), poolAtoms: known(day.pool, 'pool') };
  const pauses = (await tools.check.pauses(tx, day)).map(open);
  const lists = new CountingLists(day, pauses, await tools.periods.of(tx, day.day));
  const inSlices = (look: LookAt): Promise<void> => eachSlices(tx, day, rules, range, lists, look, tools);

  const prints = new IndependentPrints(rules, figures);
  await inSlices((slices, moved) => expectRewards(tx, day, rules, slices, moved, prints, tools));
  await readRewards(tx, day, allOf(range), prints, tools);
  const findings = prints.findings();
  if (findings !== null) return findings;
  const compared = await compareRows(tx, day, rules, figures, inSlices, tools);
  invariant(compared.differences > 0, 'prints differ where rows do (R22)', { day: day.day, token: day.token });
  return compared;
}

/** The database's own slices, not the stored bucket, which may be wrong. */
function allOf(range: Buckets): Slices {
  const each = SLICES / 64;
  return { first: range.first * each, last: (range.last + 1) * each - 1 };
}

async function eachSlices(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  range: Buckets,
  lists: CountingLists,
  look: LookAt,
  tools: SettlementTools,
): Promise<void> {
  const todo: Slices[] = [allOf(range)];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const moved = await readMoved(tx, day, rules, next, lists, tools);
    if (moved !== null) {
      await look(next, moved);
      continue;
    }
    const middle = (next.first + next.last) >> 1;
    todo.push({ first: middle + 1, last: next.last }, { first: next.first, last: middle });
  }
}

/** What everybody who holds the token should have. */
async function expectRewards(
  tx: Transaction,
  day: SettlementRow,
  rules: RulesOfDay,
  slices: Slices,
  { sums, lists, owners }: Moved,
  prints: IndependentPrints,
  tools: SettlementTools,
): Promise<void> {
  const hashes = new KeyHashes();
  const places = new Int32Array(KEYS_AT_ONCE);
  const notes = new Int32Array(KEYS_AT_ONCE);
  const usual = new Int32Array(KEYS_AT_ONCE);
  const digits = new AverageDigits();
  const expectOne = (line: CopiedLine, place: number, note: number): void => {
    const { bytes } = line;
    const [from, to] = [line.from(BALANCE.user), line.to(BALANCE.user)];
    const [nowFrom, nowTo] = [line.from(BALANCE.now), line.to(BALANCE.now)];
    const counts = lists.counting(note);
    if (counts.length === 0) return;
    const counted = countedAfter(counts, 0);
    const owner = owners.get(place);
    if (owner !== undefined) {
      prints.expectOwned(bytes, from, to, averageFromNow(line.bigint(BALANCE.now), counts, sums, place), owner);
    } else if (place < 0 && counted === AFTER_THE_DAY) {
      // Nothing moved, and all of it counts: the average is the balance.
      prints.expect(bytes, from, to, bytes, nowFrom, nowTo);
    } else {
      digits.work(sums, place, counted, bytes, nowFrom, nowTo);
      prints.expect(bytes, from, to, digits.bytes, digits.start, digits.end);
    }
  };
  await tools.dayLog.balances(tx, day, rules, slices, (line, count) => {
    hashes.clear();
    for (let n = 0; n < count; n += 1) hashes.add(line.look(n).bytes, line.from(BALANCE.user), line.to(BALANCE.user));
    sums.findEach(hashes, places);
    sums.notesOf(places, count, notes);
    lists.ofEach(hashes, usual);
    for (let n = 0; n < count; n += 1) {
      const place = places[n] as number;
      expectOne(line.look(n), place, (place < 0 ? usual[n] : notes[n]) as number);
    }
  });
}

async function readRewards(
  tx: Transaction,
  day: SettlementRow,
  slices: Slices,
  prints: IndependentPrints,
  tools: SettlementTools,
): Promise<void> {
  await tools.dayLog.rewards(tx, day, slices, (line) => {
    const weight = line.isNull(REWARD.weight) ? REWARD.average : REWARD.weight;
    const [from, to] = [line.from(weight), line.to(weight)];
    prints.store(line.bytes, line.from(REWARD.user), to, from, to, line.from(REWARD.amount), line.to(REWARD.amount));
  });
}
