import type { LocalChainKind } from './local-chain.js';

export type { LocalChain, LocalChainKind, LocalChainPlace } from './local-chain.js';
export { secondsOf } from './local-chain.js';

/** Every chain the local world can have, in the order in which it shows them. Its code is loaded when it is started. */
export const LOCAL_CHAINS: readonly LocalChainKind[] = [
  {
    name: 'bnb',
    token: 'BNB',
    decimals: 18,
    packageName: '@foundry-rs/anvil/package.json',
    made: 'anvil with our contracts',
    start: async (place) => (await import('./bnb.local.js')).startLocalBnb(place),
  },
];

export const LOCAL_TOKENS: readonly string[] = LOCAL_CHAINS.map(({ token }) => token);
