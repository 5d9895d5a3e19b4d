import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, databaseNames, dropDatabase } from '../postgres/create-database.js';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.js';
import { isAlive } from '../postgres/postmaster-file.js';
import { FAST_TEST_SETTINGS } from '../postgres/server-settings.js';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** Away from the development server's range, so that tests never move its port. */
const TEST_PORT = 54429;

/**
 * A fresh database of its own for one suite, on a server that all suites and workers share: TEST_DATABASE_URL when
 * set, else an embedded one under `.local/test-postgres` that is started by whoever comes first and stopped at the
 * end of the run. That server does not wait for the disk; suites that kill it start a durable one of their own.
 * @param name tells databases apart in messages; need not be unique
 */
export async function openTestDatabase(name: string): Promise<TestDatabase> {
  const serverUrl = process.env['TEST_DATABASE_URL'] || (await sharedServerUrl());
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 30);
  const database = `t_${label}_${process.pid}_${randomBytes(5).toString('hex')}`;
  const url = await createDatabase(serverUrl, database);
  return { url, name: database, drop: () => dropDatabase(serverUrl, database) };
}

let shared: Promise<string> | undefined;

function sharedServerUrl(): Promise<string> {
  shared ??= startSharedServer();
  return shared;
}

async function startSharedServer(): Promise<string> {
  const dataDir = testServerDir();
  announceUser(dataDir);
  const server = await startEmbeddedPostgres({
    dataDir,
    port: TEST_PORT,
    settings: FAST_TEST_SETTINGS,
    durable: false,
  });
  await dropLeftovers(server.url);
  return server.url;
}

/**
 * Leaves a file named after the test run's main process, so that the end of one run does not stop the server under
 * another run in the same folder (see test/support/stop-test-postgres.cjs).
 */
function announceUser(dataDir: string): void {
  const users = join(dataDir, 'users');
  mkdirSync(users, { recursive: true });
  // A worker has an IPC channel to the run's main process; without one we are it.
  const owner = process.send ? process.ppid : process.pid;
  writeFileSync(join(users, String(owner)), '');
}

/** Databases of suites that were killed before they could drop theirs. */
async function dropLeftovers(serverUrl: string): Promise<void> {
  for (const name of await databaseNames(serverUrl)) {
    const pid = /^t_.*_(\d+)_[0-9a-f]{10}$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) await dropDatabase(serverUrl, name);
  }
}

/** Data folder of the shared test server. */
export const testServerDir = (): string => join(process.cwd(), '.local', 'test-postgres');
