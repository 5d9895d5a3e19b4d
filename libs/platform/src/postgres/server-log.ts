import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';

/** Keeps one old log; returns where the new lines will begin. */
export function rotateLog(logFile: string): number {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size < 16 * 1024 * 1024) return size;
  renameSync(logFile, `${logFile}.1`);
  return 0;
}

/** At most the last 64 kB of what was written after `offset`. */
export function readFrom(file: string, offset: number): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const length = Math.min(Math.max(size - offset, 0), 65_536);
  if (length === 0) return '';
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(length);
    readSync(descriptor, buffer, 0, length, size - length);
    return buffer.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** The lines that say why, out of a program's output or the log. */
export function lastReason(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const fatal = lines.filter((line) => /\b(FATAL|PANIC|HINT|could not|error):?/i.test(line)).slice(-2);
  return (fatal.length > 0 ? fatal : lines.filter(Boolean).slice(-1)).join(' ').slice(0, 500);
}
