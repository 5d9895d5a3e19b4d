import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running server says of itself in `postmaster.pid`. Only ever read: removing it can end in two servers. */
export interface Postmaster {
  readonly pid: number;
  /** Absent for the first moments of a start. */
  readonly port?: number;
  readonly status: 'starting' | 'stopping' | 'ready' | 'unknown';
}

/** Undefined when there is no such file; it may also be left over from a server that was killed. */
export function readPostmaster(clusterDir: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const port = Number(lines[3]);
  const said = lines[7]?.trim();
  const status = said === 'ready' || said === 'starting' || said === 'stopping' ? said : 'unknown';
  return { pid, status, ...(port > 0 ? { port } : {}) };
}

/**
 * Whether the process of the file can be this cluster's server. A number may be used again after a restart of the
 * machine or container, and a killed server may linger as a zombie; Linux tells (the command line names the folder),
 * elsewhere a living process is believed.
 */
export function isPostmasterOf(clusterDir: string, postmaster: Postmaster | undefined): postmaster is Postmaster {
  if (!postmaster || !isAlive(postmaster.pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${postmaster.pid}/cmdline`, 'utf8').split('\0').includes(clusterDir);
  } catch {
    return false;
  }
}

/** Only ESRCH proves that a process is gone; EPERM means it lives under another account. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
