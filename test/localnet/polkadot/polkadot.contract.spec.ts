import { describeAdapterContract } from '@app/chains/testing';
import { missingForRealChain } from '../../../devnet/chains/polkadot/index.js';
import { makePolkadotHarness } from './polkadot-harness.js';

const missing = missingForRealChain();

/** Blocks are executed, about one a second; several times that on a busy machine. */
const SET_UP_MS = 600_000;

if (missing === null) describeAdapterContract('Polkadot on a real Substrate runtime', makePolkadotHarness, SET_UP_MS);
else it.skip(`Polkadot on a real Substrate runtime: not here, ${missing}`, () => undefined);
