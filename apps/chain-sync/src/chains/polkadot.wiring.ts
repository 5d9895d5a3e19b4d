import { ConfigError } from '@app/platform';
import { atoms } from '@app/staking-core';
import type { ChainWiring } from './chain-wiring.js';
import { STAKE_SHARE_BPS } from './stake-share.js';

const DOT = 10n ** 10n;

export const POLKADOT_WIRING: ChainWiring = {
  symbol: 'DOT',
  chain: 'polkadot',
  account: (treasury) => treasury,
  adapter: (env, urls, production) => ({
    chain: 'polkadot',
    urls,
    genesisHash: env.DOT_GENESIS_HASH,
    ...(env.DOT_TREASURY_ADDRESS === undefined ? {} : { stash: env.DOT_TREASURY_ADDRESS }),
    ...(env.DOT_REWARDS_ADDRESS === undefined ? {} : { rewardsAccount: env.DOT_REWARDS_ADDRESS }),
    ...(production ? { confirm: 'required' as const } : {}),
  }),
  signer: (env, privateKey) => {
    const [url] = env.DOT_RPC_URLS ?? [];
    if (url === undefined) throw new ConfigError(['DOT_RPC_URLS: is missing; the runtime’s types are read there']);
    return {
      chain: 'polkadot',
      privateKey,
      url,
      genesisHash: env.DOT_GENESIS_HASH,
      ...(env.DOT_REWARDS_ADDRESS === undefined ? {} : { rewardsAccount: env.DOT_REWARDS_ADDRESS }),
    };
  },
  // One ledger for all: the election spreads it over the nominees, so more delegations add nothing.
  policy: { shareBps: STAKE_SHARE_BPS, validators: 1, reserve: atoms(10n * DOT), leastStep: atoms(1_000n * DOT) },
};
