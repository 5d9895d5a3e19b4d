import pg from 'pg';

/** The same server and credentials, another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.toString();
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Makes a database if there is none of that name, UTF-8 whatever the server's template holds.
 * @param serverUrl of any database of the server, with the right to create more
 * @returns the new database's URL
 */
export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  if (!/^[A-Za-z0-9_-]{1,63}$/.test(name)) throw new RangeError(`not a database name: ${name}`);
  await withClient(serverUrl, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount) return;
    try {
      await client.query(`create database ${quoted(name)} template template0 encoding 'UTF8'`);
    } catch (error) {
      // 42P04 and 23505: another process made it between our question and our statement.
      if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
    }
  });
  return databaseUrl(serverUrl, name);
}

/** Removes a database with its open connections; nothing happens when there is none. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    await client.query(`drop database if exists ${quoted(name)} with (force)`);
  });
}

/** Names of the server's databases, without templates. */
export async function databaseNames(serverUrl: string): Promise<readonly string[]> {
  const names: string[] = [];
  await withClient(serverUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_database where not datistemplate order by 1',
    );
    names.push(...rows.map((row) => row.name));
  });
  return names;
}

async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
