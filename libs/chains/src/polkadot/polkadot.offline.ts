import type { ApiPromise } from '@polkadot/api';

type Provider = NonNullable<NonNullable<ConstructorParameters<typeof ApiPromise>[0]>['provider']>;

/** What the types of a runtime are made of. */
export interface RuntimeParts {
  readonly genesisHash: string;
  /** SCALE bytes of `state_getMetadata`, hex. */
  readonly metadata: string;
  readonly specName: string;
  readonly specVersion: number;
  readonly transactionVersion: number;
}

/** Answers what ApiPromise asks at its start, out of the parts, and nothing else. */
export function offline(parts: RuntimeParts): Provider {
  const { genesisHash, specName, specVersion, transactionVersion } = parts;
  const answers: Readonly<Record<string, unknown>> = {
    chain_getBlockHash: genesisHash,
    state_getRuntimeVersion: {
      specName,
      implName: specName,
      authoringVersion: 1,
      specVersion,
      implVersion: 0,
      apis: [],
      transactionVersion,
    },
    system_chain: specName,
    system_properties: {},
    rpc_methods: { methods: [] },
  };
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
    send: (method: string) =>
      method in answers
        ? Promise.resolve(answers[method])
        : Promise.reject(new Error(`the types of the runtime need no ${method}`)),
    subscribe: () => Promise.reject(new Error('no subscriptions')),
    unsubscribe: () => Promise.reject(new Error('no subscriptions')),
  };
  return provider as unknown as Provider;
}
