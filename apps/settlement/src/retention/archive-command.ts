import {
  ArchiveRepository,
  type ArchivedDay,
  type ArchiveSubject,
  Database,
  DayPartitionRepository,
  LogIndexRepository,
  RewardFoldRepository,
} from '@app/database';
import { type Clock, createLogger, type Env, faultPoint, type Logger } from '@app/platform';
import type { UtcDay } from '@app/staking-core';
import { readManifest, verifyFolder } from './archive-folder.js';
import type { ArchiveTools } from './archive-tools.js';
import { dropDay } from './drop-day.js';
import { exportDay } from './export-day.js';
import { restoreDay } from './restore-day.js';

export type ArchiveVerb = 'export' | 'verify' | 'drop' | 'restore';

export function archiveTools(db: Database, env: Env, clock: Clock, log: Logger): ArchiveTools {
  return {
    db,
    archives: new ArchiveRepository(),
    leaves: new DayPartitionRepository(db),
    logIndexes: new LogIndexRepository(),
    folds: new RewardFoldRepository(),
    retention: { logDays: env.RETENTION_LOG_DAYS, rewardDays: env.RETENTION_REWARD_DAYS, archiveDir: env.ARCHIVE_DIR },
    clock,
    log,
    reach: faultPoint,
  };
}

/** `npm run archive`: one day by hand, or the list of all. The same code as the settlement's own housekeeping. */
export async function archiveCommand(
  request:
    { readonly verb: ArchiveVerb; readonly subject: ArchiveSubject; readonly day: UtcDay } | { readonly verb: 'list' },
  env: Env & { readonly DATABASE_URL: string },
): Promise<ArchivedDay[]> {
  const db = await Database.open(env.DATABASE_URL, {
    applicationName: 'soft-staking-archive',
    statementTimeoutMs: 0,
    poolSize: 3,
  });
  try {
    const clock: Clock = { now: () => Promise.resolve(new Date()) };
    const tools = archiveTools(db, env, clock, createLogger({ app: 'archive', level: 'warn' }));
    if (request.verb === 'list') return await tools.archives.list(db);
    const { subject, day } = request;
    if (request.verb === 'export') await exportDay(tools, subject, day);
    if (request.verb === 'verify') await verifyFolder(env.ARCHIVE_DIR, readManifest(env.ARCHIVE_DIR, subject, day));
    if (request.verb === 'drop') await dropDay(tools, subject, day);
    if (request.verb === 'restore') await restoreDay(tools, subject, day);
    const known = await tools.archives.find(db, subject, day);
    return known ? [known] : [];
  } finally {
    await db.close();
  }
}
