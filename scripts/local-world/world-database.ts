import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Database, TokenSeedRepository } from '@app/database';
import { createDatabase, databaseUrl, startEmbeddedPostgres, type EmbeddedPostgres } from '@app/platform';

export const EMBEDDED_DATA_DIR = resolve('.local/postgres');
export const DATABASE_NAME = 'soft_staking';

export interface WorldDatabase {
  readonly url: string;
  /** Absent when the user brought a server of their own. */
  readonly embedded: EmbeddedPostgres | undefined;
}

/** The database of `npm start`: the user's own with DATABASE_URL, else the embedded one, started when it is not running. */
export async function findDatabase(
  dataDir: string,
  say: (line: string) => void,
  name = DATABASE_NAME,
): Promise<WorldDatabase> {
  const own = process.env['DATABASE_URL'];
  if (own !== undefined && own !== '') {
    const url = name === DATABASE_NAME ? own : await createDatabase(own, name);
    return { url, embedded: undefined };
  }
  const embedded = await startEmbeddedPostgres({ dataDir, database: name, onNotice: say });
  return { url: databaseUrl(embedded.url, name), embedded };
}

/** Migrated and with the catalogue in it. Safe to run again. */
export async function openMigrated(url: string): Promise<Database> {
  const database = await Database.open(url, { applicationName: 'soft-staking-world', poolSize: 4 });
  try {
    await database.migrate();
    await new TokenSeedRepository(database).seed(readFileSync(resolve('config/tokens.yaml'), 'utf8'));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
