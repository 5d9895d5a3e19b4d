import { atoms } from '@app/staking-core';
import type { ChainWiring } from './chain-wiring.js';
import { STAKE_SHARE_BPS } from './stake-share.js';

/** Genesis of the main network (`BSCGenesisHash` in bnb-chain/bsc params): in production no other chain will do. */
const MAIN_GENESIS = '0x0d21840abff46b96c84b2ac9e10e4f5cdaeb5693cb665db62a2f3b02d2d57b5b';
const BNB = 10n ** 18n;

export const BNB_WIRING: ChainWiring = {
  symbol: 'BNB',
  chain: 'bnb',
  account: (treasury) => treasury.toLowerCase(),
  adapter: (env, urls, production) => ({
    chain: 'bnb',
    urls,
    chainId: BigInt(env.BNB_CHAIN_ID),
    ...(production ? { genesisHash: MAIN_GENESIS, confirm: 'required' as const } : {}),
  }),
  signer: (env, privateKey) => ({ chain: 'bnb', privateKey, chainId: BigInt(env.BNB_CHAIN_ID) }),
  policy: { shareBps: STAKE_SHARE_BPS, validators: 3, reserve: atoms(BNB / 10n), leastStep: atoms(BNB) },
};
