import { Database } from '@app/database';
import { openTestDatabase, type TestDatabase } from '@app/platform';
import { DAY } from './generate/calendar.js';
import { TOKENS } from './generate/tokens.js';
import { overallHash, type OracleTotals } from './oracle/day-oracle.js';
import { forgetSettlement, storedHash } from './settle/day-state.js';
import { ProductSettlement } from './settle/product-settlement.js';
import { writeDay } from './settle/settle-bench.js';

const USERS = 10_000;

/** The benchmark's day, small: what it asserts is the hash. Times are for `npm run bench`. */
describe('the day of the benchmark', () => {
  let database: TestDatabase;
  let db: Database;
  let totals: readonly OracleTotals[];

  beforeAll(async () => {
    database = await openTestDatabase('bench settle');
    db = await Database.open(database.url);
    ({ totals } = await writeDay(db, USERS, 1));
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });

  const planted: readonly (readonly [string, string])[] = [
    ['a reward one unit too high', 'UPDATE reward_20261119_bnb SET amount = amount + 10::numeric ^ 10'],
    ['a weight one atom too low', 'UPDATE reward_20261119_bnb SET weight = weight - 1'],
    ['an average one atom too high', 'UPDATE reward_20261119_bnb SET average = average + 1'],
    ['a row that is missing', 'DELETE FROM reward_20261119_bnb'],
  ];
  it.each(planted)(
    'R22a: %s is found, with the check in goes of two hundred users, and named',
    async (_name, change) => {
      await forgetSettlement(db);
      const product = new ProductSettlement(db, DAY, 2, { checkUsers: 400 });
      await product.run('final');
      await product.run('settle');
      const [victim] = await db.rows<{ user: string }>(
        `SELECT user_id AS "user" FROM reward_20261119_bnb WHERE amount > 0 ORDER BY user_id OFFSET 17 LIMIT 1`,
      );
      await db.transaction(async (tx) => {
        await tx.affected("SET LOCAL session_replication_role = 'replica'");
        expect(await tx.affected(`${change} WHERE user_id = $1`, [victim!.user])).toBe(1);
      });
      await expect(product.run('check')).rejects.toThrow(/BNB is held/);
      const states = await db.rows<{ state: string; held: { code: string; differences: { user: string }[] } | null }>(
        `SELECT state, held FROM settlement WHERE day = '${DAY}' AND token IN ('BNB', 'SOL') ORDER BY token`,
      );
      expect(states[0]).toMatchObject({ state: 'held', held: { code: 'RECOMPUTATION_DIFFERS' } });
      expect(states[0]!.held!.differences.map(({ user }) => user)).toEqual([victim!.user]);
      expect(states[1]!.state).toBe('checked');
      await forgetSettlement(db);
    },
  );

  it.each([1, 2])('R20, R22: with %i user shard(s), settled and checked, to the hash of the oracle', async (shards) => {
    await forgetSettlement(db);
    const product = new ProductSettlement(db, DAY, shards);
    await product.run('final');
    await product.run('settle');
    await product.run('check');
    expect(
      await storedHash(
        db,
        TOKENS.map((token) => token.symbol),
      ),
    ).toBe(overallHash(totals));
  });

  it('every odd thing it promises is in it', async () => {
    const [hot] = await db.rows<{ events: number }>(
      `SELECT count(*)::int AS events FROM balance_event WHERE day = '${DAY}' AND user_id = 'u1' AND token = 'BNB'`,
    );
    expect(hot!.events).toBeGreaterThan(5_000);
    const [odd] = await db.rows<Record<string, number>>(
      `SELECT max(length(free::text)) AS digits, count(*) FILTER (WHERE free > 2e6 * 1e24 AND token = 'NEAR')::int AS whales,
              count(*) FILTER (WHERE day < '${DAY}')::float / count(*) AS idle
       FROM spot_balance`,
    );
    expect(odd).toMatchObject({ digits: 78 });
    expect(odd!['whales']).toBeGreaterThan(0);
    expect(odd!['idle']).toBeGreaterThan(0.75);
    const [log] = await db.rows<Record<string, number>>(
      `SELECT count(*) FILTER (WHERE free = 0)::int AS sold, count(*) - count(DISTINCT (user_id, token, ms_of_day)) AS together
       FROM balance_event WHERE day = '${DAY}'`,
    );
    expect(log!['sold']).toBeGreaterThan(10);
    expect(Number(log!['together'])).toBeGreaterThan(10);
    const [people] = await db.rows<Record<string, number>>(
      `SELECT count(*) FILTER (WHERE ends_at = '${DAY}T12:00Z')::int AS leavers,
              (SELECT count(*)::int FROM account) - count(DISTINCT user_id)::int AS off FROM participation_period`,
    );
    expect(people!['leavers']).toBeGreaterThan(10);
    expect(people!['off']).toBeGreaterThan(10);
    const ties = await db.rows('SELECT 1 FROM reward GROUP BY token, weight HAVING count(*) > 10');
    expect(ties.length).toBeGreaterThan(0);
    const limits = await db.rows(
      `SELECT DISTINCT r.average FROM reward r JOIN token_rule l ON l.token = r.token AND r.average IN (l.min_atoms, l.cap_atoms)`,
    );
    expect(limits.length).toBeGreaterThan(1);
  });

  it('the same seed makes the same day', async () => {
    const other = await openTestDatabase('bench settle again');
    const again = await Database.open(other.url);
    try {
      const { totals: repeated } = await writeDay(again, USERS, 1);
      expect(repeated).toEqual(totals);
    } finally {
      await again.close();
      await other.drop();
    }
  });
});
