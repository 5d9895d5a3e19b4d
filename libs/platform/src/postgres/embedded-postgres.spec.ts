import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rmSync, statSync, writeFileSync, lstatSync, readlinkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { compileForChild } from '../testing/compile-for-child.js';
import { createDatabase, databaseNames, dropDatabase } from './create-database.js';
import {
  embeddedPostgresStatus,
  resetEmbeddedPostgres,
  startEmbeddedPostgres,
  stopEmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.js';
import { nextFreePort } from './free-port.js';
import { isAlive, isPostmasterOf, readPostmaster } from './postmaster-file.js';
import { accountForServer, canTraverse } from './run-as.js';
import { linkLibraries, serverPackageRoot } from './server-binaries.js';

const NOBODY = { uid: 65534, gid: 65534 };
const asRoot = process.getuid?.() === 0;
// A checkout under a private home cannot be run from by another user.
const itAsNobody = asRoot && canTraverse(NOBODY, process.cwd()) ? it : it.skip;
const itAsRoot = asRoot ? it : it.skip;

let folder: string;
let compiled: string;
const dataDirs: string[] = [];
const children: ChildProcess[] = [];

function newDataDir(name: string): string {
  const dataDir = join(folder, name, 'postgres');
  dataDirs.push(dataDir);
  return dataDir;
}

// Away from the ports of the development and the test server.
const start = (dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}) =>
  startEmbeddedPostgres({ dataDir, port: 54529, durable: false, ...options });

interface Started {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly reused: boolean;
  readonly notices: readonly string[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** A process of its own that starts the server, says so and stays; with no environment but PATH, under umask 077. */
function startInChild(
  options: Partial<EmbeddedPostgresOptions>,
  as: { readonly uid?: number; readonly gid?: number } = {},
): { child: ChildProcess; started: Promise<Started> } {
  const file = join(compiled, 'starter.mjs');
  writeFileSync(
    file,
    `import { startEmbeddedPostgres } from './src/postgres/embedded-postgres.js';
     const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
     await startEmbeddedPostgres({ port: 54529, durable: false, ...JSON.parse(process.argv[2]) })
       .then(say, (error) => say({ error: { code: error.code, message: error.message } }));
     setInterval(() => undefined, 1000);`,
  );
  const command = `umask 077; exec "${process.execPath}" "${file}" '${JSON.stringify(options)}'`;
  const env = { PATH: process.env['PATH'], TMPDIR: folder };
  const child = spawn('/bin/sh', ['-c', command], { ...as, cwd: process.cwd(), env, detached: true });
  children.push(child);
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const started = new Promise<Started>((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(JSON.parse(text) as Started);
    });
    child.once('exit', () => reject(new Error(`the starter ended: ${errors}`)));
  });
  return { child, started };
}

async function ask<T>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

function kill(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid!, 'SIGKILL');
}

/** The package as npm leaves it when install scripts are blocked: no links. */
function packageWithoutLinks(name: string): string {
  const target = join(folder, name);
  cpSync(serverPackageRoot(), target, { recursive: true, filter: (file) => !lstatSync(file).isSymbolicLink() });
  return target;
}

const linksIn = (root: string): string[] =>
  readdirSync(join(root, 'native', 'lib'))
    .filter((file) => lstatSync(join(root, 'native', 'lib', file)).isSymbolicLink())
    .map((file) => `${file} -> ${readlinkSync(join(root, 'native', 'lib', file))}`)
    .sort();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-spec-'));
  chmodSync(folder, 0o777);
  compiled = compileForChild();
});

afterAll(async () => {
  children.forEach(kill);
  for (const dataDir of dataDirs) await stopEmbeddedPostgres(dataDir).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
  rmSync(compiled, { recursive: true, force: true });
}, 30_000);

jest.setTimeout(30_000);

describe('embedded PostgreSQL', () => {
  it('with LANG unset and umask 077: UTF-8, UTC, durable, loopback only, with a password; outlives its starter', async () => {
    const dataDir = newDataDir('bare');
    const { child, started } = startInChild({ dataDir, database: 'soft_staking' });
    const server = await started;
    expect(server).toMatchObject({ reused: false, notices: [] });

    const [row] = await ask<Record<string, string>>(
      server.url,
      `select current_setting('server_encoding') encoding, current_setting('TimeZone') zone, current_setting('fsync') fsync,
         current_setting('synchronous_commit') commit, current_setting('listen_addresses') listen, current_setting('jit') jit,
         current_setting('unix_socket_directories') socket, datlocale locale, datcollate lc_collate, current_database() name,
         version() version, 'Ünïcode→😀' as text
       from pg_database where datname = current_database()`,
    );
    expect(row).toMatchObject({
      encoding: 'UTF8',
      zone: 'UTC',
      fsync: 'on',
      commit: 'on',
      listen: '127.0.0.1',
      jit: 'off',
    });
    expect(row).toMatchObject({ socket: '', locale: 'C.UTF-8', name: 'soft_staking', text: 'Ünïcode→😀' });

    const wrong = server.url.replace(/:[^:@]+@/, ':wrong@');
    await expect(ask(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(statSync(join(dataDir, 'server.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(dataDir, 'log'))).toEqual(['server.log']);

    // Ctrl-C and worse in the starter's terminal reach its process group, and the server is not in it.
    process.kill(-child.pid!, 'SIGINT');
    await once(child, 'exit');
    await ask(server.url, 'create table kept as select 42 as answer');
    const again = startInChild({ dataDir, database: 'soft_staking' });
    expect(await again.started).toMatchObject({ pid: server.pid, port: server.port, reused: true, url: server.url });
    kill(again.child);
    await once(again.child, 'exit');

    const third = await start(dataDir, { database: 'soft_staking' });
    expect(third).toMatchObject({ pid: server.pid, reused: true });
    expect(await ask(third.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('starts again after kill -9 of the server, with everything committed, and stop does not hang after it', async () => {
    const dataDir = newDataDir('killed');
    const first = await start(dataDir);
    await ask(first.url, 'create table kept as select 7 as answer');
    process.kill(first.pid, 'SIGKILL');
    const second = await start(dataDir);
    expect(second.pid).not.toBe(first.pid);
    expect(await ask(second.url, 'select answer from kept')).toEqual([{ answer: 7 }]);

    process.kill(second.pid, 'SIGKILL');
    await expect(second.stop()).resolves.toBeUndefined();
    expect(await stopEmbeddedPostgres(dataDir)).toBe(false);
    expect((await embeddedPostgresStatus(dataDir)).state).toBe('stopped');
  });

  it('two processes starting the same folder at once end with one server', async () => {
    const dataDir = newDataDir('twice');
    const both = [startInChild({ dataDir, database: 'shared' }), startInChild({ dataDir, database: 'shared' })];
    const [a, b] = await Promise.all(both.map(({ started }) => started));
    expect(a!.error ?? b!.error).toBeUndefined();
    expect(a!.pid).toBe(b!.pid);
    expect(a!.url).toBe(b!.url);
    expect(await ask(a!.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir).sort()).toEqual(['data', 'log', 'server.json']);
  });

  it('takes the next port when another program has ours, and keeps to it', async () => {
    const dataDir = newDataDir('busy');
    const port = await nextFreePort(54600);
    const occupant = createServer().listen(port, '127.0.0.1');
    await once(occupant, 'listening');
    try {
      const server = await start(dataDir, { port });
      expect(server.port).toBeGreaterThan(port);
      await server.stop();
      occupant.close();
      expect((await start(dataDir, { port })).port).toBe(server.port);
    } finally {
      occupant.close();
    }
  });

  it('stop, status and reset', async () => {
    const dataDir = newDataDir('cycle');
    expect(await embeddedPostgresStatus(dataDir)).toEqual({ state: 'absent' });
    expect(await stopEmbeddedPostgres(dataDir)).toBe(false);
    const server = await start(dataDir, { settings: { work_mem: '5MB' } });
    expect(await embeddedPostgresStatus(dataDir)).toMatchObject({ state: 'running', pid: server.pid, url: server.url });
    expect(await ask(server.url, 'show work_mem')).toEqual([{ work_mem: '5MB' }]);
    expect(await stopEmbeddedPostgres(dataDir)).toBe(true);
    expect(await embeddedPostgresStatus(dataDir)).toMatchObject({ state: 'stopped' });
    const logged = readFileSync(server.logFile, 'utf8');
    expect(logged).toContain('received fast shutdown request');

    writeFileSync(join(dataDir, 'not-ours.txt'), '');
    const again = await start(dataDir);
    expect(isPostmasterOf(again.clusterDir, { pid: again.pid, status: 'ready' })).toBe(true);
    await resetEmbeddedPostgres(dataDir);
    expect(isPostmasterOf(again.clusterDir, { pid: again.pid, status: 'ready' })).toBe(false);
    expect(readdirSync(dataDir)).toEqual(['not-ours.txt']);
    expect(await embeddedPostgresStatus(dataDir)).toEqual({ state: 'absent' });
  });

  it('makes and drops databases, also two at once', async () => {
    const dataDir = newDataDir('bare');
    const { url } = await start(dataDir);
    const [one, two] = await Promise.all([createDatabase(url, 'pair'), createDatabase(url, 'pair')]);
    expect(one).toBe(two);
    expect(await ask(one, 'select current_database() as name')).toEqual([{ name: 'pair' }]);
    await dropDatabase(url, 'pair');
    await dropDatabase(url, 'pair');
    expect(await databaseNames(url)).not.toContain('pair');
    await expect(createDatabase(url, 'a"b')).rejects.toThrow('not a database name');
  });

  describe('library links', () => {
    it('are the ones of the install script, from the list and from the file names alone', () => {
      const expected = linksIn(serverPackageRoot());
      const root = packageWithoutLinks('no-links');
      expect(linksIn(root)).toEqual([]);
      linkLibraries(root);
      linkLibraries(root);
      expect(linksIn(root)).toEqual(expected);

      const bare = packageWithoutLinks('no-list');
      rmSync(join(bare, 'native', 'pg-symlinks.json'));
      linkLibraries(bare);
      expect(linksIn(bare)).toEqual(expected);
    });

    it('are made at start', async () => {
      const packageRoot = packageWithoutLinks('no-links-start');
      const server = await start(newDataDir('links'), { packageRoot });
      expect(await ask(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(server.notices).toEqual([]);
    });

    itAsNobody('a package we may not write to is used from a copy, and the answer says so', async () => {
      const packageRoot = packageWithoutLinks('read-only');
      const dataDir = newDataDir('nobody');
      mkdirSync(join(folder, 'nobody'));
      chownSync(join(folder, 'nobody'), NOBODY.uid, NOBODY.gid);
      const server = await startInChild({ dataDir, packageRoot }, NOBODY).started;
      expect(server.error).toBeUndefined();
      expect(server.notices).toEqual([expect.stringContaining('run from a copy in')]);
      expect(linksIn(packageRoot)).toEqual([]);
      expect(statSync(join(dataDir, 'data')).uid).toBe(NOBODY.uid);
      expect(await ask(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    });
  });

  describe('accounts', () => {
    itAsRoot('as root the server runs under the account that owns the data', async () => {
      const dataDir = newDataDir('bare');
      const server = await start(dataDir);
      const uid = accountForServer(join(dataDir, 'data'))!.uid;
      expect(uid).toBeGreaterThan(0);
      expect(statSync(join(dataDir, 'data')).uid).toBe(uid);
      expect(statSync(dataDir).uid).toBe(0);
      expect(statSync(`/proc/${server.pid}`).uid).toBe(uid);
    });

    itAsRoot('as root under a private folder the data is elsewhere, and the answer says so', async () => {
      const dataDir = newDataDir('private');
      mkdirSync(join(folder, 'private'), { mode: 0o700 });
      const server = await startInChild({ dataDir }).started;
      expect(server.error).toBeUndefined();
      expect(server.notices).toEqual([expect.stringMatching(/The database lives in .*soft-staking-data-0-/)]);
      // It is found there again even when the folder has been opened.
      chmodSync(join(folder, 'private'), 0o755);
      expect(await start(dataDir)).toMatchObject({ pid: server.pid, reused: true });
      const { clusterDir } = (await embeddedPostgresStatus(dataDir)) as { clusterDir: string };
      await resetEmbeddedPostgres(dataDir);
      expect(existsSync(clusterDir)).toBe(false);
    });

    itAsNobody('a user id without a name gets one clear sentence', async () => {
      const dataDir = newDataDir('nameless');
      mkdirSync(join(folder, 'nameless'));
      chownSync(join(folder, 'nameless'), 54321, 54321);
      const { error } = await startInChild({ dataDir }, { uid: 54321, gid: 54321 }).started;
      expect(error).toMatchObject({ code: 'PG_NO_SYSTEM_USER', message: expect.stringContaining('DATABASE_URL') });
      expect(readdirSync(join(dataDir)).sort()).toEqual(['log', 'server.json']);
    });
  });

  describe('refusals', () => {
    it('never deletes the lock file of a living process, even of a stranger', async () => {
      const dataDir = newDataDir('locked');
      const server = await start(dataDir);
      await server.stop();
      const lock = join(dataDir, 'data', 'postmaster.pid');
      const account = accountForServer(join(dataDir, 'data'));
      const stranger = spawn('sleep', ['60'], { ...account, cwd: '/', stdio: 'ignore' });
      children.push(stranger);
      const text = `${stranger.pid}\n${join(dataDir, 'data')}\n1700000000\n${server.port}\n\n127.0.0.1\n\nready   \n`;
      writeFileSync(lock, text, { mode: 0o600 });
      if (account) chownSync(lock, account.uid, account.gid);
      try {
        await expect(start(dataDir, { lockPatienceMs: 300 })).rejects.toMatchObject({
          code: 'PG_LOCK_HELD',
          message: expect.stringContaining(`names process ${stranger.pid}`),
        });
        expect(readFileSync(lock, 'utf8')).toBe(text);
        // Nor is the stranger shot when we are asked to stop.
        expect(await stopEmbeddedPostgres(dataDir)).toBe(false);
        expect(isAlive(stranger.pid!)).toBe(true);
      } finally {
        stranger.kill('SIGKILL');
      }
      await once(stranger, 'exit');
      expect(await start(dataDir)).toMatchObject({ reused: false });
    });

    it('another version of the data, a damaged record, a lost password, a bad setting, no package', async () => {
      const dataDir = newDataDir('refused');
      const server = await start(dataDir);
      const record = join(dataDir, 'server.json');
      const good = readFileSync(record, 'utf8');
      writeFileSync(record, good.replace(/"password": "[^"]+"/, '"password": "other"'));
      await expect(start(dataDir)).rejects.toMatchObject({ code: 'PG_PASSWORD' });
      writeFileSync(record, '{');
      await expect(start(dataDir)).rejects.toMatchObject({ code: 'PG_DATA_DIR' });
      writeFileSync(record, good);
      await server.stop();
      expect(readPostmaster(join(dataDir, 'data'))).toBeUndefined();

      const bad = start(dataDir, { settings: { work_mem: "1MB'; touch /tmp/x" } });
      await expect(bad).rejects.toMatchObject({ code: 'PG_SETTING' });
      const unknown = start(dataDir, { settings: { no_such_setting: '1' } });
      await expect(unknown).rejects.toMatchObject({
        code: 'PG_START_FAILED',
        message: expect.stringContaining('no_such_setting'),
      });
      writeFileSync(join(dataDir, 'data', 'PG_VERSION'), '15\n');
      await expect(start(dataDir)).rejects.toMatchObject({ code: 'PG_VERSION_MISMATCH' });
      await expect(start(dataDir, { projectRoot: folder })).rejects.toMatchObject({ code: 'PG_PACKAGE_MISSING' });
    });
  });
});
