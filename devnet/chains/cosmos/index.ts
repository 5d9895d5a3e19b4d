export type { Block, Received } from './cosmos-chain.js';
export { CosmosChain } from './cosmos-chain.js';
export { CosmosDriver } from './cosmos-driver.js';
export { CHAIN_ID, DEFAULT_VALIDATORS, ONE_ATOM } from './genesis.js';
export type { CosmosGenesis, ValidatorSpec } from './genesis.js';
export { devKey } from './keys.js';
export type { DevKey } from './keys.js';
export { startCosmosChain } from './start-cosmos-chain.js';
export type { RunningCosmosChain, StartCosmosChainOptions } from './start-cosmos-chain.js';
