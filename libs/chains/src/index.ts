export type * from './chain-adapter.js';
export * from './chain-error.js';
export * from './chain-adapters.js';
export type { BnbOptions } from './bnb/bnb.options.js';
export type { Around, ChainCall } from './wrap/around-adapter.js';
export { withMetrics, type ChainCallSeen } from './wrap/with-metrics.js';
export { withRetry, type RetryOptions } from './wrap/with-retry.js';
