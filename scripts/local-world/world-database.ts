import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Database, TokenRepository, TokenSeedRepository } from '@app/database';
import { createDatabase, databaseUrl, startEmbeddedPostgres, type EmbeddedPostgres } from '@app/platform';
import { parse, stringify } from 'yaml';

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

/**
 * Migrated and with the catalogue in it. Safe to run again.
 * @param tokens only these of the catalogue; a database that lists tokens already keeps to those
 */
export async function openMigrated(url: string, tokens?: readonly string[]): Promise<Database> {
  const database = await Database.open(url, { applicationName: 'soft-staking-world', poolSize: 4 });
  try {
    await database.migrate();
    const catalogue = readFileSync(resolve('config/tokens.yaml'), 'utf8');
    const listed = tokens && (await listedTokens(database));
    const wanted = listed === undefined || listed.length === 0 ? tokens : listed;
    await new TokenSeedRepository(database).seed(wanted === undefined ? catalogue : only(wanted, catalogue));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

export async function listedTokens(database: Database): Promise<string[]> {
  return (await new TokenRepository(database).tokens()).map(({ symbol }) => symbol);
}

function only(tokens: readonly string[], catalogue: string): string {
  // Days stay text here too: the YAML timestamp type would turn them into moments.
  const parsed = parse(catalogue, { schema: 'core' }) as { tokens: Record<string, unknown> };
  const entries = Object.entries(parsed.tokens).filter(([symbol]) => tokens.includes(symbol));
  return stringify({ ...parsed, tokens: Object.fromEntries(entries) }, { schema: 'core' });
}
