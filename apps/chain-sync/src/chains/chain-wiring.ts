import type { ChainAdapterOptions, ChainName, DevSignerOptions } from '@app/chains';
import type { ChainSymbol, Env } from '@app/platform';
import type { StakePolicy } from '../operate/stake-target.js';

/** How one chain is made from the environment. What is set by name here is asked for by the same name of the operator. */
export interface ChainWiring {
  /** Prefix of its names in the environment, and the token it carries. */
  readonly symbol: ChainSymbol;
  readonly chain: ChainName;
  /** The account whose positions are read, as the adapter writes it. */
  account(treasury: string): string;
  /** @param production two sources must agree, and the chain must be the main network to its genesis block */
  adapter(env: Env, urls: readonly string[], production: boolean): ChainAdapterOptions;
  /** Development only. */
  signer(env: Env, privateKey: string): DevSignerOptions;
  /** Development only: what to keep staked, in this chain's own atoms. */
  readonly policy: StakePolicy;
}
