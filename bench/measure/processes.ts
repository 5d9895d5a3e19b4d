import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

/** USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;
const SAMPLE_MS = 50;

/** The /proc files that this reads exist on Linux alone; elsewhere these figures are left out. */
export const HAS_PROC = existsSync('/proc/self/status');

/** CPU seconds of a process and all it has ended and waited for. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  if (fields === null) return 0;
  // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), here without pid and name.
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) / TICKS_A_SECOND;
}

/** CPU seconds of a PostgreSQL server: the postmaster, its children now, and those it has reaped. */
export function serverCpuSeconds(postmaster: number): number {
  return cpuSeconds(postmaster) + childrenOf(postmaster).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}

/**
 * MiB that belong to this process alone: its anonymous pages. Buffer cache is not in it. The kernel keeps the number;
 * `smaps_rollup` would count the pages of shared memory one by one, and take a core from what is measured.
 */
export function privateMiB(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const line = /^RssAnon:\s+(\d+) kB/m.exec(text);
    return line === null ? 0 : Number(line[1]) / 1024;
  } catch {
    return 0;
  }
}

export interface Peaks {
  /** Of our process. */
  readonly ownMiB: number;
  /** Of all of PostgreSQL's processes at one moment, without the shared buffer cache. */
  readonly serverMiB: number;
  readonly loadAverage: number;
}

/** Looks 20 times a second until it is stopped. Run it in another process than the one that is watched. */
export class MemoryWatch {
  private own = 0;
  private server = 0;
  private load = loadavg()[0] ?? 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly pid: number,
    private readonly postmaster: number,
  ) {
    this.timer = setInterval(() => this.look(), SAMPLE_MS);
  }

  stop(): Peaks {
    this.look();
    clearInterval(this.timer);
    return { ownMiB: Math.round(this.own), serverMiB: Math.round(this.server), loadAverage: this.load };
  }

  private look(): void {
    this.own = Math.max(this.own, privateMiB(this.pid));
    const server = childrenOf(this.postmaster).reduce((sum, pid) => sum + privateMiB(pid), 0);
    this.server = Math.max(this.server, server);
    this.load = Math.max(this.load, loadavg()[0] ?? 0);
  }
}

function statOf(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
