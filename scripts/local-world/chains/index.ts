import type { LocalChainKind } from './local-chain.js';

export type { LocalChain, LocalChainKind, LocalChainPlace } from './local-chain.js';
export { secondsOf } from './local-chain.js';

/** Every chain the local world can have, in the order in which it shows them. Its code is loaded when it is started. */
export const LOCAL_CHAINS: readonly LocalChainKind[] = [
  {
    name: 'bnb',
    token: 'BNB',
    decimals: 18,
    repeatable: true,
    packageName: '@foundry-rs/anvil/package.json',
    made: 'anvil with our contracts',
    start: async (place) => (await import('./bnb.local.js')).startLocalBnb(place),
  },
  {
    name: 'solana',
    token: 'SOL',
    decimals: 9,
    repeatable: true,
    packageName: 'solana-bankrun',
    made: 'a real Bank behind our JSON-RPC front',
    start: async (place) => (await import('./solana.local.js')).startLocalSolana(place),
  },
  {
    name: 'cosmos',
    token: 'ATOM',
    decimals: 6,
    repeatable: false,
    packageName: '@cosmjs/stargate',
    made: 'a model of the protocol on its real wire format',
    start: async (place) => (await import('./cosmos.local.js')).startLocalCosmos(place),
  },
  {
    name: 'polkadot',
    token: 'DOT',
    decimals: 10,
    repeatable: true,
    packageName: '@polkadot/api',
    made: 'a replay of a real runtime’s month',
    start: async (place) => (await import('./polkadot.local.js')).startLocalPolkadot(place),
  },
];

export const LOCAL_TOKENS: readonly string[] = LOCAL_CHAINS.map(({ token }) => token);

/** What worlds are made of that are compared with one another. */
export const REPEATABLE_TOKENS: readonly string[] = LOCAL_CHAINS.filter(({ repeatable }) => repeatable).map(
  ({ token }) => token,
);
