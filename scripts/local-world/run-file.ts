import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What a running `npm start` tells the other commands: where it listens. */
export interface RunFile {
  readonly pid: number;
  readonly apiUrl: string;
  readonly coreUrl: string;
  /** Where each token's chain listens. */
  readonly chainUrls: Readonly<Record<string, string>>;
  readonly controlUrl: string;
}

const FILE = resolve('.local/run.json');

export function writeRunFile(run: RunFile): void {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(`${FILE}.new`, JSON.stringify(run, null, 2));
  renameSync(`${FILE}.new`, FILE);
}

export function removeRunFile(): void {
  rmSync(FILE, { force: true });
}

/** The running `npm start`, or undefined when there is none (a file left by a killed one counts as none). */
export function readRunFile(): RunFile | undefined {
  if (!existsSync(FILE)) return undefined;
  try {
    const run = JSON.parse(readFileSync(FILE, 'utf8')) as RunFile;
    process.kill(run.pid, 0);
    return run;
  } catch {
    return undefined;
  }
}
