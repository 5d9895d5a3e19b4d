import { ChainError } from '../chain-error.js';
import { accountOf } from './polkadot.address.js';

export interface PolkadotOptions {
  /** HTTP JSON-RPC endpoints of Asset Hub with history of states (archive), best first. Two or more in production. */
  readonly urls: readonly string[];
  /** Hash of block 0; an endpoint with another one is refused. */
  readonly genesisHash: string;
  /** How this chain spells addresses: 0 for Polkadot. */
  readonly ss58Prefix?: number;
  /** The cold account that holds the stake. If given, what another key signs is wrapped for it by the Staking proxy. */
  readonly stash?: string;
  /** Where rewards are paid to by a new bond; if absent, to the stash as free balance. */
  readonly rewardsAccount?: string;
  /** For one HTTP exchange. */
  readonly timeoutMs?: number;
  readonly maxAnswerBytes?: number;
  readonly maxBatch?: number;
  /** Money reads on a second endpoint: whenever one answers, always (or the read fails), or never. */
  readonly confirm?: 'off' | 'when-available' | 'required';
  /** Blocks for which signed bytes stay valid; a power of two from 4 to 65,536. */
  readonly mortalityBlocks?: number;
  /** Ended eras that are looked back on for payouts that have not been made. */
  readonly lookbackEras?: number;
  readonly recheckMs?: number;
  readonly coolDownMs?: number;
}

export interface PolkadotSettings extends Required<Omit<PolkadotOptions, 'urls' | 'stash' | 'rewardsAccount'>> {
  /** Account id in hex. */
  readonly stash: string | null;
  readonly rewardsAccount: string | null;
}

export function withDefaults(options: PolkadotOptions): PolkadotSettings {
  const ss58Prefix = options.ss58Prefix ?? 0;
  const mortalityBlocks = options.mortalityBlocks ?? 256;
  if (mortalityBlocks < 4 || mortalityBlocks > 65_536 || (mortalityBlocks & (mortalityBlocks - 1)) !== 0) {
    throw new ChainError('REFUSED', 'polkadot', 'mortalityBlocks is a power of two from 4 to 65,536');
  }
  if (!/^0x[0-9a-f]{64}$/.test(options.genesisHash.toLowerCase())) {
    throw new ChainError('REFUSED', 'polkadot', 'the genesis hash is 0x and 64 hex digits');
  }
  const account = (address: string | undefined): string | null =>
    address === undefined ? null : accountOf(address, ss58Prefix);
  return {
    genesisHash: options.genesisHash.toLowerCase(),
    ss58Prefix,
    stash: account(options.stash),
    rewardsAccount: account(options.rewardsAccount),
    timeoutMs: options.timeoutMs ?? 10_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 32 * 1024 * 1024,
    maxBatch: options.maxBatch ?? 50,
    confirm: options.confirm ?? 'when-available',
    mortalityBlocks,
    lookbackEras: options.lookbackEras ?? 10,
    recheckMs: options.recheckMs ?? 30_000,
    coolDownMs: options.coolDownMs ?? 20_000,
  };
}
