import type { ChainAdapter, ChainName } from '../chain-adapter.js';
import { ChainError, type ChainErrorCode } from '../chain-error.js';
import { aroundAdapter, type ChainCall } from './around-adapter.js';

/** What a metrics library is told about one call. The chain libraries know no such library themselves. */
export interface ChainCallSeen {
  readonly chain: ChainName;
  readonly call: ChainCall;
  readonly outcome: 'ok' | 'aborted' | 'bug' | ChainErrorCode;
  readonly durationMs: number;
}

export function withMetrics(adapter: ChainAdapter, seen: (call: ChainCallSeen) => void): ChainAdapter {
  return aroundAdapter(adapter, async (call, make, signal) => {
    const startedAt = performance.now();
    const tell = (outcome: ChainCallSeen['outcome']): void =>
      seen({ chain: adapter.chain, call, outcome, durationMs: performance.now() - startedAt });
    try {
      const value = await make();
      tell('ok');
      return value;
    } catch (error) {
      tell(error instanceof ChainError ? error.code : signal.aborted ? 'aborted' : 'bug');
      throw error;
    }
  });
}
