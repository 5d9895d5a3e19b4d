import { BnbChain, type BnbChainFiles } from './bnb-chain.js';
import { BnbDriver } from './bnb-driver.js';
import { setupCalls } from './validator-setup.js';
import { DEFAULT_VALIDATORS, type ValidatorSpec } from './validator-spec.js';

export interface StartBnbChainOptions extends BnbChainFiles {
  /** Only for a new chain; an existing one keeps its validators. */
  readonly validators?: readonly ValidatorSpec[];
}

export interface RunningBnbChain {
  readonly chain: BnbChain;
  readonly driver: BnbDriver;
  /** The JSON-RPC endpoint for the product. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts the local BNB chain of `stateDir`, or brings it back as it was. A new one has its validators, all elected,
 * in block 1 (one block, so a crash leaves all of it or nothing).
 */
export async function startBnbChain(options: StartBnbChainOptions): Promise<RunningBnbChain> {
  const chain = await BnbChain.open(options);
  try {
    const driver = new BnbDriver(chain, options.root);
    if (chain.isNew) await driver.act(setupCalls(options.validators ?? DEFAULT_VALIDATORS, driver.interfaces));
    return { chain, driver, url: chain.url, stop: () => chain.stop() };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}
