import { describeAdapterContract } from '@app/chains/testing';
import { makeBnbHarness } from './bnb-harness.js';

describeAdapterContract('BNB on the local chain', makeBnbHarness);
