/** A promise to callers: a code is never renamed and never changes its meaning. */
export const ARCHIVE_CODES = {
  DAY_UNKNOWN: 'nothing is known of this day',
  DAY_NOT_PAID: 'a day is archived when every token of it is paid',
  DAY_IS_THERE: 'the day lies in the database already',
  DAY_NOT_EXPORTED: 'a day is dropped after it was exported and read back',
  ARCHIVE_MISSING: 'there is no archive of the day',
  ARCHIVE_MANIFEST: 'the manifest is not one of ours',
  ARCHIVE_VERSION: 'the archive is of another version',
  ARCHIVE_SCHEMA: 'the archive holds other columns than the tables have',
  ARCHIVE_FILE_MISSING: 'a file of the archive is missing',
  ARCHIVE_CHANGED: 'a file of the archive is not what was written',
  ARCHIVE_BUSY: 'another process works on archives',
} as const;

export type ArchiveCode = keyof typeof ARCHIVE_CODES;

/** One clear sentence, and a code that stays. Nothing is stored half. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';

  constructor(
    readonly code: ArchiveCode,
    detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}
