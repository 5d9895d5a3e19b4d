import { ConfigError, DEVELOPMENT_DEFAULTS, type Env } from '@app/platform';
import { BNB_WIRING } from './bnb.wiring.js';
import type { ChainWiring } from './chain-wiring.js';
import { COSMOS_WIRING } from './cosmos.wiring.js';
import { POLKADOT_WIRING } from './polkadot.wiring.js';
import { SOLANA_WIRING } from './solana.wiring.js';

/** Every chain this process can follow. */
export const CHAIN_WIRINGS: readonly ChainWiring[] = [BNB_WIRING, SOLANA_WIRING, COSMOS_WIRING, POLKADOT_WIRING];

export interface ConfiguredChain {
  readonly wiring: ChainWiring;
  readonly urls: readonly string[];
  readonly account: string;
}

/**
 * The chains that have endpoints in the environment. A token whose chain is not configured is not followed; its days
 * wait (R19).
 * @throws ConfigError one line for each chain without a treasury, or when there is no chain at all
 */
export function configuredChains(env: Env, wirings: readonly ChainWiring[] = CHAIN_WIRINGS): ConfiguredChain[] {
  const problems: string[] = [];
  const chains = wirings.flatMap((wiring): ConfiguredChain[] => {
    const urls = env[`${wiring.symbol}_RPC_URLS`];
    if (urls === undefined) return [];
    const name = `${wiring.symbol}_TREASURY_ADDRESS` as const;
    const treasury = env[name];
    if (treasury === undefined) {
      // The local BNB endpoint is there without being asked for: alone it says nothing of what is to be followed.
      if (urls.join() === DEVELOPMENT_DEFAULTS.BNB_RPC_URLS && follows(env, wirings)) return [];
      problems.push(`${name}: is missing; ${wiring.symbol}_RPC_URLS says that this chain is followed`);
      return [];
    }
    return [{ wiring, urls, account: wiring.account(treasury) }];
  });
  if (chains.length === 0 && problems.length === 0) {
    const names = wirings.map(({ symbol }) => `${symbol}_RPC_URLS`).join(', ');
    problems.push(`${wirings[0]?.symbol ?? ''}_RPC_URLS: no chain is configured; set one of ${names}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return chains;
}

/** Whether any chain has both endpoints and a treasury. */
function follows(env: Env, wirings: readonly ChainWiring[]): boolean {
  return wirings.some(({ symbol }) => env[`${symbol}_RPC_URLS`] && env[`${symbol}_TREASURY_ADDRESS`]);
}
