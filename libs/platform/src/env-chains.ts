import { z } from 'zod';
import { HTTP, integerText, isUrl, type EnvRule } from './env-rule.js';
import { Secret } from './secret.js';

/**
 * What each chain takes from the environment, all by one pattern: endpoints, what the chain calls itself, whose
 * positions are read, and in development a key. A chain without endpoints is not configured (BNB has a local default).
 */
export interface ChainEnv {
  readonly BNB_RPC_URLS?: readonly string[];
  readonly BNB_CHAIN_ID: number;
  readonly BNB_TREASURY_ADDRESS?: string;
  /** Hex private key, development only. */
  readonly BNB_DEV_KEY?: Secret;

  readonly SOL_RPC_URLS?: readonly string[];
  readonly SOL_GENESIS_HASH: string;
  /** Pays for stake accounts, derives their addresses and is their staker. */
  readonly SOL_TREASURY_ADDRESS?: string;
  /** The cold withdraw authority that every stake account of ours must name. */
  readonly SOL_WITHDRAWER_ADDRESS?: string;
  readonly SOL_DEV_KEY?: Secret;

  readonly ATOM_RPC_URLS?: readonly string[];
  readonly ATOM_CHAIN_ID: string;
  /** The delegator. */
  readonly ATOM_TREASURY_ADDRESS?: string;
  /** Where rewards are withdrawn to, so that principal and yield never mix. */
  readonly ATOM_REWARDS_ADDRESS?: string;
  /** Compressed, hex: the chain itself knows it from the treasury's first transaction on. */
  readonly ATOM_PUBLIC_KEY?: string;
  readonly ATOM_DEV_KEY?: Secret;

  readonly DOT_RPC_URLS?: readonly string[];
  readonly DOT_GENESIS_HASH: string;
  /** The stash. */
  readonly DOT_TREASURY_ADDRESS?: string;
  /** The payee of the stash's rewards. */
  readonly DOT_REWARDS_ADDRESS?: string;
  readonly DOT_DEV_KEY?: Secret;
  /** Raw genesis with a staking pallet for the local chain; development tools only. */
  readonly DOT_GENESIS_FILE?: string;
}

/** Prefixes of the chains' names. */
export const CHAIN_SYMBOLS = ['BNB', 'SOL', 'ATOM', 'DOT'] as const;
export type ChainSymbol = (typeof CHAIN_SYMBOLS)[number];

/** What the main networks call themselves: in production no other will do. */
export const MAIN_NETWORKS = {
  /** EVM chain id of BNB Smart Chain. */
  BNB_CHAIN_ID: '56',
  /** Genesis hash of mainnet-beta, `getGenesisHash`. */
  SOL_GENESIS_HASH: '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d',
  ATOM_CHAIN_ID: 'cosmoshub-4',
  /** Polkadot Asset Hub, where staking is since November 2025; the relay chain serves none of it. */
  DOT_GENESIS_HASH: '0x68d56f15f85d3136970ec16946040bc1752654e906147f7e43e9d539d7c3de2f',
} as const;

const WEBSOCKET = ['ws:', 'wss:'];
const BASE58 = '[1-9A-HJ-NP-Za-km-z]';
const BECH32 = '[02-9ac-hj-np-z]';

const endpoints = (what: string, protocols: readonly string[], examples: string): EnvRule => ({
  schema: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((urls) => urls.every((url) => isUrl(url, protocols)), `must be ${what} URLs separated by commas`),
  example: examples,
  // Providers put access keys into the path of the URL.
  secret: true,
});

const text = (pattern: RegExp, what: string, example: string): EnvRule => ({
  schema: z.string().regex(pattern, what),
  example,
});

const key = (pattern: RegExp, what: string, example: string): EnvRule => ({
  schema: z
    .string()
    .regex(pattern, what)
    .transform((value) => new Secret(value)),
  example,
  secret: true,
});

const KEY_32 = key(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hex digits', '0x<64 hex digits>');
const HTTP_ENDPOINTS = endpoints('http(s)', HTTP, 'https://rpc-one.example,https://rpc-two.example');
const solanaKey = (example: string) =>
  text(new RegExp(`^${BASE58}{32,44}$`), 'must be a base58 key of 32 bytes', example);
const cosmosAddress = text(
  new RegExp(`^cosmos1${BECH32}{38}$`),
  'must be a cosmos1… account',
  'cosmos1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnrql8a',
);
const polkadotAddress = text(
  new RegExp(`^${BASE58}{46,49}$`),
  'must be an SS58 account',
  '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5',
);

export const CHAIN_RULES: Readonly<Record<keyof ChainEnv, EnvRule>> = {
  BNB_RPC_URLS: HTTP_ENDPOINTS,
  BNB_CHAIN_ID: { schema: integerText(1, 999_999_999, 'must be a chain id, a whole number above 0'), example: '56' },
  BNB_TREASURY_ADDRESS: text(
    /^0x[0-9a-fA-F]{40}$/,
    'must be 0x and 40 hex digits',
    '0x00000000000000000000000000000000000000aa',
  ),
  BNB_DEV_KEY: KEY_32,
  SOL_RPC_URLS: HTTP_ENDPOINTS,
  SOL_GENESIS_HASH: solanaKey(MAIN_NETWORKS.SOL_GENESIS_HASH),
  SOL_TREASURY_ADDRESS: solanaKey('So11111111111111111111111111111111111111112'),
  SOL_WITHDRAWER_ADDRESS: solanaKey('So11111111111111111111111111111111111111112'),
  SOL_DEV_KEY: key(
    /^0x([0-9a-fA-F]{64}|[0-9a-fA-F]{128})$/,
    'must be 0x and 64 (seed) or 128 hex digits',
    '0x<64 hex digits>',
  ),
  ATOM_RPC_URLS: HTTP_ENDPOINTS,
  ATOM_CHAIN_ID: text(/^[a-zA-Z][a-zA-Z0-9._-]{1,47}$/, 'must be a chain id', MAIN_NETWORKS.ATOM_CHAIN_ID),
  ATOM_TREASURY_ADDRESS: cosmosAddress,
  ATOM_REWARDS_ADDRESS: cosmosAddress,
  ATOM_PUBLIC_KEY: text(/^0[23][0-9a-f]{64}$/, 'must be 02 or 03 and 64 hex digits', `02${'ab'.repeat(32)}`),
  ATOM_DEV_KEY: KEY_32,
  DOT_RPC_URLS: endpoints('http(s) or ws(s)', [...HTTP, ...WEBSOCKET], 'wss://hub-one.example,wss://hub-two.example'),
  DOT_GENESIS_HASH: text(/^0x[0-9a-f]{64}$/, 'must be 0x and 64 hex digits', MAIN_NETWORKS.DOT_GENESIS_HASH),
  DOT_TREASURY_ADDRESS: polkadotAddress,
  DOT_REWARDS_ADDRESS: polkadotAddress,
  DOT_DEV_KEY: KEY_32,
  DOT_GENESIS_FILE: text(/^[^\0]+$/, 'must be a path', './asset-hub-raw.json'),
};

/** Defaults in every mode: the main networks. The local BNB endpoint is a development default (see env.ts). */
export const CHAIN_DEFAULTS: Readonly<Record<keyof typeof MAIN_NETWORKS, string>> = MAIN_NETWORKS;

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\]|\[::\]|\[::ffff:7f.*\])$/i;

/** What production refuses of the chains; `refuse` adds a line with the name and its example. */
export function refuseChains(
  env: Partial<ChainEnv>,
  refuse: (name: keyof ChainEnv, why: string) => void,
  say: (line: string) => void,
): void {
  for (const symbol of CHAIN_SYMBOLS) {
    if (env[`${symbol}_DEV_KEY`]) {
      say(`${symbol}_DEV_KEY: production refuses a private key in the environment; unset it`);
    }
  }
  if (env.DOT_GENESIS_FILE) say('DOT_GENESIS_FILE: production refuses a local chain; unset it');
  refuseOtherNetworks(env, refuse);
  for (const symbol of CHAIN_SYMBOLS) {
    const name = `${symbol}_RPC_URLS` as const;
    const urls = env[name];
    if (!urls) continue;
    const hosts = urls.map((url) => new URL(url).hostname.replace(/\.$/, '').toLowerCase());
    if (hosts.length < 2) refuse(name, 'production needs two sources, one cannot contradict itself');
    else if (new Set(hosts).size < hosts.length) refuse(name, 'production needs sources on different hosts');
    if (hosts.some((host) => LOOPBACK.test(host))) refuse(name, 'production refuses a loopback address');
  }
}

const MAIN_NETWORK_NAMES: Readonly<Record<keyof typeof MAIN_NETWORKS, string>> = {
  BNB_CHAIN_ID: 'chain 56',
  SOL_GENESIS_HASH: 'mainnet-beta',
  ATOM_CHAIN_ID: 'cosmoshub-4',
  DOT_GENESIS_HASH: 'Polkadot Asset Hub',
};

function refuseOtherNetworks(env: Partial<ChainEnv>, refuse: (name: keyof ChainEnv, why: string) => void): void {
  for (const name of Object.keys(MAIN_NETWORKS) as (keyof typeof MAIN_NETWORKS)[]) {
    const given = env[name];
    if (given === undefined || String(given) === MAIN_NETWORKS[name]) continue;
    refuse(name, `production runs on ${MAIN_NETWORK_NAMES[name]}, got ${given}`);
  }
}
