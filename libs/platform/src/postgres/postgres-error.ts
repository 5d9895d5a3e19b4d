/** Why the embedded server could not do what was asked; the message is one sentence for the person at the keyboard. */
export type PostgresErrorCode =
  | 'PG_PACKAGE_MISSING'
  | 'PG_BINARIES_UNUSABLE'
  | 'PG_NO_SYSTEM_USER'
  | 'PG_INIT_FAILED'
  | 'PG_VERSION_MISMATCH'
  | 'PG_DATA_DIR'
  | 'PG_PASSWORD'
  | 'PG_LOCK_HELD'
  | 'PG_NO_PORT'
  | 'PG_START_FAILED'
  | 'PG_START_TIMEOUT'
  | 'PG_STOP_FAILED'
  | 'PG_SETTING';

export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly code: PostgresErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
