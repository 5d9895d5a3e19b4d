import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ARCHIVED_TABLES,
  type ArchiveSubject,
  ArchiveRepository,
  DayPartitionRepository,
  LogIndexRepository,
  RewardFoldRepository,
} from '@app/database';
import { createLogger } from '@app/platform';
import { addDays, type UtcDay } from '@app/staking-core';
import { SettlementWorld } from '../testing/settlement-world.js';
import { BNB, closeDay, FIRST_DAY, tenHolders } from '../testing/trading-days.js';
import { ArchiveError } from './archive-error.js';
import { readManifest, verifyFolder } from './archive-folder.js';
import { ARCHIVE_FAULT_POINTS, type ArchiveTools } from './archive-tools.js';
import { dropDay } from './drop-day.js';
import { exportDay } from './export-day.js';
import { DayKeeper } from './keep-days.js';
import { readParquet, type TextRow } from './parquet-file.js';
import { restoreDay } from './restore-day.js';

const SUBJECTS: readonly ArchiveSubject[] = ['log', 'rewards'];

describe('archives of old days', () => {
  let world: SettlementWorld;
  let archiveDir: string;
  let tools: ArchiveTools;
  const day = (n: number): UtcDay => addDays(FIRST_DAY, n);

  beforeAll(async () => {
    world = await SettlementWorld.open('archives');
    archiveDir = mkdtempSync(join(tmpdir(), 'archive-'));
    await tenHolders(world);
    await world.token('WIDE', { decimals: 30, min: 1n, cap: 10n ** 78n - 1n });
    for (let n = 0; n < 4; n += 1) {
      // Somebody moves, somebody counts in part only, and one amount has 78 digits.
      await world.say([
        { user: 'u1', at: `${day(n)}T06:00:00.000Z`, free: BigInt(n + 3) * BNB },
        { user: 'u2', token: 'WIDE', at: `${day(n)}T07:00:00.000Z`, free: 10n ** 77n + BigInt(n), locked: 7n },
      ]);
      await world.cut(`u${n + 3}`, 'BNB', 'TOKEN_OFF', `${day(n)}T12:00:00.000Z`, `${day(n)}T13:00:00.000Z`);
      await closeDay(world, day(n), BNB / 1000n + 7n);
      await world.run().tick();
    }
    tools = {
      db: world.db,
      archives: new ArchiveRepository(),
      leaves: new DayPartitionRepository(world.db),
      logIndexes: new LogIndexRepository(),
      folds: new RewardFoldRepository(),
      retention: { logDays: 8, rewardDays: 400, archiveDir },
      clock: { now: () => Promise.resolve(new Date(world.now)) },
      log: createLogger({ app: 'settlement', level: 'silent' }),
      reach: () => undefined,
    };
  });
  afterAll(async () => {
    await world.close();
    rmSync(archiveDir, { recursive: true, force: true });
  });

  /** Everything the database holds of a day, as text. */
  async function rowsOf(subject: ArchiveSubject, of: UtcDay): Promise<string[]> {
    const rows: string[] = [];
    await world.db.transaction(async (tx) => {
      for (const table of ARCHIVED_TABLES[subject]) {
        await tools.archives.copyDay(tx, table, of, (row) => rows.push(JSON.stringify([table.table, row])));
      }
    });
    return rows;
  }

  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof ArchiveError ? error.code : error),
    );

  it.each(SUBJECTS)('%s: leaves the database, comes back row by row, and may leave again', async (subject) => {
    const [first] = await tools.archives.daysThere(world.db, subject);
    expect(first).toBe(day(0));
    const days = await tools.archives.together(world.db, subject, day(0));
    const before = new Map<UtcDay, string[]>();
    for (const one of days) before.set(one, await rowsOf(subject, one));
    expect(before.get(day(0))!.length).toBeGreaterThan(9);
    for (const one of days) await exportDay(tools, subject, one);
    await dropDay(tools, subject, day(0));
    for (const one of days) expect(await rowsOf(subject, one)).toEqual([]);
    expect(await tools.archives.daysThere(world.db, subject)).not.toContain(day(0));
    for (const one of days) {
      await restoreDay(tools, subject, one);
      expect(await rowsOf(subject, one)).toEqual(before.get(one));
      await expect(
        world.db.affected(`DELETE FROM ${ARCHIVED_TABLES[subject][0]!.table} WHERE day = $1`, [one]),
      ).rejects.toThrow('append-only');
    }
    expect(await codeOf(restoreDay(tools, subject, day(0)))).toBe('DAY_IS_THERE');
    await dropDay(tools, subject, day(0));
    expect(await rowsOf(subject, day(0))).toEqual([]);
    expect((await tools.archives.find(world.db, subject, day(0)))?.state).toBe('dropped');
    await restoreDay(tools, subject, day(0));
    expect(await rowsOf(subject, day(0))).toEqual(before.get(day(0)));
  });

  it('R33: a day that comes back has the index of each paid token’s log again', async () => {
    const indexes = async () =>
      (
        await world.db.rows<{ name: string }>(
          `SELECT indexname::text AS name FROM pg_indexes WHERE indexname LIKE 'balance\\_event\\_20261119\\_%\\_user' ORDER BY 1`,
        )
      ).map((row) => row.name);
    const before = await indexes();
    expect(before).toContain('balance_event_20261119_bnb_user');
    await exportDay(tools, 'log', day(0));
    await dropDay(tools, 'log', day(0));
    expect(await indexes()).toEqual([]);
    await restoreDay(tools, 'log', day(0));
    expect(await indexes()).toEqual(before);
  });

  it('a manifest tells rows, sums in atoms, columns and hashes, and amounts stay exact at 78 digits (R1)', async () => {
    await exportDay(tools, 'log', day(1));
    const { manifest } = readManifest(archiveDir, 'log', day(1));
    const log = manifest.tables.find((table) => table.table === 'balance_event')!;
    const [row] = await world.db.rows<{ sum: string }>(
      `SELECT sum(free_delta)::text AS sum FROM balance_event WHERE day = $1 AND token = 'WIDE'`,
      [day(1)],
    );
    expect(log.sums['WIDE']).toMatchObject({ rows: '1', free_delta: row!.sum });
    expect(log.columns.map((column) => column.name)).toEqual(ARCHIVED_TABLES.log[0]!.columns);
    const rows: TextRow[] = [];
    for await (const some of readParquet(join(archiveDir, 'log', day(1), log.file), log.columns)) rows.push(...some);
    expect(rows.map((one) => one[8])).toContain((10n ** 77n + 1n).toString());
  });

  it('refuses with one sentence and a code, and stores nothing half', async () => {
    const folder = join(archiveDir, 'log', day(2));
    const parquet = join(folder, 'balance_event.parquet');
    const manifest = join(folder, 'manifest.json');
    expect(await codeOf(exportDay(tools, 'log', addDays(FIRST_DAY, 40)))).toBe('DAY_NOT_PAID');
    expect(await codeOf(exportDay(tools, 'log', addDays(FIRST_DAY, -40)))).toBe('DAY_UNKNOWN');
    expect(await codeOf(dropDay(tools, 'log', day(2)))).toBe('ARCHIVE_MISSING');
    await exportDay(tools, 'log', day(2));
    expect(await codeOf(restoreDay(tools, 'log', day(2)))).toBe('DAY_IS_THERE');
    const [bytes, text] = [readFileSync(parquet), readFileSync(manifest, 'utf8')];
    const damaged: readonly (readonly [string, () => void])[] = [
      ['ARCHIVE_CHANGED', () => appendFileSync(parquet, 'x')],
      ['ARCHIVE_FILE_MISSING', () => rmSync(parquet)],
      ['ARCHIVE_VERSION', () => writeFileSync(manifest, text.replace('"version": 1', '"version": 2'))],
      ['ARCHIVE_MANIFEST', () => writeFileSync(manifest, '{')],
      ['ARCHIVE_MANIFEST', () => writeFileSync(manifest, text.replace(`"day": "${day(2)}"`, `"day": "${day(1)}"`))],
      ['ARCHIVE_CHANGED', () => writeFileSync(manifest, `${text}\n`)],
      ['ARCHIVE_MISSING', () => rmSync(manifest)],
    ];
    const damage = async (act: () => Promise<unknown>): Promise<void> => {
      for (const [code, harm] of damaged) {
        const before = await rowsOf('log', day(2));
        harm();
        expect([code, await codeOf(act())]).toEqual([code, code]);
        expect(await rowsOf('log', day(2))).toEqual(before);
        writeFileSync(parquet, bytes);
        writeFileSync(manifest, text);
      }
    };
    await damage(() => dropDay(tools, 'log', day(2)));
    await dropDay(tools, 'log', day(2));
    await damage(() => restoreDay(tools, 'log', day(2)));
    // Other columns than were archived.
    await world.db.affected('ALTER TABLE balance_event ALTER COLUMN cause TYPE varchar(99)');
    expect(await codeOf(restoreDay(tools, 'log', day(2)))).toBe('ARCHIVE_SCHEMA');
    await world.db.affected('ALTER TABLE balance_event ALTER COLUMN cause TYPE text');
    await restoreDay(tools, 'log', day(2));
  });

  it('a row that nobody exported is not dropped', async () => {
    await exportDay(tools, 'log', day(3));
    await world.db.affected(
      `INSERT INTO balance_event SELECT day, user_id, token, shard, 999, ms_of_day, 1, 0, free, locked, cause, NULL
       FROM balance_event WHERE day = $1 LIMIT 1`,
      [day(3)],
    );
    await expect(dropDay(tools, 'log', day(3))).rejects.toThrow('what is dropped is what was exported');
    expect((await rowsOf('log', day(3))).length).toBeGreaterThan(0);
    // Exported again, it is.
    await exportDay(tools, 'log', day(3));
    await dropDay(tools, 'log', day(3));
    expect(await rowsOf('log', day(3))).toEqual([]);
    await restoreDay(tools, 'log', day(3));
  });

  it.each(ARCHIVE_FAULT_POINTS)('a process that ends at %s leaves a day that the next one finishes', async (point) => {
    const before = await rowsOf('log', day(3));
    const doomed: ArchiveTools = {
      ...tools,
      reach: (at) => {
        if (at === point) throw new Error(`ended at ${point}`);
      },
    };
    // Back and forth until the point is met, as the housekeeping and a person would.
    const cycle = async (by: ArchiveTools): Promise<void> => {
      await world.db.affected(`DELETE FROM archived_day WHERE subject = 'log' AND day = $1 AND state = 'restored'`, [
        day(3),
      ]);
      await exportDay(by, 'log', day(3));
      if ((await tools.archives.find(world.db, 'log', day(3)))?.state !== 'dropped') await dropDay(by, 'log', day(3));
      await restoreDay(by, 'log', day(3));
    };
    await expect(cycle(doomed)).rejects.toThrow(`ended at ${point}`);
    const rows = await rowsOf('log', day(3));
    const state = (await tools.archives.find(world.db, 'log', day(3)))?.state;
    // Either it lies in the database, or the archive alone has it, and then the archive is whole.
    expect(rows).toEqual(state === 'dropped' ? [] : before);
    if (state === 'dropped') await verifyFolder(archiveDir, readManifest(archiveDir, 'log', day(3)));
    await cycle(tools);
    expect(await rowsOf('log', day(3))).toEqual(before);
    expect(readdirSync(join(archiveDir, 'log')).filter((name) => name.endsWith('.unfinished'))).toEqual([]);
  });

  it('makes leaves ahead, archives what is old enough and paid, and nothing else', async () => {
    await world.db.affected('DELETE FROM archived_day');
    rmSync(archiveDir, { recursive: true, force: true });
    const keeper = new DayKeeper(tools);
    world.now = `${day(9)}T00:00:01.000Z`;
    await keeper.tick();
    const there = await tools.archives.daysThere(world.db, 'log');
    expect(there).not.toContain(day(1));
    expect(there).toContain(day(2));
    expect(there.slice(-3)).toEqual([day(9), day(10), day(11)]);
    expect(await tools.archives.list(world.db)).toMatchObject([
      { subject: 'log', day: day(0), state: 'dropped' },
      { subject: 'log', day: day(1), state: 'dropped' },
    ]);
    // A held day keeps its log and that of all days after it.
    await world.db.affected(`UPDATE settlement SET state = 'held' WHERE day = $1`, [day(2)]);
    world.now = `${day(30)}T00:00:01.000Z`;
    await keeper.tick();
    expect(await tools.archives.daysThere(world.db, 'log')).toContain(day(2));
    expect(existsSync(join(archiveDir, 'log', day(2)))).toBe(false);
    expect(await tools.archives.missingSince(world.db, day(0))).toEqual({ log: day(0) });
    expect(await tools.archives.missingSince(world.db, day(2))).toEqual({});
  });
});
