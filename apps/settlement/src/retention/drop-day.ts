import { ARCHIVED_TABLES, type ArchiveSubject, type Transaction } from '@app/database';
import { invariant, type UtcDay } from '@app/staking-core';
import { ArchiveError } from './archive-error.js';
import { readManifest, type ReadManifest, sameSums, verifyFolder } from './archive-folder.js';
import type { ArchiveTools } from './archive-tools.js';

/**
 * Takes a day out of the database, after its archive was read through once more. Days that share a leaf of rewards go
 * together. State and rows in one transaction: either the day lies here, or its archive is all there is.
 * @throws ArchiveError DAY_NOT_EXPORTED, and whatever is wrong with the archive; then nothing is dropped
 */
export async function dropDay(tools: ArchiveTools, subject: ArchiveSubject, day: UtcDay): Promise<void> {
  const { archives, db, reach, retention } = tools;
  const days = await archives.together(db, subject, day);
  const manifests = new Map<UtcDay, ReadManifest>();
  for (const one of days) {
    const read = readManifest(retention.archiveDir, subject, one);
    await verifyFolder(retention.archiveDir, read);
    manifests.set(one, read);
  }
  await db.transaction(async (tx) => {
    if (!(await archives.take(tx))) throw new ArchiveError('ARCHIVE_BUSY', 'another process works on archives');
    await archives.lock(tx, subject);
    for (const one of await archives.together(tx, subject, day)) {
      const known = await archives.find(tx, subject, one);
      const read = manifests.get(one);
      if (!known || !read || known.state === 'dropped') {
        throw new ArchiveError('DAY_NOT_EXPORTED', `${one} (${subject}) is not exported: nothing of it is dropped`);
      }
      if (known.manifestSha256 !== read.sha256) {
        throw new ArchiveError(
          'ARCHIVE_CHANGED',
          `the manifest of ${one} (${subject}) is not the one that was written`,
        );
      }
      await sameAsThere(tools, tx, read);
      await archives.move(tx, subject, one, ['exported', 'restored'], 'dropped');
    }
    await archives.dropLeaves(tx, subject, day);
    reach('settlement.archive.before-drop');
  });
  reach('settlement.archive.dropped');
}

/** Nothing came to the day since it was exported. */
async function sameAsThere({ archives }: ArchiveTools, tx: Transaction, { manifest }: ReadManifest): Promise<void> {
  for (const table of ARCHIVED_TABLES[manifest.subject]) {
    const day = manifest.day as UtcDay;
    const archived = manifest.tables.find((one) => one.table === table.table)?.sums ?? {};
    invariant(sameSums(archived, await archives.sums(tx, table, day)), 'what is dropped is what was exported', {
      table: table.table,
      day,
    });
  }
}
