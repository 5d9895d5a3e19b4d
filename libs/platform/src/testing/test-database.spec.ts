import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { databaseNames } from '../postgres/create-database.js';
import { embeddedPostgresStatus, stopEmbeddedPostgres } from '../postgres/embedded-postgres.js';
import { compileForChild } from './compile-for-child.js';
import { openTestDatabase } from './test-database.js';

jest.setTimeout(30_000);

describe('openTestDatabase', () => {
  it('gives each caller an empty database of its own and drops it with connections open', async () => {
    const [one, two] = await Promise.all([openTestDatabase('Same Name!'), openTestDatabase('Same Name!')]);
    expect(one.name).not.toBe(two.name);
    const client = new pg.Client({ connectionString: one.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('create table only_here ()');
    const other = new pg.Client({ connectionString: two.url });
    await other.connect();
    expect((await other.query("select to_regclass('only_here') as found")).rows).toEqual([{ found: null }]);
    await other.end();
    await Promise.all([one.drop(), two.drop()]);
    await expect(client.query('select 1')).rejects.toThrow();
    await client.end().catch(() => undefined);
  });
});

describe('the shared test server', () => {
  const run = promisify(execFile);
  let project: string;

  const inProject = (code: string, env: Record<string, string> = {}) =>
    run(process.execPath, ['--input-type=module', '-e', code], {
      cwd: project,
      env: { PATH: process.env['PATH'], ...env },
    });
  const open = (then: string) =>
    `import { openTestDatabase } from './src/testing/test-database.js';
     const database = await openTestDatabase('suite'); ${then}`;
  const tearDown = () =>
    inProject(
      `import stop from ${JSON.stringify(join(process.cwd(), 'test/support/stop-test-postgres.cjs'))}; await stop();`,
    );
  const dataDir = () => join(project, '.local', 'test-postgres');

  beforeAll(() => {
    project = compileForChild();
  });

  afterAll(async () => {
    await stopEmbeddedPostgres(dataDir());
    rmSync(project, { recursive: true, force: true });
  });

  it('stays up between suites, loses the databases of killed ones, and is stopped by the last run', async () => {
    await inProject(open(`process.kill(process.pid, 'SIGKILL')`)).catch(() => undefined);
    const left = await embeddedPostgresStatus(dataDir());
    if (left.state !== 'running') throw new Error(left.state);
    expect(await databaseNames(left.url)).toEqual(['postgres', expect.stringMatching(/^t_suite_/)]);

    const { stdout } = await inProject(open('console.log(database.name)'));
    expect(await databaseNames(left.url)).toEqual(['postgres', stdout.trim()]);

    const otherRun = spawn('sleep', ['60'], { stdio: 'ignore' });
    mkdirSync(join(dataDir(), 'users'), { recursive: true });
    writeFileSync(join(dataDir(), 'users', String(otherRun.pid)), '');
    await tearDown();
    expect(await embeddedPostgresStatus(dataDir())).toMatchObject({ state: 'running', pid: left.pid });

    otherRun.kill('SIGKILL');
    await new Promise((resolve) => otherRun.once('exit', resolve));
    await tearDown();
    expect((await embeddedPostgresStatus(dataDir())).state).toBe('stopped');
    expect(readdirSync(join(dataDir(), 'users'))).toEqual([]);
    await tearDown();
  });

  it('is not started when TEST_DATABASE_URL names a server', async () => {
    const database = await openTestDatabase('elsewhere');
    const { stdout } = await inProject(open('console.log(database.url); await database.drop();'), {
      TEST_DATABASE_URL: database.url,
    });
    const { host } = new URL(database.url);
    expect(new URL(stdout.trim()).host).toBe(host);
    expect((await embeddedPostgresStatus(dataDir())).state).toBe('stopped');
    await database.drop();
  });
});
