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
});
