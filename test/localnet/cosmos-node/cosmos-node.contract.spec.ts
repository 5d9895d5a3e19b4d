import { describeAdapterContract } from '@app/chains/testing';

import { makeCosmosNodeHarness } from './cosmos-node-harness.js';
import { describeRealNode } from './cosmos-node-world.js';

describeRealNode('with a real node', () => {
  describeAdapterContract('ATOM on a real Cosmos SDK node', makeCosmosNodeHarness);
});
