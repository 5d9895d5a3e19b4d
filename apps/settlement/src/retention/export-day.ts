import { join } from 'node:path';
import { ARCHIVED_TABLES, type ArchivedTable, type ArchiveSubject, type Transaction } from '@app/database';
import { invariant, type UtcDay } from '@app/staking-core';
import { ArchiveError } from './archive-error.js';
import {
  finishFolder,
  makeUnfinishedFolder,
  type ManifestTable,
  readManifest,
  sameSums,
  TokenAdder,
  verifyFolder,
} from './archive-folder.js';
import type { ArchiveTools } from './archive-tools.js';
import { ParquetFile } from './parquet-file.js';

/**
 * Writes a paid day to files, reads them back, and only then notes it as exported. The rows stay where they are. What an
 * earlier attempt left behind is written again.
 * @throws ArchiveError DAY_NOT_PAID, DAY_UNKNOWN, ARCHIVE_BUSY
 */
export async function exportDay(tools: ArchiveTools, subject: ArchiveSubject, day: UtcDay): Promise<void> {
  const { archives, retention, reach } = tools;
  await tools.db.transaction(async (tx) => {
    if (!(await archives.take(tx))) throw new ArchiveError('ARCHIVE_BUSY', 'another process works on archives');
    const known = await archives.find(tx, subject, day);
    if (known !== undefined && known.state !== 'exported') return;
    if (!(await archives.isPaid(tx, day))) {
      throw new ArchiveError('DAY_NOT_PAID', `${day} is not paid for every token yet, or a day before it is not`);
    }
    if (!(await archives.daysThere(tx, subject)).includes(day)) {
      throw new ArchiveError('DAY_UNKNOWN', `there is nothing of ${day} (${subject}) in the database`);
    }
    const folder = makeUnfinishedFolder(retention.archiveDir, subject, day);
    const tables: ManifestTable[] = [];
    for (const table of ARCHIVED_TABLES[subject]) tables.push(await writeTable(tools, tx, folder, table, day));
    reach('settlement.archive.file-written');
    finishFolder(folder, { subject, day, tables });
    reach('settlement.archive.folder-placed');
    const read = readManifest(retention.archiveDir, subject, day);
    await verifyFolder(retention.archiveDir, read);
    const lines = tables.reduce((sum, table) => sum + table.rows, 0).toString();
    await archives.exported(tx, { subject, day, manifestSha256: read.sha256, lines });
  }, 'REPEATABLE READ');
  reach('settlement.archive.exported');
}

async function writeTable(
  { archives }: ArchiveTools,
  tx: Transaction,
  folder: string,
  table: ArchivedTable,
  day: UtcDay,
): Promise<ManifestTable> {
  const columns = await archives.columns(tx, table);
  const name = `${table.table}.parquet`;
  const file = new ParquetFile(join(folder, name), columns);
  const adder = new TokenAdder({ columns, sums: undefined }, table.sums);
  try {
    await archives.copyDay(tx, table, day, (row) => {
      file.add(row);
      adder.add(row);
    });
  } catch (error) {
    file.abandon();
    throw error;
  }
  const sums = adder.sums();
  invariant(sameSums(sums, await archives.sums(tx, table, day)), 'what is exported is what the database holds', {
    table: table.table,
    day,
  });
  return { table: table.table, file: name, ...file.close(), columns, sums };
}
