import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterLayout, ServerRecord } from './cluster-layout.js';
import { isPortFree, nextFreePort } from './free-port.js';
import { EmbeddedPostgresError } from './postgres-error.js';
import { isAlive, isPostmasterOf, readPostmaster } from './postmaster-file.js';
import { runProgram } from './run-as.js';
import { askServer } from './server-answer.js';
import type { ServerBinaries } from './server-binaries.js';
import { lastReason, readFrom, rotateLog } from './server-log.js';
import { serverOptions } from './server-settings.js';

/** Recovery after a crash may take long on a big cluster; a server that says it is working on it is waited for. */
const READY_TIMEOUT_MS = 120_000;
/** After kill -9 the dead server can seem alive for seconds: its lock and its shared memory go with the last child. */
const LOCK_PATIENCE_MS = 12_000;

export interface Starting {
  readonly settings: Readonly<Record<string, string>>;
  readonly lockPatienceMs: number | undefined;
  readonly layout: ClusterLayout;
  readonly record: ServerRecord;
  readonly binaries: ServerBinaries;
  readonly logFile: string;
}

export const urlOf = (record: ServerRecord, port: number): string =>
  `postgres://postgres:${record.password}@127.0.0.1:${port}/postgres`;

export interface Running {
  readonly port: number;
  readonly pid: number;
  readonly reused: boolean;
}

/** Finds the cluster's server or starts it, patient with one that is recovering, stopping or just killed. */
export async function bringUp(start: Starting): Promise<Running> {
  const readyBy = Date.now() + READY_TIMEOUT_MS;
  const patience = start.lockPatienceMs ?? LOCK_PATIENCE_MS;
  let patienceEnds = Date.now() + patience;
  let port = start.record.port;
  let started = false;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    const found = await findRunning(start, started);
    if (found.kind === 'running') return found.running;
    if (Date.now() > readyBy) throw timedOut(start);
    if (found.kind === 'busy') {
      // It lives and works (recovery, shutdown): starting a second one would be wrong.
      patienceEnds = Date.now() + patience;
    } else {
      // Busy with whose server? One that another process is starting right now shows in the lock file a moment later.
      if (!(await isPortFree(port)) && !lockedByLiving(start.layout)) port = await nextFreePort(port + 1);
      const outcome = await tryStart(start, port);
      if (outcome.kind === 'started') {
        started = true;
        continue;
      }
      if (outcome.kind === 'port taken') port = await nextFreePort(port + 1);
      if (Date.now() > patienceEnds) throw lockHeld(start.layout, outcome.reason);
    }
    await sleep(pause);
  }
}

const lockedByLiving = (layout: ClusterLayout): boolean =>
  isPostmasterOf(layout.clusterDir, readPostmaster(layout.clusterDir));

type Found = { readonly kind: 'running'; readonly running: Running } | { readonly kind: 'busy' | 'none' };

async function findRunning(start: Starting, started: boolean): Promise<Found> {
  const { layout, record } = start;
  const postmaster = readPostmaster(layout.clusterDir);
  if (!isPostmasterOf(layout.clusterDir, postmaster) || postmaster.port === undefined) return { kind: 'none' };
  const answer = await askServer(urlOf(record, postmaster.port));
  switch (answer.kind) {
    case 'ready':
      if (answer.dataDirectory !== realpathSync(layout.clusterDir)) return { kind: 'none' };
      return { kind: 'running', running: { port: postmaster.port, pid: postmaster.pid, reused: !started } };
    case 'busy':
      return { kind: 'busy' };
    case 'wrong password':
      if (postmaster.status !== 'ready') return { kind: 'none' };
      throw new EmbeddedPostgresError(
        'PG_PASSWORD',
        `The server on port ${postmaster.port} does not take the password in ${layout.recordFile}: ` +
          'put the old file back, or run npm run db:reset to begin anew.',
      );
    default:
      return { kind: 'none' };
  }
}

type StartOutcome = { readonly kind: 'started' } | { readonly kind: 'locked' | 'port taken'; readonly reason: string };

async function tryStart(start: Starting, port: number): Promise<StartOutcome> {
  const { layout, binaries, logFile, settings } = start;
  const logBefore = rotateLog(logFile);
  const { exitCode, output } = await runProgram(
    binaries.pgCtl,
    ['start', '-w', '-t', '60', '-D', layout.clusterDir, '-l', logFile, '-o', serverOptions(port, settings)],
    { account: layout.account, timeoutMs: 70_000 },
  );
  if (exitCode === 0) return { kind: 'started' };
  const said = readFrom(logFile, logBefore) + output;
  const reason = lastReason(said);
  if (/lock file "[^"]*" (already exists|is empty)|pre-existing shared memory block|another server/i.test(said)) {
    return { kind: 'locked', reason };
  }
  if (/could not bind|Address already in use|could not create any TCP/i.test(said)) {
    return { kind: 'port taken', reason };
  }
  // pg_ctl gives up waiting while recovery goes on; the next look at the server tells.
  if (/server did not start in time|still starting/i.test(output)) return { kind: 'locked', reason };
  throw new EmbeddedPostgresError('PG_START_FAILED', `PostgreSQL did not start: ${reason} (log: ${logFile})`);
}

function lockHeld(layout: ClusterLayout, reason: string): EmbeddedPostgresError {
  const pid = readPostmaster(layout.clusterDir)?.pid;
  const file = join(layout.clusterDir, 'postmaster.pid');
  return new EmbeddedPostgresError(
    'PG_LOCK_HELD',
    pid !== undefined && isAlive(pid)
      ? `${file} names process ${pid}, which lives and does not answer as our server; if it is no PostgreSQL ` +
          `(a number used again after a restart of the machine), remove that file and start again. ${reason}`
      : `PostgreSQL's data is locked and nobody answers: ${reason}`,
  );
}

const timedOut = (start: Starting): EmbeddedPostgresError =>
  new EmbeddedPostgresError(
    'PG_START_TIMEOUT',
    `PostgreSQL is still not ready after ${READY_TIMEOUT_MS / 1000} s; its log is ${start.logFile}.`,
  );
