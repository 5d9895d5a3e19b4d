import { ApiPromise } from '@polkadot/api';

import type { NodeMethods } from './rpc-front.js';

type Provider = NonNullable<NonNullable<ConstructorParameters<typeof ApiPromise>[0]>['provider']>;

/** The unmodified polkadot-js api over the node's methods, without a socket between them. */
export async function inProcessApi(methods: NodeMethods): Promise<ApiPromise> {
  const provider = {
    hasSubscriptions: false,
    isClonable: false,
    isConnected: true,
    clone: () => provider,
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    on: (type: string, listener: () => void) => {
      if (type === 'connected') setImmediate(listener);
      return () => undefined;
    },
    send: async (method: string, params: readonly unknown[]) => {
      if (method === 'rpc_methods') return { methods: Object.keys(methods) };
      const found = methods[method];
      if (found === undefined) throw new Error(`the local chain has no ${method}`);
      return found(params);
    },
    subscribe: () => Promise.reject(new Error('no subscriptions')),
    unsubscribe: () => Promise.reject(new Error('no subscriptions')),
  };
  const genesisHash = String(methods['chain_getBlockHash']?.([0]));
  const { specVersion } = methods['state_getRuntimeVersion']?.([]) as { specVersion: number };
  const metadata = { [`${genesisHash}-${specVersion}`]: methods['state_getMetadata']?.([]) as `0x${string}` };
  return ApiPromise.create({ provider: provider as unknown as Provider, metadata, noInitWarn: true });
}
