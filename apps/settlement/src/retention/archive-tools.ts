import type {
  ArchiveRepository,
  Database,
  DayPartitionRepository,
  LogIndexRepository,
  RewardFoldRepository,
} from '@app/database';
import type { Clock, Logger } from '@app/platform';
import type { FaultPoint } from '../fault-points.js';

/** Where tests end the process: around everything that lasts, in the database and on disk. */
export const ARCHIVE_FAULT_POINTS = [
  'settlement.archive.file-written',
  'settlement.archive.folder-placed',
  'settlement.archive.exported',
  'settlement.archive.before-drop',
  'settlement.archive.dropped',
  'settlement.archive.before-restore',
  'settlement.archive.restored',
] as const;

export type ArchiveFaultPoint = (typeof ARCHIVE_FAULT_POINTS)[number];

/** How many days stay in the database, counted back from today. */
export interface Retention {
  /** The log and what was measured from it; the past is open to late corrections that long. */
  readonly logDays: number;
  readonly rewardDays: number;
  /** Folder of the archives. */
  readonly archiveDir: string;
}

export interface ArchiveTools {
  readonly db: Database;
  readonly archives: ArchiveRepository;
  readonly leaves: DayPartitionRepository;
  readonly logIndexes: LogIndexRepository;
  readonly folds: RewardFoldRepository;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reach: (point: FaultPoint | ArchiveFaultPoint) => void;
}
