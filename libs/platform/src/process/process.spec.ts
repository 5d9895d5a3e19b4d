import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../postgres/postmaster-file.js';
import { compileForChild } from '../testing/compile-for-child.js';
import { armFaultPoint } from './fault-point.js';

let folder: string;
const children: ChildProcess[] = [];
let orphan: number | undefined;

function script(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function run(file: string, env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function textUntilExit(
  child: ChildProcess,
): Promise<{ text: string; code: number | null; signal: string | null }> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { text, code, signal };
}

beforeAll(() => {
  folder = compileForChild();
});

afterAll(() => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  if (orphan !== undefined) process.kill(orphan, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('faultPoint', () => {
  const program = `
    import { faultPoint } from './src/process/fault-point.js';
    for (let i = 1; i <= 3; i += 1) { faultPoint('other'); faultPoint('credit.sent'); console.log('passed', i); }`;

  it('kills the process at the n-th passing, as SIGKILL does', async () => {
    const { text, signal } = await textUntilExit(run(script('fault.mjs', program), { FAULT_AT: 'credit.sent:2' }));
    expect(signal).toBe('SIGKILL');
    expect(text).toBe('passed 1\n');
  });

  it('does nothing unless armed', async () => {
    const { text, code } = await textUntilExit(run(script('fault.mjs', program)));
    expect(code).toBe(0);
    expect(text).toContain('passed 3');
  });

  it('is refused in production', async () => {
    expect(() => armFaultPoint({ name: 'a', hit: 1 }, 'production')).toThrow('production refuses');
    const env = { FAULT_AT: 'credit.sent:2', NODE_ENV: 'production' };
    const { code, text } = await textUntilExit(run(script('fault.mjs', program), env));
    expect(code).toBe(1);
    expect(text).toContain('production refuses crash points');
  });
});

describe('onShutdown', () => {
  const program = (drain: string, options = '{}') => `
    import { setTimeout as sleep } from 'node:timers/promises';
    import { onShutdown } from './src/process/on-shutdown.js';
    const shutdown = onShutdown(async () => { ${drain} }, ${options});
    shutdown.signal.addEventListener('abort', () => console.log('aborted', shutdown.signal.reason));
    console.log('up');
    setInterval(() => undefined, 1000);`;

  it('drains once, also when the signal comes again', async () => {
    const child = run(
      script('drain.mjs', program(`console.log('draining'); await sleep(200); console.log('drained');`)),
    );
    await once(child.stdout!, 'data');
    const ended = textUntilExit(child);
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGINT'), 60);
    const { text, code } = await ended;
    expect(code).toBe(0);
    expect(text).toBe('aborted SIGTERM\ndraining\ndrained\n');
  });

  it('ends with 1 at the deadline, and when draining fails', async () => {
    const hanging = run(script('hang.mjs', program('await new Promise(() => undefined);', '{ deadlineMs: 100 }')));
    const failing = run(script('fail.mjs', program(`throw new Error('no');`)));
    for (const child of [hanging, failing]) {
      await once(child.stdout!, 'data');
      const ended = textUntilExit(child);
      child.kill('SIGINT');
      expect((await ended).code).toBe(1);
    }
  });

  it('a child ends when its launcher is killed', async () => {
    script('child.mjs', program(`await sleep(10);`));
    const launcher = script(
      'launcher.mjs',
      `import { fork } from 'node:child_process';
       const child = fork(${JSON.stringify(join(folder, 'child.mjs'))}, { stdio: 'ignore' });
       child.once('spawn', () => setTimeout(() => process.send(child.pid), 300));`,
    );
    const parent = fork(launcher, { stdio: 'ignore', execArgv: [] });
    children.push(parent);
    const [pid] = (await once(parent, 'message')) as [number];
    orphan = pid;
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    const deadline = Date.now() + 5_000;
    while (isRunning(pid) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isRunning(pid)).toBe(false);
    orphan = undefined;
  });
});

/** A zombie that nobody has reaped yet counts as ended. */
function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
