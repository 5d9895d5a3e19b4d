import type { ChainAdapter } from '../chain-adapter.js';

/** Everything of the port that talks to the chain; all of it takes the abort signal. */
export type ChainCall =
  | 'identity'
  | 'finalStamp'
  | 'isCanonical'
  | 'firstCut'
  | 'nextCut'
  | 'keepCut'
  | 'observe'
  | 'parametersAt'
  | 'validatorsAt'
  | 'positionsAt'
  | 'liquidAt'
  | 'dueClaims'
  | 'nextLane'
  | 'build'
  | 'broadcast'
  | 'locate';

const CALLS: ReadonlySet<string> = new Set<ChainCall>([
  ...(['identity', 'finalStamp', 'isCanonical', 'firstCut', 'nextCut', 'keepCut', 'observe', 'parametersAt'] as const),
  ...(['validatorsAt', 'positionsAt', 'liquidAt', 'dueClaims', 'nextLane', 'build', 'broadcast', 'locate'] as const),
]);

/** What is put around one call: it gets the call's name and signal and decides when, and how often, to make it. */
export type Around = <T>(name: ChainCall, call: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** The same adapter with `around` about each call to the chain; the pure parts and `close` pass through untouched. */
export function aroundAdapter(adapter: ChainAdapter, around: Around): ChainAdapter {
  return new Proxy(adapter, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const method = value as (...args: unknown[]) => Promise<unknown>;
      if (typeof name !== 'string' || !CALLS.has(name)) return method.bind(target);
      return (...args: unknown[]) => {
        const signal = args.find((one): one is AbortSignal => one instanceof AbortSignal);
        if (signal === undefined) throw new TypeError(`${name} needs an abort signal`);
        return around(name as ChainCall, () => method.apply(target, args), signal);
      };
    },
  });
}
