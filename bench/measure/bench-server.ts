import { resolve } from 'node:path';
import { Database } from '@app/database';
import { createDatabase, dropDatabase, startEmbeddedPostgres, type EmbeddedPostgres } from '@app/platform';

/** Apart from the development server and the tests'. */
const DATA_DIR = '.local/bench';
const PORT = 54529;

/** As for money: nothing is acknowledged before it is on disk. The rest is what a small server of its own would have. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '1GB',
  work_mem: '64MB',
  maintenance_work_mem: '256MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
};

const RECORDED = [...Object.keys(SETTINGS), 'server_version', 'data_checksums', 'wal_level', 'jit', 'autovacuum'];

export interface BenchDatabase {
  readonly server: EmbeddedPostgres;
  readonly url: string;
  readonly db: Database;
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** An empty database on the benchmark's own server. @throws when the server would not wait for the disk */
export async function openBenchDatabase(name: string): Promise<BenchDatabase> {
  const server = await startEmbeddedPostgres({ dataDir: resolve(DATA_DIR), port: PORT, settings: SETTINGS });
  await dropDatabase(server.url, name);
  const url = await createDatabase(server.url, name);
  const db = await Database.open(url, { applicationName: 'bench', statementTimeoutMs: 0 });
  const rows = await db.rows<{ name: string; setting: string; unit: string | null }>(
    'SELECT name, setting, unit FROM pg_settings WHERE name = ANY($1) ORDER BY name',
    [RECORDED],
  );
  const settings = Object.fromEntries(rows.map((row) => [row.name, `${row.setting}${row.unit ?? ''}`]));
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums']) {
    if (settings[name] !== 'on') throw new Error(`${name} is ${settings[name]}: times of such a server say nothing`);
  }
  return {
    server,
    url,
    db,
    settings,
    close: async () => {
      await db.close();
      await dropDatabase(server.url, name);
      await server.stop();
    },
  };
}

export async function walPosition(db: Database): Promise<string> {
  const [row] = await db.rows<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  return row!.lsn;
}

export async function walMiBSince(db: Database, lsn: string): Promise<number> {
  const [row] = await db.rows<{ bytes: string }>(
    'SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), $1::pg_lsn)::text AS bytes',
    [lsn],
  );
  return Number(row!.bytes) / 1_048_576;
}

/** So that every timing starts with the same full-page writes ahead of it. */
export async function checkpoint(db: Database): Promise<void> {
  await db.affected('CHECKPOINT');
}
