import { ChainError } from '../chain-error.js';
import { publicKey } from './solana.decode.js';

export interface SolanaOptions {
  /** JSON-RPC endpoints that keep the history of our accounts (transactions, rewards), best first. */
  readonly urls: readonly string[];
  /** An endpoint with another genesis is refused: it is the only name that a Solana chain has. */
  readonly genesisHash: string;
  /** The cold key: withdraw authority of every stake account that this adapter makes. Never the account itself in production. */
  readonly withdrawer: string;
  /** For one HTTP exchange. */
  readonly timeoutMs?: number;
  readonly maxAnswerBytes?: number;
  readonly maxBatch?: number;
  /** Money reads on a second endpoint: whenever one answers, always (or the read fails), or never. */
  readonly confirm?: 'off' | 'when-available' | 'required';
  /** Lamports staked by one transaction at most: they pass through JS numbers in the library that makes the bytes. */
  readonly largestTranche?: bigint;
  /** Priority fee per compute unit, in millionths of a lamport. */
  readonly microLamportsPerUnit?: bigint;
  /** A cut at the first block of each UTC day too, so that days are told in the morning after; else days wait for their epoch's end. */
  readonly midnightCuts?: boolean;
  readonly recheckMs?: number;
  readonly coolDownMs?: number;
}

export type SolanaSettings = Required<Omit<SolanaOptions, 'urls'>>;

/** 1,000,000 SOL: a ninth of what a JS number holds exactly. */
const LARGEST_TRANCHE = 1_000_000n * 1_000_000_000n;

export function withDefaults(options: SolanaOptions): SolanaSettings {
  const largestTranche = options.largestTranche ?? LARGEST_TRANCHE;
  if (largestTranche <= 0n || largestTranche > LARGEST_TRANCHE) {
    throw new ChainError('REFUSED', 'solana', `a tranche is between 1 and ${LARGEST_TRANCHE} lamports`);
  }
  return {
    genesisHash: options.genesisHash,
    withdrawer: publicKey(options.withdrawer, 'the withdrawer'),
    timeoutMs: options.timeoutMs ?? 10_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 32 * 1024 * 1024,
    maxBatch: options.maxBatch ?? 10, // what large providers allow where they look into the archive
    confirm: options.confirm ?? 'when-available',
    largestTranche,
    microLamportsPerUnit: options.microLamportsPerUnit ?? 1_000n,
    midnightCuts: options.midnightCuts ?? false,
    recheckMs: options.recheckMs ?? 30_000,
    coolDownMs: options.coolDownMs ?? 20_000,
  };
}
