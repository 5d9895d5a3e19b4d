import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { commandOf, endStaleAnvil } from './anvil-process.js';

interface ProcessFile {
  readonly anvilPid: number;
  readonly parentPid: number;
  readonly parentCommand: string;
}

/** Notes which anvil serves the chain, and who started it, before anything else can happen. */
export function noteAnvil(stateDir: string, anvilPid: number): void {
  const note: ProcessFile = { anvilPid, parentPid: process.pid, parentCommand: commandOf(process.pid) ?? '' };
  writeFileSync(`${processFile(stateDir)}.new`, JSON.stringify(note));
  renameSync(`${processFile(stateDir)}.new`, processFile(stateDir));
}

/** Refuses when another live process runs this chain; ends the anvil that a killed one has left behind. */
export async function claimChain(stateDir: string): Promise<void> {
  const file = processFile(stateDir);
  if (!existsSync(file)) return;
  const note = JSON.parse(readFileSync(file, 'utf8')) as ProcessFile;
  const parent = commandOf(note.parentPid);
  const anvil = commandOf(note.anvilPid);
  const genesisFile = path.join(stateDir, 'genesis.json');
  if (parent !== undefined && parent === note.parentCommand && anvil?.includes(genesisFile)) {
    throw new Error(`the local BNB chain in ${stateDir} is already run by process ${note.parentPid}`);
  }
  await endStaleAnvil(note.anvilPid, genesisFile);
  rmSync(file, { force: true });
}

export function releaseChain(stateDir: string): void {
  rmSync(processFile(stateDir), { force: true });
}

function processFile(stateDir: string): string {
  return path.join(stateDir, 'process.json');
}
