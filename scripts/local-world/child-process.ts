import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended by itself or by `stop`. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, then SIGKILL when it has not drained within the grace time. */
  stop(graceMs?: number): Promise<void>;
  /** The last lines it wrote: what a sentence about its death is made of. */
  lastLines(): string;
}

/**
 * Starts one of our own programs from dist/ as a process of its own. It keeps an IPC channel to us: when we are killed
 * the channel breaks and the child ends by itself, so no orphan stays. What it writes goes to `folder`.
 */
export function startProcess(
  name: string,
  script: string,
  args: readonly string[],
  env: Record<string, string>,
  folder = resolve('.local/logs'),
): RunningProcess {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.log`);
  const log = openSync(file, 'a');
  const inherited = Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'TZ', 'SystemRoot'].flatMap((key) =>
      process.env[key] === undefined ? [] : [[key, process.env[key]]],
    ),
  );
  const child = fork(script, args, {
    env: { ...inherited, ...env },
    stdio: ['ignore', log, log, 'ipc'],
    // A process group of its own: Ctrl-C reaches us alone, and we stop the others in the right order.
    detached: true,
  });
  closeSync(log);
  if (child.pid === undefined)
    throw new Error(`${name} could not be started from ${script}; run \`npm run build\` first`);
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  return {
    name,
    pid: child.pid,
    ended,
    stop: (graceMs = 8_000) => stop(child, ended, graceMs),
    lastLines: () => lastLines(file),
  };
}

async function stop(child: ChildProcess, ended: Promise<unknown>, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
  } catch {
    return '';
  }
}
