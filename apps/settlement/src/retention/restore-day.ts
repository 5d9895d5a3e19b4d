import { join } from 'node:path';
import { ARCHIVED_TABLES, type ArchivedColumn, type ArchiveSubject, DayPartitionRepository } from '@app/database';
import { invariant, type UtcDay } from '@app/staking-core';
import { ArchiveError } from './archive-error.js';
import { folderOf, readManifest, sameSums, verifyFolder } from './archive-folder.js';
import type { ArchiveTools } from './archive-tools.js';
import { indexPaidLogs } from './index-paid-logs.js';
import { readParquet } from './parquet-file.js';

/**
 * Loads an archived day back into leaves of the database, where it stays until it is dropped by hand. The archive is
 * read through before anything is written, and the sums of what was loaded are compared with it.
 * @throws ArchiveError; then nothing of the day is in the database
 */
export async function restoreDay(tools: ArchiveTools, subject: ArchiveSubject, day: UtcDay): Promise<void> {
  const { archives, db, reach, retention } = tools;
  const known = await archives.find(db, subject, day);
  if (known?.state !== 'dropped') {
    throw known ? isThere(day, subject) : new ArchiveError('ARCHIVE_MISSING', `${day} (${subject}) was never archived`);
  }
  const { manifest, sha256 } = readManifest(retention.archiveDir, subject, day);
  if (sha256 !== known.manifestSha256) {
    throw new ArchiveError('ARCHIVE_CHANGED', `the manifest of ${day} (${subject}) is not the one that was written`);
  }
  const tables = await Promise.all(
    ARCHIVED_TABLES[subject].map(async (table) => {
      const archived = manifest.tables.find((one) => one.table === table.table);
      const columns = await archives.columns(db, table);
      if (!archived || JSON.stringify(archived.columns) !== JSON.stringify(columns)) {
        throw new ArchiveError(
          'ARCHIVE_SCHEMA',
          `${table.table} of ${day} was archived with other columns than it has now`,
        );
      }
      return { table, archived };
    }),
  );
  await verifyFolder(retention.archiveDir, { manifest, sha256 });
  // One that remembers nothing: it may have made these leaves before they were dropped.
  const leaves = new DayPartitionRepository(db);
  for (const { table } of tables) if (table.table !== 'reward') await leaves.ensure(table.table, [day]);
  await db.transaction(async (tx) => {
    if (!(await archives.take(tx))) throw new ArchiveError('ARCHIVE_BUSY', 'another process works on archives');
    if (!(await archives.move(tx, subject, day, ['dropped'], 'restored'))) throw isThere(day, subject);
    for (const { table, archived } of tables) {
      const path = join(folderOf(retention.archiveDir, subject, day), archived.file);
      await archives.fill(tx, table, day, linesOf(path, archived));
      invariant(sameSums(archived.sums, await archives.sums(tx, table, day)), 'what is restored is what was archived', {
        table: table.table,
        day,
      });
    }
    reach('settlement.archive.before-restore');
  });
  reach('settlement.archive.restored');
  if (subject === 'log') await indexPaidLogs(tools);
}

function isThere(day: UtcDay, subject: ArchiveSubject): ArchiveError {
  return new ArchiveError('DAY_IS_THERE', `${day} (${subject}) lies in the database already`);
}

/** Rows as COPY reads them. */
async function* linesOf(
  path: string,
  { columns }: { readonly columns: readonly ArchivedColumn[] },
): AsyncGenerator<string> {
  for await (const rows of readParquet(path, columns)) {
    for (let at = 0; at < rows.length; at += 1_000) {
      yield rows
        .slice(at, at + 1_000)
        .map((row) => `${row.map(escaped).join('\t')}\n`)
        .join('');
    }
  }
}

function escaped(value: string | null): string {
  if (value === null) return '\\N';
  return value.replace(/[\\\t\n\r]/g, (sign) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[sign]!);
}
