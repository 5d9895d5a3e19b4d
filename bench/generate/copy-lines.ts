import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';

export type Field = string | number | bigint | null;

/** One line of COPY's text format. The generator's texts hold nothing that would have to be escaped. */
export function copyLine(fields: readonly Field[]): string {
  return fields.map((field) => (field === null ? '\\N' : field.toString())).join('\t') + '\n';
}

const LINES_A_CHUNK = 2_000;

/** Lines as a stream of large chunks; `digest` sees every byte that goes out. */
export function copyStream(lines: Iterable<string>, digest?: Hash): Readable {
  function* chunks(): Generator<string> {
    let chunk: string[] = [];
    for (const line of lines) {
      chunk.push(line);
      if (chunk.length === LINES_A_CHUNK) {
        yield join(chunk);
        chunk = [];
      }
    }
    if (chunk.length > 0) yield join(chunk);
  }
  const join = (chunk: readonly string[]): string => {
    const text = chunk.join('');
    digest?.update(text);
    return text;
  };
  return Readable.from(chunks(), { objectMode: true, highWaterMark: 4 });
}

export const sha256 = (): Hash => createHash('sha256');
