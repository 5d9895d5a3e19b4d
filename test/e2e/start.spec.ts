import { createServer } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedPostgresStatus, stopEmbeddedPostgres } from '@app/platform';
import {
  descendantsOf,
  runCommand,
  startCommand,
  stillRunning,
  workingFolder,
  type Started,
} from '../support/command.js';

jest.setTimeout(180_000);

const START = ['--days', '2', '--users', '40', '--seed', '3'];

/** A port such that it and the three that follow from it (core, control, the chains) are free. */
async function freeApiPort(): Promise<number> {
  const free = (port: number): Promise<boolean> =>
    new Promise((answer) => {
      const probe = createServer();
      probe.once('error', () => answer(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => answer(true)));
    });
  for (let port = 14_800 + (process.pid % 200) * 100; ; port += 100) {
    const all = await Promise.all([port, port + 11, port + 12, port + 56, port + 57, port + 58, port + 59].map(free));
    if (all.every(Boolean)) return port;
  }
}

describe('npm start', () => {
  const folder = workingFolder('e2e-start');
  const cwd = folder.path;
  const postgres = join(cwd, '.local', 'postgres');
  let env: Record<string, string>;
  let launcher: Started | undefined;

  const start = async (): Promise<Started> => {
    launcher = startCommand('start', START, { cwd, env });
    await launcher.wrote('Up after');
    return launcher;
  };
  const command = (name: string, ...args: string[]) => runCommand(name, args, { cwd, env });
  const api = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${env['API_PORT']}${path}`, {
      headers: { authorization: 'Bearer dev-core-key' },
    });
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  };

  beforeAll(async () => {
    env = { API_PORT: String(await freeApiPort()) };
  });
  afterAll(async () => {
    if (launcher !== undefined && launcher.child.exitCode === null) launcher.child.kill('SIGKILL');
    await stopEmbeddedPostgres(postgres).catch(() => undefined);
    folder.remove();
  });

  it('lives the first days, one more on demand, explains a reward; survives kill -9; Ctrl-C leaves nothing behind', async () => {
    // The first start.
    let running = await start();
    const apps = descendantsOf(running.pid);
    expect(apps.length).toBeGreaterThanOrEqual(5);
    const firstDay = await lastDayOf(cwd);
    const ready = await api<{ status: string }>('/health/ready');
    expect(ready.status).toBe('ok');

    // A second start in the same folder is refused, and says who runs.
    const second = await command('start', ...START);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`process ${running.pid}`);

    // One more day, by hand.
    const day = await command('day');
    expect({ code: day.code, failed: day.stdout.includes('FAILED') }).toEqual({ code: 0, failed: false });
    expect(day.stdout).toContain(nextDay(firstDay));

    // R33: any reward can be recomputed.
    const explained = await command('explain', '--user', 'u1', '--token', 'BNB', '--day', firstDay);
    expect(explained.stdout).toContain('agree to the atom');
    expect(explained.code).toBe(0);
    // Each token has its own day, on its own chain.
    const other = await command('explain', '--user', 'u1', '--token', 'ATOM', '--day', firstDay);
    expect(other.stdout).toContain('agree to the atom');
    const doctor = await command('doctor');
    expect(doctor.stdout).not.toContain('WRONG');
    expect(doctor.code).toBe(0);
    const paid = await api<Days>(`/v1/days/${firstDay}`);

    // kill -9 of the launcher: its programs end by themselves, and the next start goes on from there.
    running.child.kill('SIGKILL');
    await running.ended;
    expect(await stillRunning(apps)).toEqual([]);
    running = await start();
    expect(await api<Days>(`/v1/days/${firstDay}`)).toEqual(paid);
    const afterCrash = await command('day');
    expect(afterCrash.code).toBe(0);
    expect(afterCrash.stdout).toContain(nextDay(nextDay(firstDay)));

    // Ctrl-C reaches the whole process group of the terminal.
    const everybody = descendantsOf(running.pid);
    process.kill(-running.pid, 'SIGINT');
    expect((await running.ended).code).toBe(0);
    expect(await stillRunning(everybody)).toEqual([]);
    expect((await embeddedPostgresStatus(postgres)).state).toBe('stopped');
    expect(existsSync(join(cwd, '.local', 'run.json'))).toBe(false);

    // Nothing runs: the commands that need it say so.
    const none = await command('day');
    expect({ code: none.code, said: none.stderr.trim() }).toEqual({
      code: 1,
      said: 'nothing is running here: start it with `npm start` first',
    });
  });
});

interface Days {
  readonly tokens: Readonly<Record<string, { readonly state: string; readonly paid: string }>>;
}

/** The last day that the first start has lived, from what it said: two days before today's date are lived. */
async function lastDayOf(cwd: string): Promise<string> {
  const { apiUrl } = JSON.parse(readFileSync(join(cwd, '.local', 'run.json'), 'utf8')) as { apiUrl: string };
  for (let back = 0; back < 3; back += 1) {
    const day = new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
    const response = await fetch(`${apiUrl}/v1/days/${day}`, { headers: { authorization: 'Bearer dev-core-key' } });
    const answer = response.ok ? ((await response.json()) as Days) : { tokens: {} };
    if (answer.tokens['BNB']?.state === 'paid') return day;
  }
  throw new Error('no day was lived');
}

const nextDay = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
