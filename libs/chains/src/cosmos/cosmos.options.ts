import { ChainError } from '../chain-error.js';
import type { CutSnapshots } from './cosmos.snapshots.js';

export interface CosmosOptions {
  /** CometBFT RPC endpoints, best first. Two or more in production. */
  readonly urls: readonly string[];
  /** As the chain says it: `cosmoshub-4`. */
  readonly chainId: string;
  /** Hash of the first block. Needed where the endpoints no longer have it; else an endpoint with another is refused. */
  readonly genesisHash?: string;
  /** The chain's first height (Cosmos Hub 4 began at 5,200,791). */
  readonly initialHeight?: bigint;
  /** For one HTTP exchange. */
  readonly timeoutMs?: number;
  readonly maxAnswerBytes?: number;
  /** Calls in one HTTP request; CometBFT takes 10 unless told otherwise. */
  readonly maxBatch?: number;
  /** Money reads on a second endpoint: whenever one answers, always (or the read fails), or never. */
  readonly confirm?: 'off' | 'when-available' | 'required';
  /** Compressed secp256k1 public keys (hex) of accounts whose key the chain has not seen yet: it learns it with the first transaction. */
  readonly publicKeys?: readonly string[];
  /** Gas price where the chain has no fee market, in 10^-18 uatom per gas. */
  readonly minimumGasPrice?: bigint;
  /** Paid above the fee market's price, in percent: the price may rise until the block. */
  readonly gasPriceHeadroomPercent?: bigint;
  /** Dearer gas is not bought (10^-18 uatom per gas): the transaction waits for a person or a quieter hour. */
  readonly highestGasPrice?: bigint;
  /** So many blocks after the block it was built on, a transaction that is in none is dead. */
  readonly timeoutBlocks?: bigint;
  /** Where the chain has x/liquid, stake is delegated only from accounts that have locked tokenizing their shares. */
  readonly requireTokenizeLock?: boolean;
  /** Books of earlier cuts, for nodes that throw states away; in memory if absent. */
  readonly snapshots?: CutSnapshots;
  /** Only for test chains that live by the wall clock: a cut every so often instead of every UTC midnight. No days are told then. */
  readonly periodMs?: bigint;
  readonly recheckMs?: number;
  readonly coolDownMs?: number;
}

export interface CosmosSettings extends Required<Omit<CosmosOptions, 'urls' | 'genesisHash' | 'snapshots'>> {
  readonly genesisHash: string | null;
}

export const DAY_MS = 86_400_000n;

export function withDefaults(options: CosmosOptions): CosmosSettings {
  if (options.chainId === '') throw new ChainError('REFUSED', 'cosmos', 'a chain id has at least one character');
  if ((options.periodMs ?? DAY_MS) <= 0n) throw new ChainError('REFUSED', 'cosmos', 'a period takes some time');
  return {
    chainId: options.chainId,
    genesisHash: options.genesisHash?.toUpperCase() ?? null,
    initialHeight: options.initialHeight ?? 1n,
    timeoutMs: options.timeoutMs ?? 10_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 32 * 1024 * 1024,
    maxBatch: options.maxBatch ?? 10,
    confirm: options.confirm ?? 'when-available',
    publicKeys: options.publicKeys ?? [],
    minimumGasPrice: options.minimumGasPrice ?? 5_000_000_000_000_000n, // 0.005 uatom
    gasPriceHeadroomPercent: options.gasPriceHeadroomPercent ?? 50n,
    highestGasPrice: options.highestGasPrice ?? 500_000_000_000_000_000n, // 0.5 uatom
    timeoutBlocks: options.timeoutBlocks ?? 100n,
    requireTokenizeLock: options.requireTokenizeLock ?? true,
    periodMs: options.periodMs ?? DAY_MS,
    recheckMs: options.recheckMs ?? 30_000,
    coolDownMs: options.coolDownMs ?? 20_000,
  };
}
