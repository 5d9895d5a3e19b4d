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
  {
    name: 'solana',
    token: 'SOL',
    decimals: 9,
    packageName: 'solana-bankrun',
    made: 'a real Bank behind our JSON-RPC front',
    start: async (place) => (await import('./solana.local.js')).startLocalSolana(place),
  },
  {
    name: 'cosmos',
    token: 'ATOM',
    decimals: 6,
    packageName: '@cosmjs/stargate',
    made: 'a model of the protocol on its real wire format',
    start: async (place) => (await import('./cosmos.local.js')).startLocalCosmos(place),
  },
];

export const LOCAL_TOKENS: readonly string[] = LOCAL_CHAINS.map(({ token }) => token);
