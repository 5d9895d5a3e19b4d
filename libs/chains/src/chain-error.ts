import type { ChainName } from './chain-adapter.js';

/** Stable codes of what can go wrong outside. `retryable`: the same call may succeed later without anyone acting. */
export type ChainErrorCode =
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'RATE_LIMITED'
  | 'BAD_ANSWER'
  | 'WRONG_CHAIN'
  | 'NOT_FINAL'
  | 'FINALITY_WENT_BACK'
  | 'BLOCK_UNKNOWN'
  | 'STATE_PRUNED'
  | 'ENDPOINTS_DISAGREE'
  | 'REFUSED'
  | 'IDENTITY_BROKEN';

const RETRYABLE: ReadonlySet<ChainErrorCode> = new Set([
  'UNREACHABLE',
  'TIMEOUT',
  'RATE_LIMITED',
  'BAD_ANSWER',
  'NOT_FINAL',
  'FINALITY_WENT_BACK',
  'BLOCK_UNKNOWN',
]);

/** The outside failed. A read that ends in one of these is unknown, never zero (R19): the day waits. */
export class ChainError extends Error {
  readonly retryable: boolean;

  constructor(
    readonly code: ChainErrorCode,
    readonly chain: ChainName,
    detail: string,
    options?: { cause?: unknown },
  ) {
    super(`${chain}: ${detail}`, options);
    this.name = 'ChainError';
    this.retryable = RETRYABLE.has(code);
  }
}
