import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  startCosmosNode,
  type RunningCosmosNode,
  type StartCosmosNodeOptions,
} from '../../../devnet/chains/cosmos/node/index.js';

/** 2026-11-10T20:00:00Z */
export const GENESIS = 1_794_340_800;
export const DAY_MS = 86_400_000;

const binary = path.join('.local', 'cosmos-node', process.platform === 'win32' ? 'cosmos-node.exe' : 'cosmos-node');

/** The suites of the real node, where it has been built; else one skipped test that says how to have them. */
export function describeRealNode(name: string, suite: () => void): void {
  if (existsSync(binary)) return describe(name, suite);
  describe(name, () => {
    it.skip('the real Cosmos node is not built here: npm run test:cosmos-node builds it (Go 1.25 or newer) and runs this', () => {});
  });
}

/** A chain of its own in a temporary folder, in driven time unless told otherwise; `remove` stops it and leaves nothing. */
export async function temporaryNode(
  options: Partial<StartCosmosNodeOptions> = {},
): Promise<{ running: RunningCosmosNode; stateDir: string; remove: () => Promise<void> }> {
  const stateDir = options.stateDir ?? mkdtempSync(path.join(tmpdir(), 'cosmos-node-'));
  const running = await startCosmosNode({ binary, driven: true, genesisTime: GENESIS, ...options, stateDir });
  const remove = async (): Promise<void> => {
    await running.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return { running, stateDir, remove };
}

/** The last millisecond of nothing: the first midnight after a time. */
export function midnightAfter(unixMs: number): number {
  return (Math.floor(unixMs / DAY_MS) + 1) * DAY_MS;
}
