import { describeRestart } from '../cosmos/describe-restart.js';
import { makeCosmosNodeHarness } from './cosmos-node-harness.js';
import { describeRealNode } from './cosmos-node-world.js';

describeRealNode('ATOM through a restart on the real node, which prunes', () => {
  describeRestart(async () => {
    // A day has 25 blocks; every ten blocks all but the last twelve states are thrown away.
    const harness = await makeCosmosNodeHarness({ keepRecent: 12 });
    const chainId = harness.running.identity.chainId;
    return { ...harness, chainId, prune: () => harness.running.control.blocks(1) };
  });
});
