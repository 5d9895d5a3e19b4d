import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ClusterLayout, ServerRecord } from './cluster-layout.js';
import { EmbeddedPostgresError } from './postgres-error.js';
import { isAlive } from './postmaster-file.js';
import { giveTo, runProgram } from './run-as.js';
import type { ServerBinaries } from './server-binaries.js';

/**
 * Makes the cluster if there is none: UTF-8 with the built-in C.UTF-8 locale, whatever LANG says (an unset LANG would
 * give SQL_ASCII and damage text silently). initdb works in a folder of its own that is renamed when it is complete,
 * so a half-made cluster is never taken for one, and of two processes at once the first wins.
 */
export async function ensureCluster(
  layout: ClusterLayout,
  record: ServerRecord,
  binaries: ServerBinaries,
  durable: boolean,
): Promise<'made' | 'present'> {
  const versionFile = join(layout.clusterDir, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const major = readFileSync(versionFile, 'utf8').trim();
    if (major === String(binaries.major)) return 'present';
    throw new EmbeddedPostgresError(
      'PG_VERSION_MISMATCH',
      `${layout.clusterDir} was made by PostgreSQL ${major}, the installed programs are ${binaries.major}: ` +
        'run npm run db:reset to begin anew, or set DATABASE_URL.',
    );
  }
  removeLeftovers(layout.root);
  const half = join(layout.root, `data.${process.pid}.${randomBytes(4).toString('hex')}`);
  const passwordFile = join(layout.logDir, `password.${process.pid}`);
  try {
    mkdirSync(half, { mode: 0o700 });
    chmodSync(half, 0o700);
    giveTo(layout.account, half);
    writeFileSync(passwordFile, record.password, { mode: 0o600, flag: 'wx' });
    giveTo(layout.account, passwordFile);
    await runInitdb(layout, binaries, half, passwordFile, durable);
    return adopt(half, layout.clusterDir);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(half, { recursive: true, force: true });
  }
}

async function runInitdb(
  layout: ClusterLayout,
  binaries: ServerBinaries,
  folder: string,
  passwordFile: string,
  durable: boolean,
): Promise<void> {
  const { exitCode, output } = await runProgram(
    binaries.initdb,
    [
      `--pgdata=${folder}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--no-instructions',
      ...(durable ? [] : ['--no-sync']),
    ],
    { account: layout.account, timeoutMs: 120_000 },
  );
  if (exitCode === 0) return;
  if (/could not look up effective user ID/.test(output)) {
    throw new EmbeddedPostgresError(
      'PG_NO_SYSTEM_USER',
      'The user id this runs under has no entry in the password file, which PostgreSQL needs: ' +
        'run as a named user or set DATABASE_URL to your own server.',
    );
  }
  const reason = output.split('\n').find((line) => /error|fatal|could not/i.test(line)) ?? output.slice(-300);
  throw new EmbeddedPostgresError('PG_INIT_FAILED', `PostgreSQL's data could not be made: ${reason.trim()}`);
}

function adopt(half: string, clusterDir: string): 'made' | 'present' {
  try {
    renameSync(half, clusterDir);
    return 'made';
  } catch (error) {
    // Another process was faster; its cluster has the same password, from the same record.
    if (existsSync(join(clusterDir, 'PG_VERSION'))) return 'present';
    throw error;
  }
}

/** Folders of initdb runs whose process is gone. */
function removeLeftovers(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = /^data\.(\d+)\.[0-9a-f]{8}$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) rmSync(join(root, name), { recursive: true, force: true });
  }
}
