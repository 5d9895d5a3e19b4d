import { describeAdapterContract } from '@app/chains/testing';

import { makeCosmosHarness } from './cosmos-harness.js';

describeAdapterContract('Cosmos Hub over the protocol model', makeCosmosHarness);
