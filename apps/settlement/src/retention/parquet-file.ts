import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { ArchivedColumn } from '@app/database';
import { parquetMetadataAsync, parquetRead, type FileMetaData, type SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

/** Rows in memory at once, when writing and when reading. */
const ROWS_A_GROUP = 20_000;

export interface WrittenFile {
  readonly rows: number;
  readonly bytes: number;
  /** Of the file. */
  readonly sha256: string;
  /** Of its rows, whatever the file's encoding. */
  readonly content: string;
}

/** Every value as text, as COPY writes it: amounts stay exact however many digits they have. */
export type TextRow = readonly (string | null)[];

/** Hands bytes to the disk after each group of rows, and hashes them on the way. */
class FileSink extends ByteWriter {
  readonly hash = createHash('sha256');

  constructor(private readonly file: number) {
    super(1 << 20);
  }

  flush(): void {
    const bytes = this.getBytes();
    for (let at = 0; at < bytes.length;) at += writeSync(this.file, bytes, at);
    this.hash.update(bytes);
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }
}

/** Digest of rows: the same for what was read from the database and for what is read back from the file. */
export class RowDigest {
  rows = 0;
  private readonly hash = createHash('sha256');

  add(row: TextRow): void {
    this.rows += 1;
    this.hash.update(`${JSON.stringify(row)}\n`);
  }

  hex(): string {
    return this.hash.digest('hex');
  }
}

/** Writes one Parquet file, snappy, a group of rows at a time; memory is one group however many there are. */
export class ParquetFile {
  private readonly file: number;
  private readonly sink: FileSink;
  private readonly writer: ParquetWriter;
  private readonly digest = new RowDigest();
  private group: (string | null)[][];

  constructor(
    path: string,
    private readonly columns: readonly ArchivedColumn[],
  ) {
    this.file = openSync(path, 'wx');
    this.sink = new FileSink(this.file);
    this.writer = new ParquetWriter({ writer: this.sink, schema: schemaOf(columns), createdBy: 'soft-staking' });
    this.group = columns.map(() => []);
  }

  add(row: TextRow): void {
    this.digest.add(row);
    for (let at = 0; at < this.columns.length; at += 1) this.group[at]!.push(row[at] ?? null);
    if (this.group[0]!.length === ROWS_A_GROUP) this.writeGroup();
  }

  /** On disk when this returns. */
  close(): WrittenFile {
    this.writeGroup();
    void this.writer.finish();
    fsyncSync(this.file);
    const bytes = fstatSync(this.file).size;
    closeSync(this.file);
    return { rows: this.digest.rows, bytes, sha256: this.sink.hash.digest('hex'), content: this.digest.hex() };
  }

  /** What is there of it may be thrown away. */
  abandon(): void {
    closeSync(this.file);
  }

  private writeGroup(): void {
    if (this.group[0]!.length === 0) return;
    // The sink writes at once, so there is nothing to wait for.
    void this.writer.write({
      columnData: this.columns.map(({ name }, at) => ({ name, data: this.group[at]! })),
      rowGroupSize: ROWS_A_GROUP,
    });
    this.group = this.columns.map(() => []);
  }
}

/** Reads a file of ours, a group of rows at a time. @throws when its columns are not these */
export async function* readParquet(path: string, columns: readonly ArchivedColumn[]): AsyncGenerator<TextRow[]> {
  const descriptor = openSync(path, 'r');
  try {
    const byteLength = fstatSync(descriptor).size;
    const file = {
      byteLength,
      slice: (start: number, end: number = byteLength): ArrayBuffer => {
        const bytes = new Uint8Array(end - start);
        for (let at = 0; at < bytes.length;) {
          const read = readSync(descriptor, bytes, at, bytes.length - at, start + at);
          if (read === 0) throw new Error(`${path} ends early`);
          at += read;
        }
        return bytes.buffer;
      },
    };
    const metadata = await parquetMetadataAsync(file);
    const names = metadata.schema.slice(1).map((column) => column.name);
    if (names.join() !== columns.map((column) => column.name).join()) throw new Error(`${path} has other columns`);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number.parseInt(group.num_rows.toString(), 10);
      yield await rowsOf(file, metadata, rowStart, rowEnd);
      rowStart = rowEnd;
    }
  } finally {
    closeSync(descriptor);
  }
}

type Source = Parameters<typeof parquetRead>[0]['file'];

async function rowsOf(file: Source, metadata: FileMetaData, rowStart: number, rowEnd: number): Promise<TextRow[]> {
  let found: TextRow[] = [];
  await parquetRead({
    file,
    metadata,
    rowStart,
    rowEnd,
    rowFormat: 'array',
    onComplete: (rows) => (found = rows as TextRow[]),
  });
  return found.map((row) => row.map((value) => value ?? null));
}

function schemaOf(columns: readonly ArchivedColumn[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, nullable }): SchemaElement => ({
      name,
      type: 'BYTE_ARRAY',
      converted_type: 'UTF8',
      repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
    })),
  ];
}
