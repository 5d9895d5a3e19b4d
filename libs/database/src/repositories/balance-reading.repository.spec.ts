import { openTestDatabase, type TestDatabase } from '@app/platform';
import { bucketOf } from '../bucket.js';
import { Database } from '../database.js';
import { BalanceReadingRepository } from './balance-reading.repository.js';
import { DayPartitionRepository } from './day-partition.repository.js';
import { LogIndexRepository } from './log-index.repository.js';
import { type LoggedEvent, SpotFeedRepository } from './spot-feed.repository.js';

const DAYS = ['2026-03-09', '2026-03-10', '2026-03-11', '2026-03-12'] as const;
const [BEFORE, DAY, NEXT, TODAY] = DAYS;

/** A balance as it is after a line; the line's delta is what that changes. */
interface Said {
  readonly user: string;
  readonly token?: 'ADA' | 'BNB';
  readonly day: string;
  readonly ms?: number;
  readonly free: bigint;
  readonly locked?: bigint;
  readonly stated?: bigint;
}

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly PlanNode[];
}

describe('a day of one user, as the log has it', () => {
  let test: TestDatabase;
  let db: Database;
  let reading: BalanceReadingRepository;
  const feed = new SpotFeedRepository();
  let seq = 0n;

  beforeEach(async () => {
    test = await openTestDatabase('balance reading');
    db = await Database.open(test.url, { poolSize: 2 });
    await db.migrate();
    reading = new BalanceReadingRepository(db);
    for (const token of ['ADA', 'BNB']) {
      await db.affected(
        `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ($1, $1, 'x', 0, 0, '2025-01-01')`,
        [token],
      );
    }
    await new DayPartitionRepository(db).ensure('balance_event', DAYS);
  });
  afterEach(async () => {
    await db.close();
    await test.drop();
  });

  /** Lines in the core's order, ADA's by a shard of its own; the log receives them backwards, as it well may. */
  async function say(said: readonly Said[]): Promise<void> {
    const known = new Map<string, { free: bigint; locked: bigint }>();
    const events = said.map(({ user, token = 'BNB', day, ms = 0, free, locked = 0n, stated }): LoggedEvent => {
      const before = known.get(user + token) ?? { free: 0n, locked: 0n };
      known.set(user + token, { free, locked });
      const applied = { freeDelta: free - before.free, lockedDelta: locked - before.locked };
      const shard = token === 'ADA' ? 1 : 0;
      seq += 1n;
      const line = { day, user, token, shard, seq, msOfDay: ms, free, locked, cause: 'trade', ...applied };
      return { ...line, statedDelta: stated ?? null };
    });
    await db.transaction((tx) => feed.appendLog(tx, [...events].reverse()));
    for (const { user, token, shard, day, free, locked } of events) {
      await db.affected(
        `INSERT INTO spot_balance (user_id, token, bucket, shard, free, locked, known_from, last_at, day, integral)
         VALUES ($1, $2, $3, $4, $5, $6, $7::date, $7::date, $7::date, 0)
         ON CONFLICT (user_id, token) DO UPDATE SET free = $5, locked = $6, last_at = $7::date, day = $7::date`,
        [user, token, bucketOf(user), shard, free, locked, day],
      );
    }
  }

  const openings = async (user: string, tokens = ['BNB']) =>
    Object.fromEntries(
      await Promise.all(
        DAYS.map(async (day) => {
          const logged = await reading.loggedDays(user, tokens, day);
          return [day, logged.map((one) => `${one.token} ${one.free}+${one.locked}`).sort()] as const;
        }),
      ),
    );

  it('R33: at 00:00 a balance was what the first line since says it was before it, whenever that came', async () => {
    await say([
      { user: 'a', day: BEFORE, free: 5n, locked: 1n },
      { user: 'a', day: DAY, ms: 7, free: 8n, locked: 0n },
      { user: 'a', day: DAY, ms: 7, free: 3n, locked: 2n },
      { user: 'a', day: TODAY, free: 9n, locked: 2n },
      { user: 'b', day: BEFORE, free: 4n },
    ]);
    expect(await openings('a')).toEqual({
      [BEFORE]: ['BNB 0+0'],
      [DAY]: ['BNB 5+1'],
      // From a line that came a day later than the day that is asked for.
      [NEXT]: ['BNB 3+2'],
      [TODAY]: ['BNB 3+2'],
    });
    const [day] = await reading.loggedDays('a', ['BNB'], DAY);
    expect(day!.events.map((one) => [one.free, one.locked])).toEqual([
      [8n, 0n],
      [3n, 2n],
    ]);
    expect((await reading.loggedDays('a', ['BNB'], NEXT))[0]!.events).toEqual([]);
    // No line since: the balance now.
    expect(await openings('b')).toMatchObject({ [BEFORE]: ['BNB 0+0'], [DAY]: ['BNB 4+0'], [TODAY]: ['BNB 4+0'] });
    expect(await reading.loggedDays('nobody', ['BNB'], DAY)).toEqual([]);
  });

  it('R26: before the snapshot that a balance is known from it was nothing, and a mismatch counts as applied', async () => {
    await say([
      { user: 'a', day: NEXT, free: 7n, locked: 1n },
      // The core says 1 more and states 5: what was applied is 2 less.
      { user: 'a', day: TODAY, free: 5n, locked: 1n, stated: 1n },
    ]);
    expect(await openings('a')).toEqual({
      [BEFORE]: ['BNB 0+0'],
      [DAY]: ['BNB 0+0'],
      [NEXT]: ['BNB 0+0'],
      [TODAY]: ['BNB 7+1'],
    });
  });

  it('R33: of several tokens each has its own lines, of its own shard', async () => {
    await say([
      { user: 'a', token: 'ADA', day: BEFORE, free: 20n },
      { user: 'a', day: DAY, free: 3n },
      { user: 'a', token: 'ADA', day: NEXT, free: 30n },
      { user: 'a', day: TODAY, free: 4n },
    ]);
    expect(await openings('a', ['ADA', 'BNB'])).toEqual({
      [BEFORE]: ['ADA 0+0', 'BNB 0+0'],
      [DAY]: ['ADA 20+0', 'BNB 0+0'],
      [NEXT]: ['ADA 20+0', 'BNB 3+0'],
      [TODAY]: ['ADA 30+0', 'BNB 3+0'],
    });
  });

  describe('which leaves are looked into', () => {
    /** Of the log, by the statement as it is asked; `leaf (index)` where it was found by an index. */
    async function lookedInto(user: string, tokens: readonly string[], day: string): Promise<string[]> {
      const found: string[] = [];
      const visit = (node: PlanNode): void => {
        const { 'Relation Name': leaf, 'Index Name': index, 'Actual Loops': loops, Plans: inner = [] } = node;
        const name = leaf ?? index;
        if (loops > 0 && name?.startsWith('balance_event')) found.push(index === undefined ? name : `${index} (index)`);
        inner.forEach(visit);
      };
      const explaining = Object.assign(Object.create(db) as Database, {
        rows: async (text: string, values: readonly unknown[]) => {
          const [row] = await db.rows<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
            `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
            values,
          );
          visit(row!['QUERY PLAN'][0].Plan);
          return [];
        },
      });
      await new BalanceReadingRepository(explaining).loggedDays(user, tokens, day);
      // A bitmap names its leaf and its index, each in a node of its own.
      return found.filter((name) => !found.includes(`${name}_user (index)`)).sort();
    }

    beforeEach(async () => {
      await say([
        { user: 'a', day: BEFORE, free: 5n },
        { user: 'a', day: DAY, free: 6n },
        { user: 'a', day: TODAY, free: 7n },
        { user: 'b', day: BEFORE, free: 5n },
        { user: 'b', day: TODAY, free: 6n },
        { user: 'c', day: DAY, free: 5n },
      ]);
      // Others, so that a leaf is more than a page.
      await db.affected(
        `INSERT INTO balance_event SELECT d::date, 'other' || n, 'BNB', 0, 100 + n, 0, 1, 0, 1, 0, 'trade', NULL
         FROM generate_series(1, 5000) n CROSS JOIN unnest($1::text[]) d`,
        [DAYS],
      );
      await db.affected('ANALYZE balance_event');
      for (const day of ['20260309', '20260310', '20260311'])
        await db.transaction((tx) => new LogIndexRepository().build(tx, `balance_event_${day}_bnb`));
    });

    it('R33: a paid day is read by its index, and no later day when the user has a line on it', async () => {
      expect(await lookedInto('a', ['BNB'], DAY)).toEqual(['balance_event_20260310_bnb_user (index)']);
    });

    it('R33: days are looked into in their order, up to the first line', async () => {
      expect(await lookedInto('b', ['BNB'], DAY)).toEqual([
        'balance_event_20260310_bnb_user (index)',
        'balance_event_20260311_bnb_user (index)',
        'balance_event_20260312_bnb',
      ]);
      expect(await lookedInto('a', ['BNB'], NEXT)).toEqual([
        'balance_event_20260311_bnb_user (index)',
        'balance_event_20260312_bnb',
      ]);
    });

    it('R33: no day after the one on which a balance moved last, and nothing of what it is not held in', async () => {
      expect(await lookedInto('c', ['BNB'], DAY)).toEqual(['balance_event_20260310_bnb_user (index)']);
      expect(await lookedInto('c', ['BNB'], NEXT)).toEqual([]);
      expect(await lookedInto('b', ['ADA', 'BNB'], TODAY)).toEqual(['balance_event_20260312_bnb']);
    });
  });
});
