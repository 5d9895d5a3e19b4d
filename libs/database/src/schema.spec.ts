import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@app/platform';
import { bucketOf, BUCKETS } from './bucket.js';
import { Database } from './database.js';
import { DoctorRepository } from './repositories/doctor.repository.js';
import { CatalogueError } from './repositories/catalogue.js';
import { TokenSeedRepository } from './repositories/token-seed.repository.js';
import { WorldClockRepository } from './repositories/world-clock.repository.js';
import { schemaText } from './schema-text.js';

const CATALOGUE = readFileSync(join(process.cwd(), 'config/tokens.yaml'), 'utf8');

describe('the schema', () => {
  let test: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    test = await openTestDatabase('schema');
    db = await Database.open(test.url, { poolSize: 4 });
    await db.migrate();
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  it('schema.sql is what the migrations make, on every supported server', async () => {
    const committed = readFileSync(join(process.cwd(), 'libs/database/schema.sql'), 'utf8');
    expect(await schemaText(db)).toBe(committed);
  });

  it('every entity names a table and columns that exist', async () => {
    expect(db.dataSource.entityMetadatas.length).toBeGreaterThan(0);
    for (const entity of db.dataSource.entityMetadatas) {
      const columns = entity.columns.map((column) => `"${column.databaseName}"`).join(', ');
      await expect(db.rows(`SELECT ${columns} FROM "${entity.tableName}" LIMIT 0`)).resolves.toEqual([]);
    }
  });

  it('R1: numeric and bigint arrive as exact strings, a date as its text', async () => {
    const [row] = await db.rows(
      `SELECT 123456789012345678901234567890::numeric AS n, 9007199254740993::bigint AS b, date '2026-02-28' AS d`,
    );
    expect(row).toEqual({ n: '123456789012345678901234567890', b: '9007199254740993', d: '2026-02-28' });
  });

  it('R25: an entry that does not add up is refused, and nothing of it stays', async () => {
    await db.affected(
      "CREATE TABLE journal_line_20260101 PARTITION OF journal_line FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')",
    );
    const book = (amounts: readonly number[]) =>
      db.affected(
        `INSERT INTO journal_line (day, entry_id, line, token, kind, account, amount)
         SELECT '2026-01-01', 'e', i, 'BNB', 'observed', 'chain', a FROM unnest($1::numeric[]) WITH ORDINALITY AS t(a, i)`,
        [amounts],
      );
    await expect(book([5, -4])).rejects.toThrow('journal entry e is off by 1 BNB atoms');
    expect(await db.rows('SELECT 1 FROM journal_line')).toEqual([]);
    await book([5, -5]);
    await expect(db.affected('UPDATE journal_line SET amount = 6')).rejects.toThrow(
      'journal_line is append-only: UPDATE refused',
    );
    await expect(db.affected('DELETE FROM journal_line')).rejects.toThrow('append-only');
  });

  it('R38: no rule and no boost is made and approved by one person', async () => {
    await new TokenSeedRepository(db).seed(CATALOGUE);
    await expect(db.affected("UPDATE token_rule SET approved_by = made_by WHERE token = 'BNB'")).rejects.toThrow(
      'check constraint',
    );
  });

  it('R29: seeding again changes nothing, and what was once in force is never edited', async () => {
    const seed = new TokenSeedRepository(db);
    await seed.seed(CATALOGUE);
    const before = await db.rows('SELECT * FROM token_rule');
    await seed.seed(CATALOGUE);
    expect(await db.rows('SELECT * FROM token_rule')).toEqual(before);
    await expect(seed.seed(CATALOGUE.replace("cap: '1000'", "cap: '2000'"))).rejects.toThrow(CatalogueError);
    await expect(seed.seed(CATALOGUE.replace('decimals: 18', 'decimals: 9'))).rejects.toThrow(
      'chain and decimals of a stored token cannot change',
    );
    expect(await db.rows('SELECT * FROM token_rule')).toEqual(before);
  });

  it('R2: the world clock only goes forward, and a database without one says so', async () => {
    const clock = new WorldClockRepository(db);
    expect(await clock.now()).toBeUndefined();
    const world = await clock.prepare(new Date('2026-01-01T00:00:00.000Z'), '2026-01-01');
    expect(await clock.prepare(new Date('2027-01-01T00:00:00.000Z'), '2027-01-01')).toEqual(world);
    await clock.advanceTo(new Date('2026-01-02T00:00:00.000Z'));
    await clock.advanceTo(new Date('2026-01-01T12:00:00.000Z'));
    expect(await clock.now()).toEqual(new Date('2026-01-02T00:00:00.000Z'));
    await clock.livedThrough('2026-01-01');
    expect((await clock.prepare(new Date(0), '2026-01-01')).livedThrough).toBe('2026-01-01');
  });

  it('the doctor finds books that hold, and names what does not', async () => {
    const doctor = new DoctorRepository(db);
    expect((await doctor.findings()).filter((finding) => finding.state === 'wrong')).toEqual([]);
    await db.affected(
      `INSERT INTO settlement (day, token, state, observed, released, stake, qualifying, fee, pool_part, treasury_part, leftover_before, boosts, pool, paid, leftover)
       VALUES ('2026-01-05', 'BNB', 'paid', 9, 9, 9, 9, 0, 9, 0, 0, 0, 9, 9, 0)`,
    );
    expect((await doctor.findings()).filter((finding) => finding.state === 'wrong')).toEqual([
      { name: 'pools', state: 'wrong', detail: '1 settled days whose rewards do not add up' },
    ]);
  });

  it('R25: the doctor sees what is left in a clearing account of a paid day', async () => {
    await db.affected(
      "CREATE TABLE journal_line_20260105 PARTITION OF journal_line FOR VALUES FROM ('2026-01-05') TO ('2026-01-06')",
    );
    await db.affected(
      `INSERT INTO journal_line (day, entry_id, line, token, kind, account, amount)
       VALUES ('2026-01-05', 'lost', 1, 'BNB', 'rewards', 'released', -9), ('2026-01-05', 'lost', 2, 'BNB', 'rewards', 'pool', 9)`,
    );
    const found = (await new DoctorRepository(db).findings()).find((finding) => finding.name === 'clearing accounts');
    expect(found).toMatchObject({ state: 'wrong', detail: '2 clearing accounts of paid days are not empty' });
  });

  it('every migration can be taken back', async () => {
    const other = await openTestDatabase('schema down');
    const fresh = await Database.open(other.url, { poolSize: 2 });
    try {
      const names = await fresh.migrate();
      for (let i = 0; i < names.length; i += 1) await fresh.dataSource.undoLastMigration();
      expect(
        await fresh.rows(
          "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migrations'",
        ),
      ).toEqual([]);
    } finally {
      await fresh.close();
      await other.drop();
    }
  });
});

describe('buckets of users', () => {
  it('never change, and spread users evenly', () => {
    expect(['u1', 'whale', 'ünïcode'].map(bucketOf)).toEqual([bucketOf('u1'), bucketOf('whale'), bucketOf('ünïcode')]);
    expect(bucketOf('')).toBe(0x811c9dc5 % BUCKETS);
    const counts = new Map<number, number>();
    for (let i = 0; i < 64_000; i += 1) counts.set(bucketOf(`user-${i}`), (counts.get(bucketOf(`user-${i}`)) ?? 0) + 1);
    expect(counts.size).toBe(BUCKETS);
    expect(Math.max(...counts.values())).toBeLessThan(1_200);
  });
});
