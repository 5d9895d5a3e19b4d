import { openTestDatabase, type TestDatabase } from '@app/platform';
import { Database } from './database.js';

describe('COPY read where it lies', () => {
  let test: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    test = await openTestDatabase('copied rows');
    db = await Database.open(test.url, { poolSize: 1 });
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  const ROWS = 'COPY (SELECT n, repeat($$x$$, n % 3000) FROM generate_series(1, 2000) AS n) TO STDOUT';

  it('gives every row once, whole, however the socket cuts them', async () => {
    const seen: string[] = [];
    await db.transaction((tx) =>
      tx.copyRows(ROWS, (bytes, from, to) => void seen.push(bytes.toString('utf8', from, to))),
    );
    expect(seen).toHaveLength(2000);
    seen.forEach((row, index) => expect(row).toBe(`${index + 1}\t${'x'.repeat((index + 1) % 3000)}\n`));
  });

  it('says when rows leave, with all of them still there since the last time, and hears what is thrown then', async () => {
    const seen: string[] = [];
    let now: [Buffer, number, number][] = [];
    await db.transaction(async (tx) => {
      const leave = (): void => {
        for (const [bytes, from, to] of now) seen.push(bytes.toString('utf8', from, to));
        now = [];
      };
      await tx.copyRows(ROWS, (...row) => void now.push(row), leave);
      expect(now).toEqual([]);
      seen.forEach((row, index) => expect(row).toBe(`${index + 1}\t${'x'.repeat((index + 1) % 3000)}\n`));
      expect(seen).toHaveLength(2000);
      const failing = tx.copyRows(
        ROWS,
        () => undefined,
        () => {
          throw new Error('too late');
        },
      );
      await expect(failing).rejects.toThrow('too late');
    });
  });

  it('rows larger than any chunk, and none at all', async () => {
    const lengths: number[] = [];
    await db.transaction(async (tx) => {
      await tx.copyRows(
        `COPY (SELECT repeat('y', 1000000) FROM generate_series(1, 3)) TO STDOUT`,
        (_bytes, from, to) => {
          lengths.push(to - from);
        },
      );
      await tx.copyRows('COPY (SELECT 1 WHERE false) TO STDOUT', () => lengths.push(-1));
    });
    expect(lengths).toEqual([1_000_001, 1_000_001, 1_000_001]);
  });

  it('a reader that throws is heard, and the connection goes on', async () => {
    await db.transaction(async (tx) => {
      let rows = 0;
      const reading = tx.copyRows(ROWS, () => {
        rows += 1;
        if (rows === 3) throw new Error('enough');
      });
      await expect(reading).rejects.toThrow('enough');
      expect(rows).toBe(3);
      expect(await tx.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });

  it('a server that stops in the middle is an error, never the end', async () => {
    let rows = 0;
    const broken = db.transaction((tx) =>
      tx.copyRows('COPY (SELECT 1 / (1000 - n) FROM generate_series(1, 2000) AS n) TO STDOUT', () => (rows += 1)),
    );
    await expect(broken).rejects.toThrow('division by zero');
    expect(rows).toBe(999);
    expect(await db.rows('SELECT 2 AS two')).toEqual([{ two: 2 }]);
    await expect(
      db.transaction((tx) => tx.copyRows('COPY (SELECT nothing) TO STDOUT', () => undefined)),
    ).rejects.toThrow('does not exist');
    const killed = db.transaction((tx) =>
      tx.copyRows(
        `COPY (SELECT CASE n WHEN 900 THEN pg_terminate_backend(pg_backend_pid()) END FROM generate_series(1, 2000) AS n) TO STDOUT`,
        () => undefined,
      ),
    );
    await expect(killed).rejects.toThrow();
    expect(await db.rows('SELECT 3 AS three')).toEqual([{ three: 3 }]);
  });
});
