import { spawn } from 'node:child_process';
import { chownSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EmbeddedPostgresError } from './postgres-error.js';

/** The system user that owns the cluster and runs the server; undefined means "as we are". */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface RunResult {
  readonly exitCode: number;
  readonly output: string;
}

/**
 * PostgreSQL refuses to run as root, so root lends it an account: the one that already owns the cluster, else
 * `postgres`, else `nobody`. /etc/passwd is read directly because os.userInfo() throws for a uid without an entry.
 */
export function accountForServer(clusterDir: string): Account | undefined {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    if (fields && uid > 0 && gid > 0) return { uid, gid };
  }
  throw new EmbeddedPostgresError(
    'PG_NO_SYSTEM_USER',
    'PostgreSQL does not run as root and this machine has neither a user postgres nor nobody: ' +
      'run as another user or set DATABASE_URL to your own server.',
  );
}

export function giveTo(account: Account | undefined, path: string): void {
  if (account) chownSync(path, account.uid, account.gid);
}

/** Whether the account may pass through every folder above `path` and through `path` itself. */
export function canTraverse(account: Account | undefined, path: string): boolean {
  if (!account) return true;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(folder) === folder) return true;
  }
}

/**
 * Runs one of the server's programs to its end in a neutral environment: no PG* variables of the user's, no locale,
 * UTC, a working folder every account can enter. Resolves at exit, not at end of output: the server that pg_ctl
 * leaves behind may hold the pipes open.
 */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { readonly account?: Account | undefined; readonly timeoutMs: number },
): Promise<RunResult> {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(file, args, {
      ...(options.account ?? {}),
      cwd: process.platform === 'win32' ? dirname(file) : '/',
      env: neutralEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      if (output.length < 65_536) output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const timer = setTimeout(() => child.kill('SIGTERM'), options.timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('exit', (exitCode, signal) => {
      clearTimeout(timer);
      // What was written before the exit may still be in the pipe.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolvePromise({ exitCode: exitCode ?? -1, output: signal ? `${output}\nended by ${signal}` : output });
      }, 5);
    });
  });
}

function neutralEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'SystemRoot', 'SYSTEMROOT', 'TEMP', 'TMP', 'TMPDIR', 'ComSpec', 'LD_LIBRARY_PATH'];
  const env: NodeJS.ProcessEnv = { TZ: 'UTC', LC_ALL: 'C', LANG: 'C', HOME: '/' };
  for (const name of kept) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
