import type { ChainAdapter, TransactionSigner } from './chain-adapter.js';
import type { BnbOptions } from './bnb/bnb.options.js';
import type { CosmosOptions } from './cosmos/cosmos.options.js';
import type { CutSnapshots } from './cosmos/cosmos.snapshots.js';
import type { PolkadotDevSignerOptions } from './polkadot/polkadot-dev-signer.js';
import type { PolkadotOptions } from './polkadot/polkadot.options.js';
import type { SolanaOptions } from './solana/solana.options.js';

export type ChainAdapterOptions =
  | ({ readonly chain: 'bnb' } & BnbOptions)
  | ({ readonly chain: 'cosmos' } & CosmosOptions)
  | ({ readonly chain: 'polkadot' } & PolkadotOptions)
  | ({ readonly chain: 'solana' } & SolanaOptions);

/** What the process gives an adapter of its own world. An adapter that has no use for one of them leaves it. */
export interface AdapterPorts {
  /** Where books of cuts outlive the process; for chains whose nodes throw states away. */
  readonly snapshots?: CutSnapshots;
}

/** Loads the adapter of one chain by name. Each is imported only when asked for: a process pays for no other chain's SDK. */
export async function openChainAdapter(options: ChainAdapterOptions, ports: AdapterPorts = {}): Promise<ChainAdapter> {
  switch (options.chain) {
    case 'bnb': {
      const { BnbAdapter } = await import('./bnb/bnb.adapter.js');
      return new BnbAdapter(options);
    }
    case 'cosmos': {
      const { CosmosAdapter } = await import('./cosmos/cosmos.adapter.js');
      return new CosmosAdapter({ ...options, ...ports });
    }
    case 'polkadot': {
      const { PolkadotAdapter } = await import('./polkadot/polkadot.adapter.js');
      return new PolkadotAdapter(options);
    }
    case 'solana': {
      const { SolanaAdapter } = await import('./solana/solana.adapter.js');
      return new SolanaAdapter(options);
    }
  }
}

export type DevSignerOptions =
  | { readonly chain: 'bnb'; readonly privateKey: string; readonly chainId: bigint }
  | { readonly chain: 'cosmos'; readonly privateKey: string; readonly chainId: string }
  | ({ readonly chain: 'polkadot' } & PolkadotDevSignerOptions)
  | {
      readonly chain: 'solana';
      readonly privateKey: string;
      /** The cold key, in development only; without it nothing can be withdrawn. */
      readonly withdrawerKey?: string;
      /** Its address, where the key itself is elsewhere. */
      readonly withdrawer?: string;
    };

/** A signer with a key in memory: development only, production configuration refuses such keys. */
export async function openDevSigner(options: DevSignerOptions): Promise<TransactionSigner> {
  switch (options.chain) {
    case 'bnb': {
      const { BnbDevSigner } = await import('./bnb/bnb-dev-signer.js');
      return new BnbDevSigner(options.privateKey, options.chainId);
    }
    case 'cosmos': {
      const { CosmosDevSigner } = await import('./cosmos/cosmos-dev-signer.js');
      return new CosmosDevSigner(options.privateKey, options.chainId);
    }
    case 'polkadot': {
      const { PolkadotDevSigner } = await import('./polkadot/polkadot-dev-signer.js');
      return new PolkadotDevSigner(options);
    }
    case 'solana': {
      const { SolanaDevSigner } = await import('./solana/solana-dev-signer.js');
      return new SolanaDevSigner(options.privateKey, options.withdrawerKey ?? null, options.withdrawer ?? null);
    }
  }
}
