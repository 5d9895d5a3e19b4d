import { setTimeout as sleep } from 'node:timers/promises';

import type { ChainAdapter } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { aroundAdapter, type ChainCall } from './around-adapter.js';

export interface RetryOptions {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** In [0, 1); for tests. */
  readonly random?: () => number;
}

/**
 * A broadcast is never repeated here: whether the same bytes go out again is the operation's decision, made from what
 * it has stored (R40). Waiting for finality is the caller's business too: it has a clock and a plan for it.
 */
const NOT_REPEATED: ReadonlySet<ChainCall> = new Set(['broadcast']);
const NOT_WORTH_REPEATING: ReadonlySet<string> = new Set(['NOT_FINAL', 'FINALITY_WENT_BACK']);

/** Repeats reads that failed in a way that may pass, with full jitter so that two workers do not knock in step. */
export function withRetry(adapter: ChainAdapter, options: RetryOptions): ChainAdapter {
  const random = options.random ?? Math.random;
  return aroundAdapter(adapter, async (name, call, signal) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const mayPass =
          error instanceof ChainError && error.retryable && !NOT_WORTH_REPEATING.has(error.code) && !signal.aborted;
        if (!mayPass || NOT_REPEATED.has(name) || attempt >= options.attempts) throw error;
        const ceiling = Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** (attempt - 1));
        await sleep(Math.ceil(ceiling * random()), undefined, { signal });
      }
    }
  });
}
