import { openTestDatabase, type TestDatabase } from '@app/platform';
import { Database } from '../database.js';
import { CutSnapshotRepository, SNAPSHOTS_KEPT } from './cut-snapshot.repository.js';

jest.setTimeout(60_000);

describe('kept books of cuts', () => {
  let test: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    test = await openTestDatabase('cut snapshots');
    db = await Database.open(test.url, { poolSize: 8 });
    await db.migrate();
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });
  beforeEach(() => db.affected('TRUNCATE chain_cut_snapshot'));

  const keys = async (): Promise<string[]> =>
    (await db.rows<{ key: string }>('SELECT key FROM chain_cut_snapshot ORDER BY key')).map((row) => row.key);

  it('R19: what was kept is there for the next process, exactly, and for its chain alone', async () => {
    const text = `{"liquid":"${'9'.repeat(78)}n","moniker":"\\u0000 ünï 'quoted'"}`;
    await new CutSnapshotRepository(db, 'cosmos').save('c1:HASH:cosmos1a', text);
    expect(await new CutSnapshotRepository(db, 'cosmos').load('c1:HASH:cosmos1a')).toBe(text);
    expect(await new CutSnapshotRepository(db, 'bnb').load('c1:HASH:cosmos1a')).toBeNull();
    expect(await new CutSnapshotRepository(db, 'cosmos').load('c1:OTHER:cosmos1a')).toBeNull();
  });

  it('R13: the same again is nothing new; something else under one block is refused, and the first stays', async () => {
    const snapshots = new CutSnapshotRepository(db, 'cosmos');
    await snapshots.save('k', 'one');
    await snapshots.save('k', 'one');
    await expect(snapshots.save('k', 'two')).rejects.toMatchObject({
      code: 'FACT_CONTRADICTION',
      table: 'chain_cut_snapshot',
      given: { chain: 'cosmos', key: 'k' },
    });
    expect(await snapshots.load('k')).toBe('one');
  });

  it('R13: of two workers at once that differ, one is kept and the other one is told', async () => {
    for (let round = 0; round < 10; round += 1) {
      const key = `k${round}`;
      const texts = ['one', 'two', 'one', 'two', 'one', 'two'];
      const said = await Promise.allSettled(
        texts.map((text) => new CutSnapshotRepository(db, 'cosmos').save(key, text)),
      );
      const kept = await new CutSnapshotRepository(db, 'cosmos').load(key);
      expect(said.map(({ status }) => status)).toEqual(texts.map((text) => (text === kept ? 'fulfilled' : 'rejected')));
    }
  });

  it('the newest are kept, a bounded number of each chain', async () => {
    expect(SNAPSHOTS_KEPT).toBe(64);
    const snapshots = new CutSnapshotRepository(db, 'cosmos', 3);
    await new CutSnapshotRepository(db, 'bnb', 3).save('a0', 'x');
    for (const key of ['z1', 'a2', 'm3', 'b4', 'y5']) await snapshots.save(key, 'x');
    expect(await keys()).toEqual(['a0', 'b4', 'm3', 'y5']);
    // One that was forgotten may come again: books set back by people are read again.
    await snapshots.save('z1', 'x');
    expect(await keys()).toEqual(['a0', 'b4', 'y5', 'z1']);
  });
});
