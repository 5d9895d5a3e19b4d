import { openTestDatabase, type TestDatabase } from '@app/platform';
import { Database } from '../database.js';
import { ReadAlone, ReadTogether, type UserStatement } from './read-together.js';

describe('R33: reads that meet go to the server together, and each gets its own answer', () => {
  const rewards: UserStatement = {
    ofOne: `SELECT (SELECT string_agg(amount, ' ') FROM reward_of WHERE user_id = $1 AND amount <> $2)`,
    ofSeveral: `SELECT (SELECT string_agg(amount, ' ') FROM reward_of WHERE user_id = u.id AND amount <> $2), u.place::int
      FROM unnest($1::text[]) WITH ORDINALITY AS u(id, place) ORDER BY u.place DESC`,
  };
  let test: TestDatabase;
  let db: Database;
  /** How many users each statement was about, in the order of sending. */
  let sent: number[] = [];

  beforeAll(async () => {
    test = await openTestDatabase('read together');
    db = await Database.open(test.url, { poolSize: 2 });
    await db.affected('CREATE TABLE reward_of (user_id text, amount text)');
    await db.affected(`INSERT INTO reward_of SELECT 'u' || n, n::text FROM generate_series(1, 50) AS n`);
    const { oftenAsArrays } = Database.prototype;
    db.oftenAsArrays = (text, values = []) => {
      sent.push(Array.isArray(values[0]) ? values[0].length : 1);
      return oftenAsArrays.call(db, text, values);
    };
  });
  beforeEach(() => (sent = []));
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  const users = (count: number): string[] => Array.from({ length: count }, (_, n) => `u${n + 1}`);
  const amounts = (rows: readonly (readonly unknown[])[]): unknown[] => rows.map(([amount]) => amount);

  it('in the order in which they were asked, whatever order the server answers in', async () => {
    const reads = new ReadTogether(db);
    const asked = ['u7', 'nobody', 'u3', 'u7', 'u50'];
    expect(amounts(await Promise.all(asked.map((user) => reads.row(rewards, user, ['0']))))).toEqual([
      ...['7', null, '3', '7', '50'],
    ]);
    expect(sent).toEqual([5]);
  });

  it('who asks alone is sent alone, and at once', async () => {
    const reads = new ReadTogether(db);
    for (const user of ['u1', 'u2']) await reads.row(rewards, user, ['0']);
    expect(sent).toEqual([1, 1]);
  });

  it('two statements at most are under way, of eight users at most; the others wait', async () => {
    const reads = new ReadTogether(db);
    const all = users(20).map((user) => reads.row(rewards, user, ['0']));
    await new Promise(setImmediate);
    expect(sent).toEqual([8, 8]);
    expect(amounts(await Promise.all(all))).toEqual(users(20).map((user) => user.slice(1)));
    expect(sent).toEqual([8, 8, 4]);
  });

  it('nobody is answered by a statement that was sent before the question', async () => {
    const reads = new ReadTogether(db);
    const before = reads.row(rewards, 'new', ['0']);
    await before;
    const under = [reads.row(rewards, 'u1', ['0']), reads.row(rewards, 'u2', ['0'])];
    await db.affected(`INSERT INTO reward_of VALUES ('new', '1')`);
    expect(amounts([await before, await reads.row(rewards, 'new', ['0'])])).toEqual([null, '1']);
    await Promise.all(under);
  });

  it('reads with other values, or of another statement, are not mixed', async () => {
    const reads = new ReadTogether(db);
    const other = { ...rewards };
    const rows = await Promise.all([
      reads.row(rewards, 'u1', ['0']),
      reads.row(rewards, 'u1', ['1']),
      reads.row(other, 'u2', ['0']),
      reads.row(rewards, 'u2', ['1']),
    ]);
    expect(amounts(rows)).toEqual(['1', null, '2', '2']);
    expect([...sent].sort()).toEqual([1, 1, 2]);
  });

  it('what a statement fails with is told to everybody in it, and the next ones are read', async () => {
    const reads = new ReadTogether(db);
    const leaf: UserStatement = { ofOne: 'SELECT 1 FROM gone', ofSeveral: 'SELECT 1 FROM gone' };
    const told = await Promise.allSettled(users(20).map((user) => reads.row(leaf, user, [])));
    expect(told.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'read'))).toEqual(
      users(20).map(() => '42P01'),
    );
    expect(sent).toEqual([8, 8, 4]);
    expect(amounts(await Promise.all([reads.row(rewards, 'u9', ['0'])]))).toEqual(['9']);
  });

  it('on a cluster each goes by itself', async () => {
    const reads = new ReadAlone(db);
    expect(amounts(await Promise.all(users(3).map((user) => reads.row(rewards, user, ['0']))))).toEqual([
      ...['1', '2', '3'],
    ]);
    expect(sent).toEqual([1, 1, 1]);
  });
});
