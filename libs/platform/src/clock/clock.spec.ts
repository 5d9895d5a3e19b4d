import pg from 'pg';
import { openTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { ClockError, createClock, DatabaseClock, WorldClock } from './clock.js';

describe('R2: the clock is a port', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await openTestDatabase('clock');
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query("set timezone to 'Asia/Tokyo'");
    await client.query('create table world_clock (id int primary key, now timestamptz not null)');
  });

  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  it('DatabaseClock gives the time of the database and moves within a transaction', async () => {
    const clock = new DatabaseClock(client);
    await client.query('begin');
    const first = await clock.now();
    await client.query('select pg_sleep(0.02)');
    const second = await clock.now();
    await client.query('rollback');
    expect(second.getTime() - first.getTime()).toBeGreaterThanOrEqual(20);
    expect(Math.abs(Date.now() - second.getTime())).toBeLessThan(60_000);
  });

  it('WorldClock gives the time of the world, to the millisecond, whatever the session time zone', async () => {
    await client.query("insert into world_clock values (1, '2026-11-19T23:59:59.999Z')");
    expect(await createClock('world', client).now()).toEqual(new Date('2026-11-19T23:59:59.999Z'));
  });

  it('takes TypeORM answers (rows) as well as pg answers ({ rows })', async () => {
    const source = { query: async (sql: string): Promise<unknown> => (await client.query(sql)).rows };
    expect(await new WorldClock(source).now()).toEqual(new Date('2026-11-19T23:59:59.999Z'));
  });

  it('R19: a world without time is an error, not now', async () => {
    await client.query('delete from world_clock');
    await expect(new WorldClock(client).now()).rejects.toThrow(ClockError);
    await expect(new WorldClock({ query: () => Promise.resolve([{}]) }).now()).rejects.toThrow('no time');
  });
});
