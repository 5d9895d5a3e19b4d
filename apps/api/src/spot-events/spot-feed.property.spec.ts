import {
  applyBalance,
  atoms,
  instant,
  openAccumulator,
  utcDay,
  type Accumulator,
  type CountedBalanceMode,
} from '@app/staking-core';
import { BalanceReadingRepository } from '@app/database';
import fc from 'fast-check';
import { ApiFixture, endOfDay } from '../testing/api-fixture.js';

const DAYS = ['2026-03-10', '2026-03-11', '2026-03-12'] as const;
const UNIT = 10n ** 18n;

interface Said {
  readonly seq: number;
  readonly shard: number;
  readonly [field: string]: unknown;
}

interface Step {
  readonly user: number;
  readonly day: number;
  readonly ms: number;
  readonly free: number;
  readonly locked: number;
  readonly closes: boolean;
}

/** Random steps -> a feed of one shard as a core would say it: out of order in time, some late, days closed in order. */
function feedOf(steps: readonly Step[], shard: number, mode: CountedBalanceMode) {
  const lines: Said[] = [];
  const expected = new Map<string, Accumulator>();
  const free = new Map<string, bigint>();
  const lastMs = new Map<string, bigint>();
  let closed = -1;
  for (const step of steps) {
    const seq = lines.length + 1;
    if (step.closes && closed < DAYS.length - 2) {
      closed += 1;
      lines.push(endOfDay(seq, DAYS[closed]!, shard));
      continue;
    }
    const user = `s${shard}.u${step.user}`;
    // No further ahead than tomorrow: earlier days may still come, late or not.
    const day = DAYS[Math.min(step.day, closed + 2)]!;
    const at = new Date(Date.parse(`${day}T00:00:00.000Z`) + step.ms).toISOString();
    const known = free.get(user);
    const next = BigInt(step.free) * UNIT;
    const delta = next - (known ?? 0n);
    lines.push({
      shard,
      seq,
      user,
      token: 'BNB',
      at,
      ...(known === undefined ? {} : { delta: text(delta) }),
      free: text(next),
      locked: String(step.locked),
      cause: known === undefined ? 'snapshot' : 'trade',
    });
    free.set(user, next);
    const closedThrough = closed < 0 ? null : utcDay(DAYS[closed]!);
    const openFrom = closedThrough === null ? 0n : instant(`${DAYS[closed + 1]!}T00:00:00.000Z`);
    // Never before the open day, never before the account's own line before.
    const atMs = [instant(at), openFrom, lastMs.get(user) ?? 0n].reduce((a, b) => (a > b ? a : b));
    lastMs.set(user, atMs);
    const stated = {
      atMs,
      freeAtoms: atoms(next),
      lockedAtoms: atoms(BigInt(step.locked) * UNIT),
    };
    const before = expected.get(user);
    expected.set(
      user,
      before ? applyBalance(before, stated, mode, closedThrough).state : openAccumulator(stated, mode),
    );
  }
  return { lines, expected };
}

function text(value: bigint): string {
  return (value / UNIT).toString();
}

const steps = fc.array(
  fc.record({
    user: fc.integer({ min: 0, max: 2 }),
    day: fc.integer({ min: 0, max: 2 }),
    ms: fc.oneof(fc.constantFrom(0, 1, 86_399_999), fc.integer({ min: 0, max: 86_399_999 })),
    free: fc.integer({ min: 0, max: 1000 }),
    locked: fc.integer({ min: 0, max: 1 }),
    closes: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  }),
  { minLength: 1, maxLength: 40 },
);
/** Where the sender loses its connection, and how far back it starts again. */
const cuts = fc.array(fc.record({ upTo: fc.nat(40), back: fc.nat(10) }), { maxLength: 6 });

describe('the Spot feed under random resends', () => {
  let api: ApiFixture;
  let run = 0;
  beforeAll(async () => {
    api = await ApiFixture.open('feed property');
    await api.database.affected("UPDATE token_rule SET counted_balance = 'free+locked' WHERE token = 'BNB'");
  });
  afterAll(() => api.close());

  it('R8, R26, R33: exactly once whatever is resent, and equal to the pure accumulator to the atom', async () => {
    await fc.assert(
      fc.asyncProperty(steps, cuts, async (said, breaks) => {
        // Every run has a shard and users of its own.
        const shard = ++run;
        const { lines, expected } = feedOf(said, shard, 'free+locked');
        let next = 0;
        for (const { upTo, back } of [...breaks, { upTo: lines.length, back: 0 }]) {
          const start = Math.max(0, next - back);
          const end = Math.min(lines.length, Math.max(start, upTo));
          if (end === start) continue;
          const answer = await api.feed(lines.slice(start, end));
          expect([answer.status, answer.text]).toEqual([200, answer.text]);
          next = Math.max(next, end);
        }
        const rows = await api.rows<Record<string, string | null>>(
          'SELECT * FROM spot_balance WHERE shard = $1 ORDER BY user_id',
          [shard],
        );
        expect(rows.map(shown)).toEqual([...expected].sort().map(([user, state]) => shownState(user, state)));
        const [{ n }] = (await api.rows<{ n: number }>(
          'SELECT count(*)::int AS n FROM balance_event WHERE shard = $1',
          [shard],
        )) as [{ n: number }];
        expect(n).toBe(lines.filter((one) => 'user' in one).length);
        expect(await api.rows('SELECT * FROM quarantine WHERE shard = $1', [shard])).toEqual([]);
        await expectLogAgrees(api, shard);
        await expectDaysAgree(api, [...expected.keys()]);
      }),
      { numRuns: 100 },
    );
  }, 120_000);
});

function shown(row: Record<string, string | null>) {
  return {
    user: row['user_id'],
    free: row['free'],
    locked: row['locked'],
    day: row['day'],
    integral: row['integral'],
    prevDay: row['prev_day'],
    prevIntegral: row['prev_integral'],
  };
}

function shownState(user: string, state: Accumulator) {
  return {
    user,
    free: state.freeAtoms.toString(),
    locked: state.lockedAtoms.toString(),
    day: state.day,
    integral: state.acc.toString(),
    prevDay: state.prevDay,
    prevIntegral: state.prevDay === null ? null : state.prevAcc.toString(),
  };
}

/** The slots against the log itself: balance at the end of the slot's day x day, less what each change came too late for. */
async function expectLogAgrees(api: ApiFixture, shard: number): Promise<void> {
  const wrong = await api.rows(
    `SELECT s.user_id, slot.day FROM spot_balance s
     CROSS JOIN LATERAL (VALUES (s.day, s.integral), (s.prev_day, s.prev_integral)) AS slot(day, integral)
     WHERE s.shard = $1 AND slot.day IS NOT NULL AND slot.integral <> (
       SELECT sum((e.free_delta + e.locked_delta) * CASE WHEN e.day < slot.day THEN 86400000
              WHEN e.day = slot.day THEN 86400000 - e.ms_of_day ELSE 0 END)
       FROM balance_event e WHERE e.user_id = s.user_id AND e.token = s.token)`,
    [shard],
  );
  expect(wrong).toEqual([]);
}

/** What the first line since says of 00:00, against the balance now less everything logged since. */
async function expectDaysAgree(api: ApiFixture, users: readonly string[]): Promise<void> {
  const reading = new BalanceReadingRepository(api.database);
  const read: unknown[] = [];
  for (const user of users) {
    for (const day of DAYS) {
      for (const { free, locked, events } of await reading.loggedDays(user, ['BNB'], day))
        read.push({ user, day, free, locked, lines: events.length });
    }
  }
  const expected = await api.rows(
    `SELECT s.user_id AS user, d AS day, (s.free - coalesce(sum(e.free_delta), 0))::text AS free,
            (s.locked - coalesce(sum(e.locked_delta), 0))::text AS locked, count(*) FILTER (WHERE e.day = d)::int AS lines
     FROM unnest($1::text[]) WITH ORDINALITY AS u(user_id, place) JOIN spot_balance s USING (user_id) CROSS JOIN unnest($2::date[]) d
     LEFT JOIN balance_event e ON e.user_id = s.user_id AND e.token = s.token AND e.day >= d
     GROUP BY u.place, s.user_id, s.token, d ORDER BY u.place, d`,
    [users, DAYS],
  );
  expect(read).toEqual(expected);
}
