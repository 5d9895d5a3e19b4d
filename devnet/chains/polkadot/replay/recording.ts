import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import type { LocalBlock, LocalGenesis } from '../local-block.js';

/** A run that was recorded: everything that a node could be asked about staking in it. Plain data. */
export interface Recording {
  /** Where it is from, in words. */
  readonly about: string;
  /** Time of midnight at its beginning, ms; the first block is a little later. */
  readonly startsAtMs: number;
  readonly treasury: {
    /** Everything the treasury owned when it began, staked or not, in planck. */
    readonly custody: string;
  };
  readonly validators: readonly string[];
  readonly genesis: LocalGenesis;
  readonly blocks: readonly LocalBlock[];
}

/** From the project's root. */
export function recordingFile(): string {
  return path.resolve('devnet', 'chains', 'polkadot', 'replay', 'recording.json.gz');
}

export function readRecording(file = recordingFile()): Recording {
  if (!existsSync(file)) throw new Error(`there is no recording ${file}`);
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Recording;
}

export function writeRecording(recording: Recording, file = recordingFile()): number {
  const bytes = gzipSync(Buffer.from(JSON.stringify(recording)), { level: 9 });
  writeFileSync(file, bytes);
  return bytes.length;
}

/** Leaves out what belongs to other pallets: a storage key begins with 16 bytes for its pallet. */
export function onlyPallets({ genesis, blocks, ...rest }: Recording, prefixes: ReadonlySet<string>): Recording {
  const kept = (key: string): boolean => prefixes.has(key.slice(0, 34));
  const state = Object.fromEntries(Object.entries(genesis.state).filter(([key]) => kept(key)));
  return {
    ...rest,
    genesis: { ...genesis, state },
    blocks: blocks.map((block) => ({ ...block, changes: block.changes.filter(([key]) => kept(key)) })),
  };
}
