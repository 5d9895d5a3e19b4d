import { MAIN_NETWORKS } from '@app/platform';
import { atoms } from '@app/staking-core';
import type { ChainWiring } from './chain-wiring.js';
import { STAKE_SHARE_BPS } from './stake-share.js';

const ATOM = 10n ** 6n;
/** Cosmos Hub 4 began at this height; the blocks before are another chain's. */
const HUB_INITIAL_HEIGHT = 5_200_791n;

export const COSMOS_WIRING: ChainWiring = {
  symbol: 'ATOM',
  chain: 'cosmos',
  account: (treasury) => treasury,
  adapter: (env, urls, production) => ({
    chain: 'cosmos',
    urls,
    chainId: env.ATOM_CHAIN_ID,
    ...(env.ATOM_CHAIN_ID === MAIN_NETWORKS.ATOM_CHAIN_ID && production ? { initialHeight: HUB_INITIAL_HEIGHT } : {}),
    ...(env.ATOM_PUBLIC_KEY === undefined ? {} : { publicKeys: [env.ATOM_PUBLIC_KEY] }),
    ...(production ? { confirm: 'required' as const } : {}),
  }),
  signer: (env, privateKey) => ({ chain: 'cosmos', privateKey, chainId: env.ATOM_CHAIN_ID }),
  // A delegation pays out what the pair has accrued and costs a fee: a few coins more are not worth it.
  policy: { shareBps: STAKE_SHARE_BPS, validators: 3, reserve: atoms(20n * ATOM), leastStep: atoms(1_000n * ATOM) },
};
