import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError } from './postgres-error.js';
import { accountForServer, canTraverse, giveTo, type Account } from './run-as.js';

/**
 * What is kept beside the data, in `<dataDir>/server.json`, 0600. The password is random: trust would let every user
 * and every program of the machine become superuser of the cluster over loopback, and a superuser of PostgreSQL can
 * start programs under our account.
 */
export interface ServerRecord {
  readonly password: string;
  /** Port asked for at the next start. */
  readonly port: number;
  /** Folder in the temporary folder that holds `data` and `log`; absent: dataDir itself, which may be moved. */
  readonly elsewhere?: string;
}

export interface ClusterLayout {
  readonly home: string;
  readonly recordFile: string;
  readonly root: string;
  /** The cluster, owned by the account, 0700. */
  readonly clusterDir: string;
  readonly logDir: string;
  readonly account: Account | undefined;
  readonly notice?: string;
}

export const DEFAULT_PORT = 54329;

/** The folder's record; undefined when no cluster was ever made here. */
export function readRecord(dataDir: string): ServerRecord | undefined {
  const file = join(resolve(dataDir), 'server.json');
  if (!existsSync(file)) return undefined;
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<ServerRecord>;
    if (record.password && record.port) return record as ServerRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new EmbeddedPostgresError('PG_DATA_DIR', `${file} belongs to another user: use the account that made it.`);
    }
  }
  throw new EmbeddedPostgresError('PG_DATA_DIR', `${file} is damaged: run npm run db:reset to begin anew.`);
}

export function layoutOf(dataDir: string, record: ServerRecord): ClusterLayout {
  const home = resolve(dataDir);
  const root = record.elsewhere ?? home;
  const clusterDir = join(root, 'data');
  return {
    home,
    recordFile: join(home, 'server.json'),
    root,
    clusterDir,
    logDir: join(root, 'log'),
    account: accountForServer(clusterDir),
    ...(record.elsewhere ? { notice: noticeOf(home, record.elsewhere) } : {}),
  };
}

const noticeOf = (home: string, root: string): string =>
  `The database lives in ${root}, because the account PostgreSQL runs under cannot enter ${home}; ` +
  'a cleaning of the temporary folder removes it.';

/**
 * Makes the folders, independent of the umask, and the record; of two processes at once one writes the record and
 * both use it.
 */
export function prepareLayout(dataDir: string, port: number): { layout: ClusterLayout; record: ServerRecord } {
  const home = resolve(dataDir);
  makeFolder(home);
  const recordFile = join(home, 'server.json');
  let record = readRecord(home);
  if (!record) {
    const account = accountForServer(join(home, 'data'));
    const password = randomBytes(24).toString('base64url');
    const fresh = { password, port };
    createOnce(recordFile, canTraverse(account, home) ? fresh : { ...fresh, elsewhere: temporaryRoot(home) });
    record = readRecord(home)!;
  }
  const layout = layoutOf(home, record);
  if (record.elsewhere) makeFolder(record.elsewhere);
  if (!canTraverse(layout.account, layout.root)) {
    throw new EmbeddedPostgresError(
      'PG_DATA_DIR',
      `The account PostgreSQL runs under can no longer enter ${layout.root}: open it again (chmod a+x) or run npm run db:reset.`,
    );
  }
  if (!existsSync(layout.logDir)) {
    mkdirSync(layout.logDir, { recursive: true, mode: 0o700 });
    giveTo(layout.account, layout.logDir);
  }
  return { layout, record };
}

/** Creates missing folders of a path with 0755, whatever the umask; existing ones are left as they are. */
function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; ; folder = dirname(folder)) {
    chmodSync(folder, 0o755);
    if (folder === first || dirname(folder) === folder) return;
  }
}

function temporaryRoot(home: string): string {
  const key = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const root = join(tmpdir(), `soft-staking-data-${process.getuid?.() ?? 0}-${key}`);
  const stat = lstatSync(root, { throwIfNoEntry: false });
  if (stat && (!stat.isDirectory() || stat.uid !== process.getuid?.())) {
    throw new EmbeddedPostgresError('PG_DATA_DIR', `${root} belongs to somebody else: set TMPDIR to another folder.`);
  }
  return root;
}

/** Writes the whole file or none, and never over another process' one. */
function createOnce(file: string, record: ServerRecord): void {
  const half = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(half, JSON.stringify(record, null, 2) + '\n', { mode: 0o600 });
  try {
    linkSync(half, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(half);
  }
}

/** Remembers the port that is really in use. */
export function rememberPort(layout: ClusterLayout, record: ServerRecord, port: number): void {
  if (record.port === port) return;
  const half = `${layout.recordFile}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(half, JSON.stringify({ ...record, port }, null, 2) + '\n', { mode: 0o600 });
  renameSync(half, layout.recordFile);
}
