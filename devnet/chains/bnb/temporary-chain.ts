import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startBnbChain, type RunningBnbChain, type StartBnbChainOptions } from './start-bnb-chain.js';

/** Genesis of temporary chains unless told otherwise: 2026-11-13 05:00 UTC. */
export const TEMPORARY_GENESIS = Date.UTC(2026, 10, 13, 5) / 1000;

/** A chain for one test: own folder under the system's temporary one, any free port; `stop` removes all of it. */
export async function startTemporaryBnbChain(options: Partial<StartBnbChainOptions> = {}): Promise<RunningBnbChain> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'soft-staking-bnb-'));
  const running = await startBnbChain({ stateDir, genesisTime: TEMPORARY_GENESIS, ...options });
  const stop = async (): Promise<void> => {
    await running.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return { ...running, stop };
}
