import { ChainError } from '../chain-error.js';

export interface BnbOptions {
  /** JSON-RPC endpoints with history of states, best first. Two or more in production. */
  readonly urls: readonly string[];
  readonly chainId: bigint;
  /** If given, an endpoint with another genesis block is refused. */
  readonly genesisHash?: string;
  /** For one HTTP exchange. */
  readonly timeoutMs?: number;
  readonly maxAnswerBytes?: number;
  readonly maxBatch?: number;
  /** Blocks of logs asked for at once, at most; halved by itself where an endpoint gives less. */
  readonly maxLogBlocks?: bigint;
  /** Money reads on a second endpoint: whenever one answers, always (or the read fails), or never. */
  readonly confirm?: 'off' | 'when-available' | 'required';
  /** Tip per gas. The validators' minimum was 0.05 gwei in 2026. */
  readonly tipWei?: bigint;
  readonly recheckMs?: number;
  readonly coolDownMs?: number;
}

export interface BnbSettings extends Required<Omit<BnbOptions, 'urls' | 'genesisHash'>> {
  readonly genesisHash: string | null;
}

export function withDefaults(options: BnbOptions): BnbSettings {
  if (options.chainId <= 0n) throw new ChainError('REFUSED', 'bnb', 'a chain id is above zero');
  return {
    chainId: options.chainId,
    genesisHash: options.genesisHash?.toLowerCase() ?? null,
    timeoutMs: options.timeoutMs ?? 10_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 32 * 1024 * 1024,
    maxBatch: options.maxBatch ?? 50,
    maxLogBlocks: options.maxLogBlocks ?? 5_000n,
    confirm: options.confirm ?? 'when-available',
    tipWei: options.tipWei ?? 100_000_000n,
    recheckMs: options.recheckMs ?? 30_000,
    coolDownMs: options.coolDownMs ?? 20_000,
  };
}
