import { createLogger, loadEnv, Metrics } from '@app/platform';

import { ChainMetrics } from '../../../apps/chain-sync/src/chain-sync.metrics.js';
import { COSMOS_WIRING } from '../../../apps/chain-sync/src/chains/cosmos.wiring.js';
import { openRunner } from '../../../apps/chain-sync/src/chains/open-runner.js';
import type { ChainRunner } from '../../../apps/chain-sync/src/run-chain.js';
import { ToyBooks } from '../../../apps/chain-sync/src/testing/toy-books.js';
import { Database } from '../../../libs/database/src/database.js';

export interface FollowedCosmos {
  readonly url: string;
  readonly chainId: string;
  readonly signer: { readonly account: string; readonly publicKey: string };
  /** Of the treasury; with it the process delegates. */
  readonly devKey?: string;
}

export interface ChainSyncProcess {
  readonly runner: ChainRunner;
  end(): Promise<void>;
}

export async function openAtomBooks(name: string): Promise<ToyBooks> {
  const books = await ToyBooks.open(name);
  await books.db.affected(
    `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ('ATOM', 'Cosmos', 'cosmos', 6, 6, '2026-01-01')`,
  );
  return books;
}

/** As `main.ts` puts it together, with connections of its own: nothing in memory is shared with another one. */
export async function startChainSync(books: ToyBooks, chain: FollowedCosmos): Promise<ChainSyncProcess> {
  const db = await Database.open(books.url, { poolSize: 3 });
  const { account, publicKey } = chain.signer;
  const env = loadEnv({
    ATOM_RPC_URLS: chain.url,
    ATOM_CHAIN_ID: chain.chainId,
    ATOM_TREASURY_ADDRESS: account,
    ATOM_PUBLIC_KEY: publicKey,
    ...(chain.devKey === undefined ? {} : { ATOM_DEV_KEY: chain.devKey }),
  });
  const metrics = new Metrics({ app: 'chain-sync-test' });
  const log = createLogger({ app: 'chain-sync-test', level: 'silent' });
  const parts = { env, db, metrics, chainMetrics: new ChainMetrics(metrics), log };
  const runner = await openRunner({ wiring: COSMOS_WIRING, urls: [chain.url], account }, parts);
  return {
    runner,
    end: async () => {
      await runner.parts.leadership.release();
      await runner.parts.adapter.close();
      await db.close();
    },
  };
}
