import type { ChainAdapter, TransactionSigner } from './chain-adapter.js';
import type { BnbOptions } from './bnb/bnb.options.js';

export type ChainAdapterOptions = { readonly chain: 'bnb' } & BnbOptions;

/** Loads the adapter of one chain by name. Each is imported only when asked for: a process pays for no other chain's SDK. */
export async function openChainAdapter(options: ChainAdapterOptions): Promise<ChainAdapter> {
  switch (options.chain) {
    case 'bnb': {
      const { BnbAdapter } = await import('./bnb/bnb.adapter.js');
      return new BnbAdapter(options);
    }
  }
}

export type DevSignerOptions = { readonly chain: 'bnb'; readonly privateKey: string; readonly chainId: bigint };

/** A signer with a key in memory: development only, production configuration refuses such keys. */
export async function openDevSigner(options: DevSignerOptions): Promise<TransactionSigner> {
  switch (options.chain) {
    case 'bnb': {
      const { BnbDevSigner } = await import('./bnb/bnb-dev-signer.js');
      return new BnbDevSigner(options.privateKey, options.chainId);
    }
  }
}
