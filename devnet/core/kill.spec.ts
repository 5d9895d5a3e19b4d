import { spawn, type ChildProcess, execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@app/platform';
import { RecordingService } from './testing/recording-service.js';
import { dev, postCredits, reward, SECRET } from './testing/signed.js';

jest.setTimeout(120_000);

const DAY = '2026-11-10';
const OPENING = { users: 40, seed: 7, firstDay: DAY };
const COMPILED = join('.local', `core-kill-${process.pid}`);

interface World {
  readonly service: RecordingService;
  readonly database: TestDatabase;
  readonly apiUrl: string;
  readonly port: number;
}

let running: ChildProcess | undefined;

/** The program as it is deployed: a process of its own, reached by HTTP. */
async function startProcess({ database, apiUrl, port }: World, faultAt?: string): Promise<string> {
  const child = spawn(
    process.execPath,
    [join(COMPILED, 'devnet/core/main.js'), '--port', String(port), '--api', apiUrl],
    {
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'test',
        DATABASE_URL: database.url,
        CORE_WEBHOOK_SECRET: SECRET,
        LOG_LEVEL: 'silent',
        ...(faultAt === undefined ? {} : { FAULT_AT: faultAt }),
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  running = child;
  return new Promise((ready, fail) => {
    child.once('message', (message: { ready: string }) => ready(message.ready));
    child.once('exit', (code, signal) => fail(new Error(`the core ended before it was ready: ${code} ${signal}`)));
  });
}

const ended = (child: ChildProcess): Promise<string> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done(child.signalCode ?? String(child.exitCode));
    child.once('exit', (code, signal) => done(signal ?? String(code)));
  });

async function newWorld(): Promise<World> {
  const service = new RecordingService();
  const [database, apiUrl] = await Promise.all([openTestDatabase('core-kill'), service.start()]);
  const port = await new Promise<number>((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const free = (probe.address() as AddressInfo).port;
      probe.close(() => done(free));
    });
  });
  return { service, database, apiUrl, port };
}

async function endWorld(world: World): Promise<void> {
  if (running) {
    const end = ended(running);
    running.kill('SIGKILL');
    await end;
  }
  await world.service.stop();
  await world.database.drop();
}

const dayAndBooks = async (url: string): Promise<unknown> => {
  const day = await dev(url, 'POST', '/dev/day', { day: DAY });
  const books = await dev(url, 'GET', `/dev/books?day=${DAY}`);
  return {
    status: day.status,
    digest: day.json['digest'],
    hash: books.json['balancesHash'],
    ok: books.json['invariants'].ok,
  };
};

beforeAll(() => {
  execFileSync(join('node_modules', '.bin', 'swc'), ['devnet/core', 'libs/platform', '-d', COMPILED, '--quiet']);
});
afterAll(() => rmSync(COMPILED, { recursive: true, force: true }));

describe('kill -9 of the core', () => {
  let undisturbed: { feed: [number, string[]][]; result: unknown };

  beforeAll(async () => {
    const world = await newWorld();
    const url = await startProcess(world);
    await dev(url, 'POST', '/dev/open', OPENING);
    const result = await dayAndBooks(url);
    undisturbed = { feed: [...world.service.lines].sort(), result };
    await endWorld(world);
    expect(result).toMatchObject({ status: 200, ok: true });
  });

  // Before the day's transaction commits; after it and before anything is told; after an answer that was not noted.
  it.each(['core.day.written:1', 'core.day.committed:1', 'core.feed.answered:1', 'core.feed.answered:2'])(
    'R26: in /dev/day at %s, and the same call again: identical books and feed',
    async (faultAt) => {
      const world = await newWorld();
      const first = await startProcess(world);
      await dev(first, 'POST', '/dev/open', OPENING);
      running!.kill('SIGTERM');
      expect(await ended(running!)).toBe('0');

      const armed = await startProcess(world, faultAt);
      const end = ended(running!);
      await expect(dev(armed, 'POST', '/dev/day', { day: DAY })).rejects.toThrow();
      expect(await end).toBe('SIGKILL');

      const again = await startProcess(world);
      expect(await dayAndBooks(again)).toEqual(undisturbed.result);
      expect([...world.service.lines].sort()).toEqual(undisturbed.feed);
      expect(world.service.changedLines).toEqual([]);
      await endWorld(world);
    },
  );

  it('R23: while crediting, before its commit: nothing was credited, and the batch again is credited once', async () => {
    const world = await newWorld();
    const armed = await startProcess(world, 'core.credits.written:1');
    await dev(armed, 'POST', '/dev/open', OPENING);
    const batch = { day: DAY, total: '3', credits: [reward(DAY, 'u1', '1'), reward(DAY, 'u2', '2')] };
    const end = ended(running!);
    await expect(postCredits(armed, batch)).rejects.toThrow();
    expect(await end).toBe('SIGKILL');
    const again = await startProcess(world);
    expect((await postCredits(again, batch)).json['results']).toEqual(
      batch.credits.map(({ id }) => ({ id, status: 'credited' })),
    );
    const books = await dev(again, 'GET', `/dev/books?day=${DAY}`);
    expect(books.json).toMatchObject({ token: { BNB: { count: 2, total: '3' } }, invariants: { ok: true } });
    await endWorld(world);
  });

  it('ends by itself when the program that started it is gone', async () => {
    const world = await newWorld();
    await startProcess(world);
    const end = ended(running!);
    running!.disconnect();
    expect(await end).toBe('0');
    await endWorld(world);
  });
});
