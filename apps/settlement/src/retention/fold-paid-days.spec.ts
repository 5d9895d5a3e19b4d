import {
  foldOf,
  RewardCatalogueRepository,
  RewardFoldRepository,
  RewardHistoryRepository,
  rewardLeafOf,
} from '@app/database';
import { createLogger } from '@app/platform';
import { addDays, type UtcDay, utcDay } from '@app/staking-core';
import { SettlementWorld } from '../testing/settlement-world.js';
import { BNB, closeDay, FIRST_DAY, tenHolders } from '../testing/trading-days.js';
import { foldPaidDays, type FoldTools } from './fold-paid-days.js';

const leafOf = (name: string) => rewardLeafOf(name)!;

describe('which leaves are folded', () => {
  // 2026-11-11 is the first day of a block of sixteen.
  const ready = (...days: string[]) => new Set(days.map((day) => `2026-11-${day}`));
  it.each([
    ['one day of one token', ['reward_20261119_bnb'], ready('19'), '20261119_to_20261120', 1],
    ['a day of two tokens', ['reward_20261119_bnb', 'reward_20261119_sol'], ready('19'), '20261119_to_20261120', 2],
    [
      'what is folded with the day after',
      ['reward_20261119_to_20261120', 'reward_20261120_bnb'],
      ready('19', '20'),
      '20261119_to_20261121',
      2,
    ],
    [
      'a day before a day that is open',
      ['reward_20261119_bnb', 'reward_20261120_bnb'],
      ready('19'),
      '20261119_to_20261120',
      1,
    ],
    [
      'days after a day that is held',
      ['reward_20261119_bnb', 'reward_20261120_bnb', 'reward_20261121_bnb'],
      ready('20', '21'),
      '20261120_to_20261122',
      2,
    ],
    [
      'nothing over the end of a block',
      ['reward_20261111_to_20261127', 'reward_20261127_bnb'],
      ready(...Array.from({ length: 17 }, (_, index) => String(11 + index))),
      '20261127_to_20261128',
      1,
    ],
    [
      'nothing over a day that has no leaf',
      ['reward_20261119_to_20261120', 'reward_20261121_bnb'],
      ready('19', '20', '21'),
      '20261121_to_20261122',
      1,
    ],
  ])('%s', (_name, leaves, days, to, sources) => {
    const fold = foldOf(leaves.map(leafOf), days);
    expect(fold).toMatchObject({ name: `reward_${to}` });
    expect(fold!.sources).toHaveLength(sources);
  });
  it.each([
    ['a day that lies in one leaf', ['reward_20261119_to_20261121'], ready('19', '20')],
    ['a day that is not paid', ['reward_20261119_bnb', 'reward_20261119_sol'], ready()],
    ['no leaf at all', [], ready('19')],
  ])('not %s', (_name, leaves, days) => {
    expect(foldOf(leaves.map(leafOf), days)).toBeUndefined();
  });
});

describe('folding paid days', () => {
  let world: SettlementWorld;
  let history: RewardHistoryRepository;
  const folds = new RewardFoldRepository();
  const catalogue = new RewardCatalogueRepository();
  const day = (n: number): UtcDay => addDays(FIRST_DAY, n);
  const tools = (reach: FoldTools['reach'] = () => undefined): FoldTools => ({
    db: world.db,
    folds,
    log: createLogger({ app: 'settlement', level: 'silent' }),
    reach,
  });
  const leaves = async (): Promise<string[]> => (await catalogue.read(world.db)).leaves.map((leaf) => leaf.name);
  const pageOf = (user: string, more: { token?: string; limit?: number } = {}) =>
    history.page({
      user,
      token: more.token ?? null,
      from: day(-30),
      to: day(30),
      after: null,
      limit: more.limit ?? 100,
    });
  /** A tick without its own folding, which would be there before the test looks. */
  const settle = async (tokens: readonly string[], n: number): Promise<void> => {
    for (const token of tokens) await closeDay(world, day(n), BNB / 1000n + BigInt(n), token);
    const run = world.run();
    Object.assign(run, { mayFold: false, fold: () => Promise.resolve() });
    await run.tick();
  };

  beforeEach(async () => {
    world = await SettlementWorld.open('folding');
    history = new RewardHistoryRepository(world.db);
    await tenHolders(world);
    await tenHolders(world, 'ADA');
  });
  afterEach(() => world.close());

  it('every list says the same before and after, and credits say when they were confirmed (R33)', async () => {
    await world.user('banned', { status: 'banned' });
    await world.say([{ user: 'banned', free: 5n * BNB, at: `${day(0)}T00:00:00.000Z` }]);
    for (let n = 0; n < 3; n += 1) await settle(['BNB', 'ADA'], n);
    const users = ['u0', 'u5', 'u9', 'banned', 'nobody'];
    const before = await Promise.all(users.map((user) => pageOf(user)));
    expect(before.map((page) => page.rows.length)).toEqual([6, 6, 6, 3, 0]);
    expect(new Set(before[3]!.rows.map((row) => row.state))).toEqual(new Set(['held']));
    expect(before[0]!.rows.map((row) => `${row.day} ${row.token}`)).toEqual(
      [2, 1, 0].flatMap((n) => [`${day(n)} ADA`, `${day(n)} BNB`]),
    );
    const single = () =>
      Promise.all(users.flatMap((user) => [0, 1, 2, 3].map((n) => history.one(user, 'BNB', day(n)))));
    const ones = await single();
    expect(ones.filter((row) => row !== undefined)).toEqual(
      before.flatMap((page) => page.rows.filter((row) => row.token === 'BNB').reverse()),
    );
    const all = await world.db.rows(
      'SELECT user_id, day, token, bucket, average, weight, amount FROM reward ORDER BY 1, 2, 3',
    );
    expect(await foldPaidDays(tools())).toBe(true);
    expect(await leaves()).toEqual(['reward_20261119_to_20261122']);
    // Each by itself first: it has to find out by itself that its leaf is gone.
    expect(await single()).toEqual(ones);
    expect(await Promise.all(users.map((user) => pageOf(user)))).toEqual(before);
    expect(
      await world.db.rows('SELECT user_id, day, token, bucket, average, weight, amount FROM reward ORDER BY 1, 2, 3'),
    ).toEqual(all);
    expect(before[0]!.rows.every((row) => row.state === 'credited' && row.creditedMs !== null)).toBe(true);
    expect((await pageOf('u5', { token: 'ADA', limit: 2 })).rows).toEqual(
      before[1]!.rows.filter((row) => row.token === 'ADA').slice(0, 2),
    );
    await expect(world.db.affected('DELETE FROM reward')).rejects.toThrow('append-only');
    await expect(world.db.affected('DELETE FROM reward_20261119_to_20261122')).rejects.toThrow('append-only');
    // The next day joins them.
    await settle(['BNB', 'ADA'], 3);
    await foldPaidDays(tools());
    expect(await leaves()).toEqual(['reward_20261119_to_20261123']);
    expect((await pageOf('u0')).rows.slice(2)).toEqual(before[0]!.rows);
  });

  it('R33: readers who meet are told what each is told alone, of days folded and unfolded', async () => {
    for (let n = 0; n < 3; n += 1) await settle(['BNB', 'ADA'], n);
    await foldPaidDays(tools());
    await settle(['BNB', 'ADA'], 3);
    expect(await leaves()).toEqual(['reward_20261122_ada', 'reward_20261122_bnb', 'reward_20261119_to_20261122']);
    const asked = ['u0', 'nobody', 'u5', 'u0', 'u9'].flatMap((user) =>
      [{ limit: 1 }, { limit: 100 }, { token: 'ADA' }].map((more) => ({ user, more })),
    );
    const alone = [];
    for (const { user, more } of asked) alone.push(await pageOf(user, more));
    expect(alone.map(({ rows }) => rows.length)).toEqual([1, 8, 4, 0, 0, 0, ...[1, 8, 4, 1, 8, 4, 1, 8, 4]]);
    const statements = jest.spyOn(world.db, 'oftenAsArrays');
    expect(await Promise.all(asked.map(({ user, more }) => pageOf(user, more)))).toEqual(alone);
    expect(statements.mock.calls.length).toBeLessThan(asked.length);
    // A statement about several users is nothing for a cluster.
    await world.db.affected('CREATE TABLE pg_dist_partition (logicalrelid regclass)');
    history = new RewardHistoryRepository(world.db);
    statements.mockClear();
    expect(await Promise.all(asked.map(({ user, more }) => pageOf(user, more)))).toEqual(alone);
    expect(statements.mock.calls.every(([, values]) => typeof values?.[0] === 'string')).toBe(true);
    statements.mockRestore();
  });

  it('a day waits for each of its tokens, and one that is held stays as it is', async () => {
    // ADA's chain has begun, and has not come to this day.
    await world.chainSays({ day: day(-1), token: 'ADA' }, 55n * BNB, []);
    await settle(['BNB'], 0);
    expect(await world.settlement({ day: day(0), token: 'BNB' })).toMatchObject({ state: 'paid' });
    expect(await world.settlement({ day: day(0), token: 'ADA' })).toMatchObject({ state: 'waiting' });
    for (const state of ['waiting', 'held']) {
      await world.db.affected(`UPDATE settlement SET state = $1 WHERE token = 'ADA'`, [state]);
      expect(await foldPaidDays(tools())).toBe(true);
      expect(await leaves()).toEqual(['reward_20261119_bnb']);
    }
    await world.db.affected(`UPDATE settlement SET state = 'waiting' WHERE token = 'ADA'`);
    await settle(['ADA'], 0);
    await foldPaidDays(tools());
    expect(await leaves()).toEqual(['reward_20261119_to_20261120']);
  });

  it('R22: a leaf that does not add up to what was settled is left as it is', async () => {
    await settle(['BNB', 'ADA'], 0);
    await world.db.transaction(async (tx) => {
      await tx.affected("SET LOCAL session_replication_role = 'replica'");
      await tx.affected(`UPDATE reward SET amount = amount + 1 WHERE user_id = 'u3' AND token = 'BNB'`);
    });
    const before = await leaves();
    await expect(foldPaidDays(tools())).rejects.toThrow('a folded leaf holds what was settled');
    expect(await leaves()).toEqual(before);
    expect(await world.db.rows(`SELECT 1 FROM pg_class WHERE relname LIKE 'reward%_to_%' AND relkind = 'r'`)).toEqual(
      [],
    );
  });

  it('a token that comes to a day after it was folded writes into the folded leaf, and is shown', async () => {
    await settle(['BNB'], 0);
    await foldPaidDays(tools());
    expect(await leaves()).toEqual(['reward_20261119_to_20261120']);
    await settle(['ADA'], 0);
    expect(await world.settlement({ day: day(0), token: 'ADA' })).toMatchObject({ state: 'paid', users: 10 });
    expect(await leaves()).toEqual(['reward_20261119_to_20261120']);
    const page = await pageOf('u4');
    expect(page.rows.map((row) => [row.token, row.state])).toEqual([
      ['ADA', 'credited'],
      ['BNB', 'credited'],
    ]);
    await settle(['BNB', 'ADA'], 1);
    await foldPaidDays(tools());
    expect((await pageOf('u4')).rows.slice(2)).toEqual(page.rows);
    expect(await world.db.rows('SELECT 1 FROM reward WHERE amount > 0 AND credited_ms IS NULL')).toEqual([]);
  });

  it('readers never miss a row while days are settled and folded by two workers', async () => {
    await settle(['BNB', 'ADA'], 0);
    let days = 1;
    let going = true;
    const reading = (async () => {
      let reads = 0;
      for (; going; reads += 1) {
        const least = days;
        const page = await pageOf(`u${reads % 10}`, { limit: 1 + (reads % 20) });
        const expected = Math.min(1 + (reads % 20), 2 * least);
        if (page.rows.length < expected) throw new Error(`${page.rows.length} rows of at least ${expected}`);
        const one = await history.one(`u${reads % 10}`, 'ADA', day(reads % least));
        if (one?.state !== 'credited') throw new Error(`the reward of day ${reads % least} is ${one?.state}`);
      }
      return reads;
    })();
    for (let n = 1; n < 5; n += 1) {
      await settle(['BNB', 'ADA'], n);
      days = n + 1;
      const folded = await Promise.allSettled([foldPaidDays(tools()), foldPaidDays(tools())]);
      expect(folded.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled']);
    }
    going = false;
    expect(await reading).toBeGreaterThan(20);
    await foldPaidDays(tools());
    expect(await leaves()).toEqual(['reward_20261119_to_20261124']);
  });

  it.each([
    'settlement.fold.before-build',
    'settlement.fold.built',
    'settlement.fold.before-swap',
    'settlement.fold.swapped',
  ] as const)('a process that ends at %s leaves leaves that the next one folds', async (point) => {
    await settle(['BNB', 'ADA'], 0);
    const before = await pageOf('u7');
    const doomed = foldPaidDays(
      tools((at) => {
        if (at === point) throw new Error(`ended at ${point}`);
      }),
    );
    await expect(doomed).rejects.toThrow(`ended at ${point}`);
    expect(await pageOf('u7')).toEqual(before);
    expect(await foldPaidDays(tools())).toBe(true);
    expect(await leaves()).toEqual(['reward_20261119_to_20261120']);
    expect(await pageOf('u7')).toEqual(before);
  });

  it('pages by cursor, token and days across folded and unfolded leaves, whatever lies where', async () => {
    for (let n = 0; n < 12; n += 1) await settle(n % 3 === 0 ? ['BNB'] : ['BNB', 'ADA'], n);
    await foldPaidDays(tools());
    const expected = await world.db.rows<{ day: string; token: string; amount: string }>(
      `SELECT day, token, amount FROM reward WHERE user_id = 'u6' ORDER BY day DESC, token`,
    );
    const ranges = [
      [day(-5), day(20)],
      [day(2), day(9)],
      [day(8), day(8)],
      [utcDay('2020-01-01'), day(1)],
    ] as const;
    for (const token of [null, 'BNB', 'ADA', 'DOT']) {
      for (const [from, to] of ranges) {
        for (const limit of [1, 2, 5, 100]) {
          const seen: unknown[] = [];
          for (let after: { day: string; token: string } | null = null, more = true; more;) {
            const page: Awaited<ReturnType<typeof history.page>> = await history.page({
              user: 'u6',
              token,
              from,
              to,
              after,
              limit,
            });
            seen.push(...page.rows.map((row) => ({ day: row.day, token: row.token, amount: row.amount })));
            after = page.rows.at(-1) ?? null;
            more = page.more;
          }
          expect(seen).toEqual(
            expected.filter((row) => row.day >= from && row.day <= to && (token === null || row.token === token)),
          );
        }
      }
    }
  });
});
