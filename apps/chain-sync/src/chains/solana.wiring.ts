import { ConfigError } from '@app/platform';
import { atoms } from '@app/staking-core';
import type { ChainWiring } from './chain-wiring.js';
import { STAKE_SHARE_BPS } from './stake-share.js';

const SOL = 10n ** 9n;

export const SOLANA_WIRING: ChainWiring = {
  symbol: 'SOL',
  chain: 'solana',
  account: (treasury) => treasury,
  adapter: (env, urls, production) => {
    const withdrawer = env.SOL_WITHDRAWER_ADDRESS;
    if (withdrawer === undefined) {
      throw new ConfigError(['SOL_WITHDRAWER_ADDRESS: is missing; who may withdraw the stake has to be said']);
    }
    if (production && withdrawer === env.SOL_TREASURY_ADDRESS) {
      throw new ConfigError(['SOL_WITHDRAWER_ADDRESS: production refuses the hot account, it has to be a cold one']);
    }
    return {
      chain: 'solana',
      urls,
      genesisHash: env.SOL_GENESIS_HASH,
      withdrawer,
      // Each day is told in the morning after it (R24), not up to two days later with its epoch.
      midnightCuts: true,
      ...(production ? { confirm: 'required' as const } : {}),
    };
  },
  signer: (env, privateKey) => ({
    chain: 'solana',
    // The seed: the first half of a secret key of 64 bytes.
    privateKey: privateKey.replace(/^0x/, '').slice(0, 64),
    ...(env.SOL_WITHDRAWER_ADDRESS === undefined ? {} : { withdrawer: env.SOL_WITHDRAWER_ADDRESS }),
  }),
  policy: { shareBps: STAKE_SHARE_BPS, validators: 3, reserve: atoms(5n * SOL), leastStep: atoms(100n * SOL) },
};
