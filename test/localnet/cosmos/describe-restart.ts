import type { BlockStamp } from '@app/chains';
import { finalNow, operate, patience, sumOf, type AdapterHarness } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import type { ToyBooks } from '../../../apps/chain-sync/src/testing/toy-books.js';
import { MemorySnapshots } from '../../../libs/chains/src/cosmos/cosmos.snapshots.js';
import { openAtomBooks, startChainSync, type ChainSyncProcess } from './chain-sync-process.js';
import type { CosmosHarness } from './cosmos-harness.js';

export type PruningHarness = AdapterHarness &
  Pick<CosmosHarness, 'openWith' | 'signer'> & {
    readonly chainId: string;
    /** The states of days before today are gone afterwards; today's last cut can still be read. */
    prune(): Promise<void>;
  };

const never = new AbortController().signal;

/** A chain-sync that ends and starts again over a node that throws its states away. */
export function describeRestart(make: () => Promise<PruningHarness>): void {
  let harness: PruningHarness;
  let books: ToyBooks;
  const running: ChainSyncProcess[] = [];

  beforeEach(async () => {
    [harness, books] = await Promise.all([make(), openAtomBooks('cosmos restart')]);
    await harness.advancePeriod();
  }, 120_000);
  afterEach(async () => {
    for (const one of running.splice(0)) await one.end();
    await books.close();
    await harness.close();
  });

  async function start(): Promise<ChainSyncProcess['runner']> {
    const started = await startChainSync(books, harness);
    running.push(started);
    return started.runner;
  }
  const cutNow = async (): Promise<BlockStamp> => (await books.observations.cursor('cosmos'))!.cut;
  const newestReward = async () => {
    const [row] = await books.db.rows<{ period: string; validator: string; amount: string }>(
      'SELECT period, validator, amount FROM chain_reward ORDER BY height DESC LIMIT 1',
    );
    return row;
  };

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
    const first = await start();
    expect(await first.look(never)).toMatchObject({ error: null, outcome: 'observed' });
    for (let day = 0; day < daysBefore; day += 1) {
      await harness.advancePeriod();
      expect(await first.look(never)).toMatchObject({ error: null });
    }
    const from = await cutNow();
    const [before] = await witness.positionsAt(from, account, patience());
    await running.pop()!.end();

    const claimed = await operate(harness, witness, 'restart-claim', { kind: 'claim', validator: one });
    await harness.advancePeriod();
    const to = (await witness.nextCut(from, await finalNow(witness), patience()))!;
    const [after] = await witness.positionsAt(to, account, patience());
    await harness.prune();
    const pruned = { code: 'STATE_PRUNED' };
    await expect(witness.positionsAt(from, account, patience())).rejects.toMatchObject(pruned);
    await expect(witness.observe(from, to, account, patience())).rejects.toMatchObject(pruned);
    await witness.close();

    const second = await start();
    expect(await second.look(never)).toMatchObject({ error: null, outcome: 'observed' });
    expect(await cutNow()).toEqual(to);
    const told = await newestReward();
    expect(told).toEqual({
      period: `${from.height}-${to.height}`,
      validator: one,
      amount: `${after!.claimable - before!.claimable - sumOf(claimed.flows)}`,
    });
    expect(BigInt(told!.amount)).toBeGreaterThan(0n);
    expect(await books.count('chain_day')).toBe(daysBefore + 1);
  });

  it('R13: other books under the same block stop the chain for a person, and nothing is stored', async () => {
    const first = await start();
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
  });
}
