import { describeAdapterContract } from '@app/chains/testing';
import { makeSolanaHarness } from './solana-harness.js';

describeAdapterContract('Solana on the local chain', makeSolanaHarness);
