import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Resolves when the text has been written to stdout or stderr; rejects when the command ends without. */
  wrote(text: string): Promise<void>;
}

/** One of the project's commands as its users run it: plain node on dist/, in a process group of its own. */
export function startCommand(name: string, args: readonly string[], options: CommandOptions = {}): Started {
  const script = resolve('dist', 'scripts', `${name}.js`);
  if (!existsSync(script)) throw new Error(`${script} is missing: run \`npm run build\` first`);
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, [join('dist', 'scripts', `${name}.js`), ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...defined({ PATH, HOME, TMPDIR }), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, ...text })));
  if (child.pid === undefined) throw new Error(`${name} could not be started`);
  return { child, pid: child.pid, ended, wrote: (wanted) => wrote(child, text, ended, wanted) };
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function runCommand(name: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return startCommand(name, args, options).ended;
}

async function wrote(
  child: ChildProcess,
  text: { readonly stdout: string; readonly stderr: string },
  ended: Promise<Ended>,
  wanted: string,
): Promise<void> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  while (!`${text.stdout}${text.stderr}`.includes(wanted)) {
    if (over.signal.aborted) {
      throw new Error(`it ended (${child.exitCode}) without saying "${wanted}":\n${text.stdout}\n${text.stderr}`);
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/**
 * A working folder of its own over the same build: the commands keep all their state in `.local` of the folder they
 * run in, so a test never meets the developer's own running world. Nothing is copied.
 */
export function workingFolder(name: string): { readonly path: string; remove(): void } {
  const path = resolve('.local', `${name}-${process.pid}`);
  mkdirSync(path, { recursive: true });
  // The database's server may run under an account of its own, which must get there.
  chmodSync(path, 0o755);
  for (const entry of ['dist', 'node_modules', 'config', 'devnet', 'package.json']) {
    symlinkSync(resolve(entry), join(path, entry));
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The process numbers of all who were started by `pid`, and by those. */
export function descendantsOf(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found: number[] = [];
  for (let parents = [pid]; parents.length > 0;) {
    const next = pairs.flatMap(([child = 0, parent = 0]) => (parents.includes(parent) ? [child] : []));
    found.push(...next);
    parents = next;
  }
  return found;
}

/** False for a process that has ended, also when nobody has fetched its exit code yet. */
export function isRunning(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return state !== '' && !state.startsWith('Z');
  } catch {
    return false;
  }
}

/** Waits until none of them runs; answers with those that still do after the time. */
export async function stillRunning(pids: readonly number[], patienceMs = 10_000): Promise<number[]> {
  for (const deadline = performance.now() + patienceMs; ; await new Promise((wake) => setTimeout(wake, 100))) {
    const left = pids.filter(isRunning);
    if (left.length === 0 || performance.now() > deadline) return left;
  }
}

function defined(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
