import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Two processes cannot run one `stateDir`: the note of a live one is respected, that of a dead one is not. */
export function claimChain(stateDir: string): void {
  const file = path.join(stateDir, 'process.json');
  if (existsSync(file)) {
    const note = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string };
    if (note.pid !== process.pid && startedAt(note.pid) === note.started) {
      throw new Error(`the local Solana chain in ${stateDir} is already run by process ${note.pid}`);
    }
  }
  writeFileSync(file, JSON.stringify({ pid: process.pid, started: startedAt(process.pid) }));
}

export function releaseChain(stateDir: string): void {
  rmSync(path.join(stateDir, 'process.json'), { force: true });
}

/** Something that differs between two processes with the same number; empty when there is none, or none to be read. */
function startedAt(pid: number): string {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? 'alive';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'alive' : '';
  }
}
