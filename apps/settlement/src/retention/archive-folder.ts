import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArchivedColumn, ArchiveSubject, TokenSums } from '@app/database';
import type { UtcDay } from '@app/staking-core';
import { z } from 'zod';
import { ArchiveError } from './archive-error.js';
import { readParquet, RowDigest } from './parquet-file.js';

/** Another layout of the folder, the manifest or the files is another version; this code reads its own only. */
export const ARCHIVE_VERSION = 1;
const FORMAT = 'soft-staking-archive';
const MANIFEST = 'manifest.json';

const HASH = z.string().regex(/^[0-9a-f]{64}$/);
const COUNT = z.number().int().min(0);
const SCHEMA = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(ARCHIVE_VERSION),
  subject: z.enum(['log', 'rewards']),
  day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  tables: z.array(
    z.strictObject({
      table: z.enum(['balance_event', 'partial_balance', 'reward']),
      file: z.string().regex(/^[a-z_]+\.parquet$/),
      rows: COUNT,
      bytes: COUNT,
      sha256: HASH,
      content: HASH,
      columns: z.array(z.strictObject({ name: z.string(), type: z.string(), nullable: z.boolean() })).min(1),
      /** By token: rows, and sums in atoms. */
      sums: z.record(z.string(), z.record(z.string(), z.string())),
    }),
  ),
});

export type Manifest = z.output<typeof SCHEMA>;
export type ManifestTable = Manifest['tables'][number] & { readonly sums: Readonly<Record<string, TokenSums>> };

export interface ReadManifest {
  readonly manifest: Manifest;
  readonly sha256: string;
}

/** `<archive>/<subject>/<day>/`: Parquet files and the manifest that vouches for them. */
export function folderOf(archiveDir: string, subject: ArchiveSubject, day: UtcDay): string {
  return join(archiveDir, subject, day);
}

/** Under a name that no reader looks at; leftovers of processes that ended are cleared away first. */
export function makeUnfinishedFolder(archiveDir: string, subject: ArchiveSubject, day: UtcDay): string {
  const folder = `${folderOf(archiveDir, subject, day)}.unfinished`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Writes the manifest and puts the folder in its place: whole, or not there. @returns the manifest's hash */
export function finishFolder(unfinished: string, manifest: Omit<Manifest, 'format' | 'version'>): string {
  const text = `${JSON.stringify({ format: FORMAT, version: ARCHIVE_VERSION, ...manifest }, null, 2)}\n`;
  writeDurably(join(unfinished, MANIFEST), text);
  const folder = unfinished.replace(/\.unfinished$/, '');
  // Of a process that ended before the database knew of it: nobody relies on it.
  rmSync(folder, { recursive: true, force: true });
  syncFolder(unfinished);
  renameSync(unfinished, folder);
  syncFolder(dirname(folder));
  return hashOf(text);
}

/** @throws ArchiveError when there is none, or it is not one that this code can read */
export function readManifest(archiveDir: string, subject: ArchiveSubject, day: UtcDay): ReadManifest {
  const folder = folderOf(archiveDir, subject, day);
  const file = join(folder, MANIFEST);
  if (!existsSync(file)) throw new ArchiveError('ARCHIVE_MISSING', `there is no archive of ${day} (${subject})`);
  const text = readFileSync(file, 'utf8');
  const json = jsonOf(text);
  const version: unknown = typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined;
  if (typeof version === 'number' && version !== ARCHIVE_VERSION) {
    throw new ArchiveError(
      'ARCHIVE_VERSION',
      `the archive of ${day} is of version ${version}, this code reads version ${ARCHIVE_VERSION}`,
    );
  }
  const parsed = SCHEMA.safeParse(json);
  if (!parsed.success || parsed.data.day !== day || parsed.data.subject !== subject) {
    throw new ArchiveError(
      'ARCHIVE_MANIFEST',
      `the manifest of ${day} (${subject}) is not one that was written for it`,
    );
  }
  return { manifest: parsed.data, sha256: hashOf(text) };
}

/** Every file read through: its bytes, then its rows. Memory is one group of rows. */
export async function verifyFolder(archiveDir: string, { manifest }: ReadManifest): Promise<void> {
  const { subject } = manifest;
  const folder = join(archiveDir, subject, manifest.day);
  for (const table of manifest.tables) {
    const path = join(folder, table.file);
    const name = `${table.file} of ${manifest.day}`;
    if (!existsSync(path)) throw new ArchiveError('ARCHIVE_FILE_MISSING', `${name} is missing`);
    if (hashOfFile(path) !== table.sha256) throw new ArchiveError('ARCHIVE_CHANGED', `${name} is not what was written`);
    const digest = new RowDigest();
    const sums = new TokenAdder(table);
    for await (const rows of readParquet(path, table.columns)) {
      for (const row of rows) {
        digest.add(row);
        sums.add(row);
      }
    }
    if (digest.rows !== table.rows || digest.hex() !== table.content || !sameSums(sums.sums(), table.sums)) {
      throw new ArchiveError('ARCHIVE_CHANGED', `the rows of ${name} are not those that were written`);
    }
  }
}

/** Rows and sums by token, exact. */
export class TokenAdder {
  private readonly token: number;
  private readonly added: readonly { readonly name: string; readonly at: number }[];
  private readonly byToken = new Map<string, { rows: bigint; sums: bigint[] }>();

  constructor(
    table: { readonly columns: readonly ArchivedColumn[]; readonly sums: unknown },
    names?: readonly string[],
  ) {
    const at = (name: string): number => table.columns.findIndex((column) => column.name === name);
    this.token = at('token');
    const first = Object.values((table.sums ?? {}) as Record<string, TokenSums>)[0];
    this.added = (names ?? Object.keys(first ?? {}).filter((name) => name !== 'rows')).map((name) => ({
      name,
      at: at(name),
    }));
  }

  add(row: readonly (string | null)[]): void {
    const token = row[this.token] ?? '';
    let sum = this.byToken.get(token);
    if (!sum) this.byToken.set(token, (sum = { rows: 0n, sums: this.added.map(() => 0n) }));
    sum.rows += 1n;
    for (let n = 0; n < this.added.length; n += 1) sum.sums[n]! += BigInt(row[this.added[n]!.at] ?? '0');
  }

  sums(): Record<string, TokenSums> {
    return Object.fromEntries(
      [...this.byToken].map(([token, { rows, sums }]) => [
        token,
        { rows: rows.toString(), ...Object.fromEntries(this.added.map(({ name }, n) => [name, sums[n]!.toString()])) },
      ]),
    );
  }
}

export function sameSums(a: Readonly<Record<string, TokenSums>>, b: Readonly<Record<string, TokenSums>>): boolean {
  const text = (sums: Readonly<Record<string, TokenSums>>) =>
    JSON.stringify(
      Object.keys(sums)
        .sort()
        .map((token) => [token, Object.entries(sums[token]!).sort(([x], [y]) => (x < y ? -1 : 1))]),
    );
  return text(a) === text(b);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hashOfFile(path: string): string {
  const hash = createHash('sha256');
  const file = openSync(path, 'r');
  try {
    for (const chunk of chunksOf(file)) hash.update(chunk);
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

function* chunksOf(file: number): Generator<Uint8Array> {
  const chunk = new Uint8Array(1 << 20);
  for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) yield chunk.subarray(0, read);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx');
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
}

/** A name is durable when its folder is. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } catch {
    // Some systems do not sync folders; there is nothing more to be done on them.
  } finally {
    closeSync(folder);
  }
}

/** Days that have a folder, whatever is in it. */
export function foldersOf(archiveDir: string, subject: ArchiveSubject): string[] {
  const folder = join(archiveDir, subject);
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name))
        .sort()
    : [];
}
