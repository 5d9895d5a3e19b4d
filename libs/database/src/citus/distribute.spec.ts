import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utcDay } from '@app/staking-core';
import { openTestDatabase, type TestDatabase } from '@app/platform';
import { Database } from '../database.js';
import { DayPartitionRepository } from '../repositories/day-partition.repository.js';
import { RewardSplitRepository } from '../repositories/reward-split.repository.js';
import { TokenSeedRepository } from '../repositories/token-seed.repository.js';
import { CannotDistribute, distribute, planDistribution, planSql } from './distribute.js';
import { isDistributed, placeLeaf } from './place-leaf.js';
import { PLACEMENT } from './placement.js';
import { installCitusStandIn, type StandInOptions, standInCalls } from './testing/citus-stand-in.js';

// Citus is not to be had from npm or Debian: these tests talk to a stand-in that only writes down what it is asked.
describe('db:distribute, against a stand-in for Citus', () => {
  const opened: { db: Database; test: TestDatabase }[] = [];

  async function migrated(citus?: StandInOptions): Promise<Database> {
    const test = await openTestDatabase('distribute');
    const first = await Database.open(test.url, { poolSize: 1 });
    await first.migrate();
    if (citus) await installCitusStandIn(first, citus);
    await first.close();
    const db = await Database.open(test.url, { poolSize: 3 });
    opened.push({ db, test });
    return db;
  }

  const refusal = async (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
    work.then(
      () => ({ code: 'none', message: '' }),
      (error: unknown) => {
        if (!(error instanceof CannotDistribute)) throw error;
        return { code: error.code, message: error.message };
      },
    );

  afterEach(async () => {
    for (const { db, test } of opened.splice(0)) {
      await db.close();
      await test.drop();
    }
  });

  it('places every table of the list once, what is referenced before what refers to it', async () => {
    const db = await migrated({});
    const placed = await distribute(db);
    const calls = (await standInCalls(db)).filter((call) => !call.startsWith('workers:'));
    const wanted = PLACEMENT.filter(({ placement }) => placement === 'reference' || placement === 'distributed');
    expect(placed).toEqual(wanted.map((one) => one.table));
    expect(calls).toEqual(
      wanted.map(({ table, placement }) =>
        placement === 'reference'
          ? `reference ${table}`
          : `distributed ${table} on user_id beside ${table === 'account' ? 'none' : 'account'}`,
      ),
    );
    expect(calls.indexOf('reference token')).toBeLessThan(calls.indexOf('reference token_rule'));
  });

  it('run again it changes nothing', async () => {
    const db = await migrated({});
    await distribute(db);
    const before = (await standInCalls(db)).filter((call) => !call.startsWith('workers:'));
    expect(await distribute(db)).toEqual([]);
    expect((await standInCalls(db)).filter((call) => !call.startsWith('workers:'))).toEqual(before);
    expect((await planDistribution(db)).tables.some((one) => one.state === 'to do')).toBe(false);
  });

  it('goes on where it was broken off', async () => {
    const db = await migrated({ failOnceOn: 'spot_balance' });
    await expect(distribute(db)).rejects.toThrow('connection to the remote node failed');
    const done = (await planDistribution(db)).tables.filter((one) => one.state === 'done').map((one) => one.table);
    expect(done).toContain('participation_cut');
    expect(done).not.toContain('spot_balance');
    await db.rows(`UPDATE citus_stand_in.failure SET place = ''`);
    const rest = await distribute(db);
    expect(rest[0]).toBe('spot_balance');
    expect(rest).not.toContain('account');
  });

  it('two at once place each table once', async () => {
    const db = await migrated({});
    const both = await Promise.all([distribute(db), distribute(db)]);
    const wanted = PLACEMENT.filter(({ placement }) => placement === 'reference' || placement === 'distributed');
    expect(both.flat().sort()).toEqual(wanted.map((one) => one.table).sort());
  });

  it('a dry run says everything and changes nothing', async () => {
    const db = await migrated({});
    const sql = planSql(await planDistribution(db));
    expect(sql[0]).toMatch(/^ALTER DATABASE ".+" SET citus\.enable_unsafe_triggers = 'on';$/);
    expect(sql).toContain("SELECT create_distributed_table('reward', 'user_id', colocate_with => 'account');");
    expect(await standInCalls(db)).toEqual([]);
    expect(await isDistributed(db)).toBe(false);
  });

  it.each([
    ['WRONG_CITUS_VERSION', { version: 'Citus 12.1.6 on x86_64' }, 'Citus 13'],
    ['NO_COORDINATOR', { coordinator: false }, 'citus_set_coordinator_host'],
    ['NO_NODES', { workers: 0 }, 'citus_add_node'],
  ] as const)('%s', async (code, options, help) => {
    const db = await migrated(options);
    const said = await refusal(distribute(db));
    expect(said.code).toBe(code);
    expect(said.message).toContain(help);
    expect(await standInCalls(db)).toEqual([]);
  });

  it('NOT_CITUS on plain PostgreSQL', async () => {
    const said = await refusal(distribute(await migrated()));
    expect(said.code).toBe('NOT_CITUS');
    expect(said.message).toContain('CREATE EXTENSION citus');
  });

  it('NOT_MIGRATED: an empty database', async () => {
    const test = await openTestDatabase('distribute-empty');
    const first = await Database.open(test.url, { poolSize: 1 });
    await installCitusStandIn(first);
    await first.close();
    const db = await Database.open(test.url, { poolSize: 1 });
    opened.push({ db, test });
    expect((await refusal(distribute(db))).code).toBe('NOT_MIGRATED');
  });

  it("ROWS_EXIST: users' rows are not moved, because their append-only copies could not be removed", async () => {
    const db = await migrated({});
    await db.rows(`INSERT INTO account VALUES ('u1', 1, 'DE', NULL, 'active', now())`);
    const said = await refusal(distribute(db));
    expect(said).toMatchObject({ code: 'ROWS_EXIST' });
    expect(said.message).toContain('(account)');
    expect(await standInCalls(db)).toEqual([]);
  });

  it('SCHEMA_REFUSED: what the lint finds is refused before anything is placed', async () => {
    const db = await migrated({});
    await db.rows('CREATE UNIQUE INDEX late_event_line ON late_event (shard, seq)');
    const said = await refusal(distribute(db));
    expect(said.code).toBe('SCHEMA_REFUSED');
    expect(said.message).toContain('late_event: key-without-user');
    expect(await standInCalls(db)).toEqual([]);
  });

  it('PLACED_OTHERWISE: a table that somebody placed in another way', async () => {
    const db = await migrated({});
    await db.rows(`SELECT create_reference_table('consent')`);
    const said = await refusal(distribute(db));
    expect(said.code).toBe('PLACED_OTHERWISE');
    expect(said.message).toContain('consent is reference, and should be distributed on user_id, beside account');
  });

  it('every leaf that is made later is placed beside its parent before it is filled or attached', async () => {
    const db = await migrated({});
    await distribute(db);
    const before = (await standInCalls(db)).length;
    await new TokenSeedRepository(db).seed(readFileSync(join(process.cwd(), 'config/tokens.yaml'), 'utf8'));
    const leaves = new DayPartitionRepository(db);
    await leaves.ensure('balance_event', ['2026-11-19']);
    await leaves.openDay('2026-11-19');
    await db.transaction((tx) =>
      new RewardSplitRepository().createLeaf(tx, { day: utcDay('2026-11-19'), token: 'BNB' }),
    );
    const calls = (await standInCalls(db)).slice(before);
    const beside = (leaf: string, parent: string) => `distributed ${leaf} on user_id beside ${parent}`;
    expect(calls).toEqual(
      expect.arrayContaining([
        beside('spot_balance_bnb', 'spot_balance'),
        beside('balance_event_20261119_bnb', 'balance_event'),
        beside('partial_balance_20261119', 'partial_balance'),
        beside('reward_20261119_bnb', 'reward'),
      ]),
    );
    // The journal's is the coordinator's.
    expect(calls.filter((call) => call.includes('journal_line'))).toEqual([]);
    const unplaced = await db.rows<{ leaf: string }>(
      `SELECT inhrelid::regclass::text AS leaf FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
       WHERE c.relkind IN ('r', 'p') AND inhparent IN (SELECT logicalrelid FROM pg_dist_partition)
         AND inhrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)`,
    );
    expect(unplaced).toEqual([]);
  });

  it('on plain PostgreSQL a leaf is left as it is', async () => {
    const db = await migrated();
    await db.transaction(async (tx) => {
      await tx.rows('CREATE TABLE reward_20261119 (LIKE reward INCLUDING DEFAULTS)');
      await placeLeaf(tx, 'reward_20261119', 'reward');
    });
    expect(await isDistributed(db)).toBe(false);
  });
});
