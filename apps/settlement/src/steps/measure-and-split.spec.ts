import fc from 'fast-check';
import {
  addDays,
  atoms,
  type BalanceEvent,
  balanceSegments,
  changesOf,
  type CountedBalanceMode,
  countedBalance,
  countedIntegral,
  countingIntervals,
  type Cut,
  dailyAverage,
  dayOf,
  dayStartMs,
  type DaySplit,
  formatInstant,
  instant,
  type OpenInterval,
  splitDay,
  type TokenRules,
  type UtcDay,
  utcDay,
} from '@app/staking-core';
import { SettlementWorld, type StatedBalance } from '../testing/settlement-world.js';
import { waitForFinalData } from './1-wait-for-final-data.js';
import { measureBalances } from './2-measure-balances.js';
import { decideWhoQualifies } from './3-decide-who-qualifies.js';
import { splitPool } from './4-split-pool.js';
import { checkDay } from './5-check-day.js';

const DAY = 86_400_000;
const ms = fc.oneof(fc.constantFrom(0, 1, 43_200_000, 86_399_999), fc.integer({ min: 0, max: DAY - 1 }));
/** Up to 60 digits: far beyond 128 bits once multiplied by milliseconds (R1). */
const amount = fc.oneof(
  fc.constantFrom(0n, 1n, 1000n, 999n, 10n ** 60n),
  fc.bigInt(0n, 5000n),
  fc.bigInt(0n, 10n ** 30n),
);
const around = fc.oneof(fc.constantFrom(0, DAY), fc.integer({ min: -DAY, max: 2 * DAY }));

const period = fc.oneof(
  { weight: 4, arbitrary: fc.constant<[number, number | null][]>([[-30 * DAY, null]]) },
  fc.constant<[number, number | null][]>([]),
  fc.constant<[number, number | null][]>([[0, null]]),
  fc.constant<[number, number | null][]>([[DAY, null]]),
  { weight: 3, arbitrary: ms.map((end): [number, number | null][] => [[-5 * DAY, end]]) },
  // Off at `end` and on again: anew at the next 00:00 (R5).
  ms.map((end): [number, number | null][] => [
    [-5 * DAY, end],
    [DAY, null],
  ]),
  // Off before it ever counted (R4).
  ms.map((end): [number, number | null][] => [
    [DAY, end],
    [DAY, null],
  ]),
);
const cut = fc.record({
  everyToken: fc.boolean(),
  reason: fc.constantFrom(
    'TOKEN_OFF' as const,
    'TERMS' as const,
    'REGION' as const,
    'BANNED' as const,
    'CLOSED' as const,
  ),
  from: around,
  length: fc.option(fc.oneof(fc.constant(DAY), fc.integer({ min: 1, max: DAY }))),
});
const line = fc.record({ day: fc.integer({ min: -2, max: 3 }), ms, free: amount, locked: amount });
const user = fc.record({
  owner: fc.option(fc.constantFrom('olga', 'otto'), { freq: 2 }),
  shard: fc.constantFrom(0, 1, 2),
  periods: period,
  // When a switch is heard of beside the feed: before any line, in its place, three hours late, after the day's last line.
  told: fc.constantFrom(-100 * DAY, 0, 0, 10_800_000, 100 * DAY),
  cuts: fc.boolean().chain((some) => fc.array(cut, { maxLength: some ? 2 : 0 })),
  lines: fc.array(line, { maxLength: 7 }),
  quarantined: fc
    .boolean()
    .map((no) => no)
    .chain((one) => fc.boolean().map((two) => one && two)),
});
const scenario = fc.record({
  users: fc.array(user, { minLength: 1, maxLength: 10 }),
  mode: fc.constantFrom<CountedBalanceMode>('free', 'free+locked'),
  min: fc.constantFrom(0n, 1n, 1000n),
  cap: fc.constantFrom(1000n, 5000n, 10n ** 29n),
  feeBps: fc.constantFrom(0, 777),
  payoutDecimals: fc.constantFrom(0, 2),
  reward: fc.bigInt(0n, 10n ** 24n),
  stake: fc.oneof(fc.constant(0n), fc.bigInt(1n, 10n ** 31n)),
  boost: fc.option(fc.bigInt(1n, 10n ** 6n), { freq: 2 }),
  pause: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    fc.record({ from: around, length: fc.option(fc.integer({ min: 1, max: DAY })) }),
  ),
  setAside: fc.boolean(),
  later: fc.constantFrom(0, 1, 2, 4, 4),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

describe('steps 2 to 4 in SQL against the pure rules, to the atom', () => {
  let world: SettlementWorld;
  let cases = 0;

  beforeAll(async () => {
    world = await SettlementWorld.open('measure and split');
  });
  afterAll(() => world.close());

  it('R3-R10, R16, R20, R26: any users, any events, any cuts', async () => {
    const seen = { left: 0, partial: 0, log: 0, paid: 0, capped: 0 };
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        cases += 1;
        const unit = { day: addDays(utcDay('2026-01-01'), cases * 10), token: `T${cases}` };
        const expected = expectedSplit(given, unit.day, unit.token, cases);
        await settleInStages(world, given, unit, cases);

        const rows = await world.db.rows<{ user_id: string; average: string; weight: string; amount: string }>(
          'SELECT user_id, average, weight, amount FROM reward WHERE day = $1 AND token = $2 ORDER BY user_id',
          [unit.day, unit.token],
        );
        expect(rows).toEqual(
          expected.rewards
            .map((one) => ({
              user_id: one.user,
              average: one.averageAtoms.toString(),
              weight: one.weightAtoms.toString(),
              amount: one.rewardAtoms.toString(),
            }))
            .sort((a, b) => (a.user_id < b.user_id ? -1 : 1)),
        );
        const row = await world.settlement(unit);
        expect(row).toMatchObject({
          qualifying: expected.qualifyingAtoms.toString(),
          pool: expected.pool.poolAtoms.toString(),
          paid: expected.paidAtoms.toString(),
          leftover: expected.leftoverAtoms.toString(),
        });
        // R22a: the third opinion, from the log alone. (Random stakes have no plausible rate.)
        const checks = await world.db.rows<{ name: string; detail: string }>(
          `SELECT name, detail FROM settlement_check WHERE day = $1 AND token = $2 AND NOT passed AND name <> 'rate'`,
          [unit.day, unit.token],
        );
        expect(checks).toEqual([]);
        const [partial] = await world.db.rows<{ n: number }>(
          'SELECT count(*)::int AS n FROM partial_balance WHERE token = $1',
          [unit.token],
        );
        const [left] = await world.db.rows<{ n: number }>(
          `SELECT count(*)::int AS n FROM spot_balance s WHERE token = $1 AND left_integral > 0 AND counts_to > $2
             AND counts_to < $2::timestamptz + interval '1 day'
             AND NOT EXISTS (SELECT 1 FROM partial_balance p WHERE p.token = $1 AND p.user_id = s.user_id)`,
          [unit.token, formatInstant(dayStartMs(unit.day))],
        );
        seen.left += left?.n ?? 0;
        seen.partial += partial?.n ?? 0;
        seen.log += row['balances_from'] === 'log' ? 1 : 0;
        seen.paid += rows.length;
        seen.capped += rows.filter((one) => one.weight !== one.average).length;
      }),
      {
        numRuns: Number(process.env['RUNS'] ?? '50'),
        seed: Number(process.env['SEED'] ?? '20261119'),
        endOnFailure: true,
      },
    );
    // The generator must reach what it is for.
    const few = Object.entries(seen).filter(([, count]) => count <= 4);
    expect(few).toEqual([]);
  }, 120_000);
});

/** What a user says, heard of when the feed has come as far as `ms` of the day; a user's own in order of `place`. */
interface Switch {
  readonly ms: number;
  readonly place: number;
  readonly run: () => Promise<void>;
}

const name = (number: number, index: number): string => `c${number}_u${index}`;

function linesOf(given: Scenario, day: UtcDay, token: string, number: number): StatedBalance[] {
  const start = dayStartMs(day);
  return given.users
    .flatMap((one, index) =>
      one.lines.map((each, place) => ({
        user: name(number, index),
        token,
        shard: one.shard,
        at: formatInstant(start + BigInt(each.day) * 86_400_000n + BigInt(each.ms)),
        free: each.free,
        locked: each.locked,
        place,
      })),
    )
    .sort((a, b) => (a.at === b.at ? a.place - b.place : a.at < b.at ? -1 : 1));
}

async function settleInStages(
  world: SettlementWorld,
  given: Scenario,
  unit: { day: UtcDay; token: string },
  number: number,
): Promise<void> {
  const { day, token } = unit;
  const start = dayStartMs(day);
  const at = (offset: number): string => formatInstant(start + BigInt(offset));
  await world.token(token, {
    decimals: 2,
    payoutDecimals: given.payoutDecimals,
    min: given.min,
    cap: given.cap,
    feeBps: given.feeBps,
    counted: given.mode,
    maxDailyRatePpb: 9n * 10n ** 18n,
  });
  const switches: Switch[] = [];
  for (const [index, one] of given.users.entries()) {
    await world.user(name(number, index), {
      on: null,
      ...(one.owner === null ? {} : { owner: `${number}${one.owner}` }),
    });
    for (const [place, [from, to]] of one.periods.entries()) {
      const user = name(number, index);
      const before = one.periods[place - 1]?.[1] ?? null;
      if (before === null) await world.period(user, at(from), null);
      else switches.push({ ms: before + one.told, place, run: () => world.period(user, at(from), null) });
      if (to !== null) switches.push({ ms: to + one.told, place, run: () => world.leave(user, at(to)) });
    }
    const cuts = new Map(one.cuts.map((each) => [`${each.everyToken} ${each.reason} ${each.from}`, each]));
    for (const each of cuts.values()) {
      await world.cut(
        name(number, index),
        each.everyToken ? '*' : token,
        each.reason,
        at(each.from),
        each.length === null ? null : at(each.from + each.length),
      );
    }
    if (one.quarantined) {
      await world.db.affected(
        `INSERT INTO quarantine (user_id, token, day, reason, shard, seq) VALUES ($1, $2, $3, 'MISMATCH', 0, 1)`,
        [name(number, index), token, day],
      );
    }
  }
  if (given.pause) {
    await world.db.affected('INSERT INTO token_pause (token, starts_at, ends_at, reason) VALUES ($1, $2, $3, $4)', [
      token,
      at(given.pause.from),
      given.pause.length === null ? null : at(given.pause.from + given.pause.length),
      'test',
    ]);
  }
  if (given.boost) {
    await world.db.affected(
      `INSERT INTO boost (token, day, reason, amount, made_by, approved_by) VALUES ($1, $2, 'x', $3, 'a', 'b')`,
      [token, day, given.boost],
    );
  }
  const lines = linesOf(given, day, token, number);
  const next = addDays(day, 1);
  let open = lines.filter((one) => one.at < next);
  for (const each of switches.sort((a, b) => a.ms - b.ms || a.place - b.place)) {
    const first = open.filter((one) => instant(one.at) < start + BigInt(each.ms));
    await world.say(first);
    open = open.slice(first.length);
    await each.run();
  }
  await world.say(open);
  // The feed flows on while the day is settled: what is said later must not change anything.
  const later = lines.filter((one) => one.at >= next);
  const share = Math.ceil(later.length / 4);
  const stage = (index: number): Promise<void> => world.say(later.slice(index * share, (index + 1) * share));
  // Needs at least one known account of the token, or there is no first day.
  await world.user(`c${number}_idle`, { on: null });
  await world.say([{ user: `c${number}_idle`, token, at: at(-DAY), free: 10n ** 20n }]);
  for (const shard of [0, 1]) await world.closeShard(given.setAside ? next : day, shard);
  await world.closeShard(given.setAside ? addDays(day, -1) : day, 2);
  await world.db.affected('UPDATE feed_shard SET gap_expected = $1, gap_got = $1 WHERE shard = 2', [
    given.setAside ? 7 : null,
  ]);
  await world.chainSays(unit, given.stake, [{ key: 'r', amount: given.reward }], 10n ** 60n);

  const tools = world.tools();
  await tools.settlements.openDueDays(world.db);
  const stages = [stage, stage, stage, stage];
  const early = given.later;
  const run = async (index: number): Promise<void> => {
    if (index >= early) await stages[index]?.(index);
  };
  for (let index = 0; index < early; index += 1) await stage(index);
  expect(await waitForFinalData(unit, tools)).toBe('final');
  await run(0);
  expect(await measureBalances(unit, tools)).toBe('measured');
  await run(1);
  expect(await decideWhoQualifies(unit, tools)).toBe('qualified');
  await run(2);
  expect(await splitPool(unit, tools)).toBe('split');
  await run(3);
  await checkDay(unit, tools);
}

function expectedSplit(given: Scenario, day: UtcDay, token: string, number: number): DaySplit {
  const start = dayStartMs(day);
  const span = (from: number, length: number | null): OpenInterval => ({
    startMs: start + BigInt(from),
    endMs: length === null ? null : start + BigInt(from + length),
  });
  const lines = linesOf(given, day, token, number);
  const accounts = given.users.flatMap((one, index) => {
    const mine = lines.filter((each) => each.user === name(number, index));
    const events: BalanceEvent[] = mine.map((each, seq) => ({
      atMs: instant(each.at),
      seq: BigInt(seq),
      freeAtoms: atoms(each.free),
      lockedAtoms: atoms(each.locked ?? 0n),
    }));
    const before = events.filter((each) => each.atMs < start).at(-1);
    const opening = before ?? { freeAtoms: atoms(0n), lockedAtoms: atoms(0n) };
    const today = events.filter((each) => dayOf(each.atMs) === day);
    const cuts: Cut[] = one.cuts.flatMap((each) =>
      each.reason === 'TOKEN_OFF' ? [] : [{ ...span(each.from, each.length), reason: each.reason }],
    );
    if (given.pause) cuts.push({ ...span(given.pause.from, given.pause.length), reason: 'PAUSED' });
    if (one.quarantined || (given.setAside && one.shard === 2)) cuts.push({ ...span(0, DAY), reason: 'QUARANTINED' });
    const { counting } = countingIntervals({
      day,
      periods: one.periods
        .filter(([from, to]) => to === null || to > from)
        .map(([from, to]) => span(from, to === null ? null : to - from)),
      tokenOptOuts: one.cuts.filter((each) => each.reason === 'TOKEN_OFF').map((each) => span(each.from, each.length)),
      cuts,
      balanceKnownFromMs: events[0]?.atMs ?? null,
    });
    const segments = balanceSegments(day, countedBalance(opening, given.mode), changesOf(opening, today, given.mode));
    const averageAtoms = dailyAverage(countedIntegral(segments, counting));
    return events.length === 0 ? [] : [{ user: name(number, index), owner: one.owner, averageAtoms }];
  });
  const rules: TokenRules = {
    token,
    decimals: 2,
    payoutDecimals: given.payoutDecimals,
    minAtoms: atoms(given.min),
    capAtoms: atoms(given.cap),
    releaseDays: 1,
    feeBps: given.feeBps,
    countedBalance: given.mode,
    maxDailyRatePpb: 1n,
    trendMultiple: 2,
    rulesVersion: 'test',
  };
  return splitDay({
    rules,
    releasedAtoms: atoms(given.reward),
    stakeAtoms: atoms(given.stake),
    leftoverBeforeAtoms: atoms(0n),
    boostAtoms: atoms(given.boost ?? 0n),
    accounts,
  });
}
