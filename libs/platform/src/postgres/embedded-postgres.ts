import { existsSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_PORT, layoutOf, prepareLayout, readRecord, rememberPort } from './cluster-layout.js';
import type { ClusterLayout } from './cluster-layout.js';
import { bringUp, urlOf } from './bring-up.js';
import { createDatabase } from './create-database.js';
import { ensureCluster } from './init-cluster.js';
import { EmbeddedPostgresError } from './postgres-error.js';
import { isPostmasterOf, readPostmaster } from './postmaster-file.js';
import { runProgram } from './run-as.js';
import { askServer } from './server-answer.js';
import { prepareBinaries, serverPackageRoot, type ServerBinaries } from './server-binaries.js';
import { lastReason } from './server-log.js';

export interface EmbeddedPostgresOptions {
  /** Folder of ours, for example `.local/postgres`; made when missing. */
  readonly dataDir: string;
  /** First port to try on the first start; later starts try the remembered one. */
  readonly port?: number;
  /** Database the answer's `url` points to; made when missing. Without it: `postgres`. */
  readonly database?: string;
  /** Server settings over the defaults; in force from the server's next start on. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Log of the server; by default `log/server.log` beside the data. Its folder must be writable by the server. */
  readonly logFile?: string;
  /** False spares the disk the sync of a fresh cluster (throw-away test servers). */
  readonly durable?: boolean;
  /** Where `node_modules` is looked for; by default the working folder. */
  readonly projectRoot?: string;
  /** How long to wait for the lock of a server that was killed, milliseconds. */
  readonly lockPatienceMs?: number;
  /** Root folder of the package with the programs, instead of looking for it (tests). */
  readonly packageRoot?: string;
  /** Told one sentence when something is not where it was asked for. */
  readonly onNotice?: (sentence: string) => void;
}

export interface EmbeddedPostgres {
  /** With the password in it: keep it out of logs (our logger takes it out). */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The cluster's own folder. */
  readonly clusterDir: string;
  readonly logFile: string;
  /** True when a server of an earlier process was found running. */
  readonly reused: boolean;
  /** Sentences about things that are elsewhere than asked. */
  readonly notices: readonly string[];
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 60_000;

/**
 * Finds the cluster's server running, or starts it (making the cluster first). The server is a daemon of its own
 * session: it survives this process, a Ctrl-C in its terminal, and is found again by the next start. Several
 * processes may call this at the same time for one folder and get the same server.
 * @throws EmbeddedPostgresError with a code and one sentence
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { layout, record } = prepareLayout(options.dataDir, options.port ?? DEFAULT_PORT);
  const packageRoot = options.packageRoot ?? serverPackageRoot(options.projectRoot);
  const binaries = await prepareBinaries(packageRoot, layout.account);
  await ensureCluster(layout, record, binaries, options.durable ?? true);
  const logFile = options.logFile ?? join(layout.logDir, 'server.log');
  const notices = [layout.notice, binaries.notice].filter((notice) => notice !== undefined);
  notices.forEach((notice) => options.onNotice?.(notice));
  const running = await bringUp({
    layout,
    record,
    binaries,
    logFile,
    settings: options.settings ?? {},
    lockPatienceMs: options.lockPatienceMs,
  });
  rememberPort(layout, record, running.port);
  const serverUrl = urlOf(record, running.port);
  const url = options.database ? await createDatabase(serverUrl, options.database) : serverUrl;
  return {
    url,
    ...running,
    clusterDir: layout.clusterDir,
    logFile,
    notices,
    stop: async () => void (await stopServer(layout, binaries)),
  };
}

/** pg_ctl asks, we wait: its own wait takes a killed server that nobody has reaped yet for a living one. */
async function stopServer(layout: ClusterLayout, binaries: ServerBinaries): Promise<boolean> {
  const postmaster = readPostmaster(layout.clusterDir);
  if (!isPostmasterOf(layout.clusterDir, postmaster)) return false;
  const { exitCode, output } = await runProgram(binaries.pgCtl, ['stop', '-m', 'fast', '-W', '-D', layout.clusterDir], {
    account: layout.account,
    timeoutMs: 20_000,
  });
  for (const deadline = Date.now() + STOP_TIMEOUT_MS; Date.now() < deadline; await sleep(20)) {
    if (!isPostmasterOf(layout.clusterDir, postmaster)) return exitCode === 0;
    if (exitCode !== 0 && !/no server running|does not exist|No such process/i.test(output)) break;
  }
  throw new EmbeddedPostgresError(
    'PG_STOP_FAILED',
    `PostgreSQL (process ${postmaster.pid}) did not stop: ${lastReason(output)}`,
  );
}

type PackageOptions = Pick<EmbeddedPostgresOptions, 'projectRoot' | 'packageRoot'>;

/**
 * Stops the folder's server and waits for it: open transactions are rolled back, what was committed is on disk.
 * @returns false when none was running
 */
export async function stopEmbeddedPostgres(dataDir: string, options: PackageOptions = {}): Promise<boolean> {
  const record = readRecord(dataDir);
  if (!record) return false;
  const layout = layoutOf(dataDir, record);
  const packageRoot = options.packageRoot ?? serverPackageRoot(options.projectRoot);
  return stopServer(layout, await prepareBinaries(packageRoot, layout.account));
}

export type EmbeddedPostgresStatus =
  | { readonly state: 'absent' }
  | { readonly state: 'stopped'; readonly clusterDir: string }
  | { readonly state: 'not answering'; readonly clusterDir: string; readonly pid: number; readonly detail: string }
  | {
      readonly state: 'running';
      readonly clusterDir: string;
      readonly pid: number;
      readonly port: number;
      /** Of the database `postgres`; see `databaseUrl` for another one. */
      readonly url: string;
    };

/** Looks without touching: by asking the server, not only by its process number. */
export async function embeddedPostgresStatus(dataDir: string): Promise<EmbeddedPostgresStatus> {
  const record = readRecord(dataDir);
  if (!record) return { state: 'absent' };
  const { clusterDir } = layoutOf(dataDir, record);
  if (!existsSync(join(clusterDir, 'PG_VERSION'))) return { state: 'absent' };
  const postmaster = readPostmaster(clusterDir);
  if (!isPostmasterOf(clusterDir, postmaster)) return { state: 'stopped', clusterDir };
  const { pid, port } = postmaster;
  if (port === undefined) return { state: 'not answering', clusterDir, pid, detail: 'starting' };
  const url = urlOf(record, port);
  const answer = await askServer(url);
  if (answer.kind === 'ready' && answer.dataDirectory === realpathSync(clusterDir)) {
    return { state: 'running', clusterDir, pid, port, url };
  }
  return { state: 'not answering', clusterDir, pid, detail: 'message' in answer ? answer.message : answer.kind };
}

/** Stops the server and removes cluster, log and record. Nothing else in the folder is touched. */
export async function resetEmbeddedPostgres(dataDir: string, options: PackageOptions = {}): Promise<void> {
  const record = readRecord(dataDir);
  if (!record) return;
  await stopEmbeddedPostgres(dataDir, options);
  const layout = layoutOf(dataDir, record);
  for (const path of [layout.clusterDir, layout.logDir, layout.recordFile])
    rmSync(path, { recursive: true, force: true });
  if (layout.root !== layout.home) rmSync(layout.root, { recursive: true, force: true });
}
