import { describeAdapterContract } from '../../testing/index.js';
import { makeBnbHarness } from './bnb-harness.js';

describeAdapterContract('BNB on the local chain', makeBnbHarness);
