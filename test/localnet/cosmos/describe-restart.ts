import type { BlockStamp } from '@app/chains';
import { finalNow, operate, patience, sumOf, type AdapterHarness } from '@app/chains/testing';
import { createLogger, loadEnv, Metrics } from '@app/platform';
import { atoms } from '@app/staking-core';

import { ChainMetrics } from '../../../apps/chain-sync/src/chain-sync.metrics.js';
import { COSMOS_WIRING } from '../../../apps/chain-sync/src/chains/cosmos.wiring.js';
import { openRunner } from '../../../apps/chain-sync/src/chains/open-runner.js';
import type { ChainRunner } from '../../../apps/chain-sync/src/run-chain.js';
import { ToyBooks } from '../../../apps/chain-sync/src/testing/toy-books.js';
import { MemorySnapshots } from '../../../libs/chains/src/cosmos/cosmos.snapshots.js';
import { Database } from '../../../libs/database/src/database.js';
import type { CosmosHarness } from './cosmos-harness.js';

export type PruningHarness = AdapterHarness &
  Pick<CosmosHarness, 'openWith' | 'signer'> & {
    readonly chainId: string;
    /** The states of days before today are gone afterwards; today's last cut can still be read. */
    prune(): Promise<void>;
  };

const never = new AbortController().signal;

/** A chain-sync that ends and starts again over a node that throws its states away, put together as `main.ts` does. */
export function describeRestart(make: () => Promise<PruningHarness>): void {
  let harness: PruningHarness;
  let books: ToyBooks;
  const open: Database[] = [];

  beforeEach(async () => {
    [harness, books] = await Promise.all([make(), ToyBooks.open('cosmos restart')]);
    await books.db.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ('ATOM', 'Cosmos', 'cosmos', 6, 6, '2026-01-01')`,
    );
    await harness.advancePeriod();
  }, 120_000);
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await books.close();
    await harness.close();
  });

  /** With connections of its own: nothing in memory is shared with another one. */
  async function startProcess(): Promise<ChainRunner> {
    const db = await Database.open(books.url, { poolSize: 3 });
    open.push(db);
    const env = loadEnv({
      ATOM_RPC_URLS: harness.url,
      ATOM_CHAIN_ID: harness.chainId,
      ATOM_TREASURY_ADDRESS: harness.signer.account,
      ATOM_PUBLIC_KEY: harness.signer.publicKey,
    });
    const metrics = new Metrics({ app: 'cosmos-restart' });
    const log = createLogger({ app: 'cosmos-restart', level: 'silent' });
    const parts = { env, db, metrics, chainMetrics: new ChainMetrics(metrics), log };
    return openRunner({ wiring: COSMOS_WIRING, urls: [harness.url], account: harness.signer.account }, parts);
  }
  async function endProcess(runner: ChainRunner): Promise<void> {
    await runner.parts.leadership.release();
    await runner.parts.adapter.close();
    await open.pop()?.close();
  }
  const cutNow = async (): Promise<BlockStamp> => (await books.observations.cursor('cosmos'))!.cut;
  const rewards = () =>
    books.db.rows<{ period: string; validator: string; amount: string }>(
      'SELECT period, validator, amount FROM chain_reward ORDER BY height DESC, key',
    );

  it.each([
    ['the cut at which the books opened', 0],
    ['a cut that was observed', 1],
  ])('R19: a restart finds %s, though its state is gone: the day is told to the uatom', async (_, daysBefore) => {
    const [one] = harness.validators;
    const account = harness.signer.account;
    const witness = harness.openWith({ snapshots: new MemorySnapshots() });
    const intent = { kind: 'delegate', validator: one, amount: atoms(harness.amounts[1]) } as const;
    await operate(harness, witness, 'restart-stake', intent);
    await harness.advancePeriod();
    const first = await startProcess();
    expect(await first.look(never)).toMatchObject({ error: null, outcome: 'observed' });
    for (let day = 0; day < daysBefore; day += 1) {
      await harness.advancePeriod();
      expect(await first.look(never)).toMatchObject({ error: null });
    }
    const from = await cutNow();
    const [before] = await witness.positionsAt(from, account, patience());
    await endProcess(first);

    const claimed = await operate(harness, witness, 'restart-claim', { kind: 'claim', validator: one });
    await harness.advancePeriod();
    const to = (await witness.nextCut(from, await finalNow(witness), patience()))!;
    const [after] = await witness.positionsAt(to, account, patience());
    await harness.prune();
    const pruned = { code: 'STATE_PRUNED' };
    await expect(witness.positionsAt(from, account, patience())).rejects.toMatchObject(pruned);
    await expect(witness.observe(from, to, account, patience())).rejects.toMatchObject(pruned);
    await witness.close();

    const second = await startProcess();
    expect(await second.look(never)).toMatchObject({ error: null, outcome: 'observed' });
    expect(await cutNow()).toEqual(to);
    const [told] = await rewards();
    expect(told).toEqual({
      period: `${from.height}-${to.height}`,
      validator: one,
      amount: `${after!.claimable - before!.claimable - sumOf(claimed.flows)}`,
    });
    expect(BigInt(told!.amount)).toBeGreaterThan(0n);
    expect(await books.count('chain_day')).toBe(daysBefore + 1);
    await endProcess(second);
  });

  it('R13: other books under the same block stop the chain for a person, and nothing is stored', async () => {
    const first = await startProcess();
    await first.look(never);
    await harness.advancePeriod();
    const from = await cutNow();
    const { adapter } = first.parts;
    const to = (await adapter.nextCut(from, await finalNow(adapter), patience()))!;
    await books.db.affected(
      `INSERT INTO chain_cut_snapshot (chain, key, content)
       SELECT chain, replace(key, $1, $2), content FROM chain_cut_snapshot WHERE key LIKE '%' || $1 || '%'`,
      [from.hash, to.hash],
    );
    expect(await first.look(never)).toMatchObject({
      outcome: 'halted',
      haltedReason: expect.stringMatching(/^FACT_CONTRADICTION: chain_cut_snapshot/) as string,
    });
    expect(await cutNow()).toEqual(from);
    expect(await books.count('chain_day')).toBe(0);
    await endProcess(first);
  });
}
