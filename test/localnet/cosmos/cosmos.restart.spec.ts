import { finalNow, operate, patience } from '@app/chains/testing';
import { atoms } from '@app/staking-core';

import { makeCosmosHarness } from './cosmos-harness.js';
import { describeRestart } from './describe-restart.js';

describe('ATOM through a restart on the protocol model', () => {
  describeRestart(async () => {
    const harness = await makeCosmosHarness();
    const { chain } = harness.running;
    return {
      ...harness,
      chainId: chain.genesis.chainId,
      prune: () => {
        chain.keepStates = 6n;
        harness.driver.blocks(1);
        return Promise.resolve();
      },
    };
  });

  it('R18: stake that went to a validator after the kept cut is told, though that was slashed long ago', async () => {
    const harness = await makeCosmosHarness();
    const adapter = harness.openWith({});
    try {
      const [one] = harness.validators;
      const account = harness.signer.account;
      harness.driver.downtime(one);
      await harness.advancePeriod();
      harness.driver.unjail(one);
      await harness.advancePeriod();
      const from = (await adapter.firstCut(await finalNow(adapter), patience()))!;
      await adapter.keepCut(from, account, patience());
      await operate(harness, adapter, 'late', { kind: 'delegate', validator: one, amount: atoms(1_000_003n) });
      await harness.advancePeriod();
      const to = (await adapter.nextCut(from, await finalNow(adapter), patience()))!;
      harness.running.chain.keepStates = 6n;
      harness.driver.blocks(1);
      const seen = await adapter.observe(from, to, account, patience());
      expect(seen.slashes).toEqual([]);
      expect(seen.rewards).toMatchObject([{ validator: one }]);
    } finally {
      await adapter.close();
      await harness.close();
    }
  });
});
