import type { ChainAdapter } from '@app/chains';
import type { ChainObservationRepository } from '@app/database';
import type { Clock, Logger } from '@app/platform';
import type { ChainMetrics } from '../chain-sync.metrics.js';
import type { ReachPoint } from '../fault-points.js';
import type { Leadership } from '../leader/leadership.js';
import type { FinalityLimits } from './finality-alarm.js';

/** What following one chain needs; put together in `chain-sync.module.ts` and nowhere else. */
export interface ObserveParts {
  readonly adapter: ChainAdapter;
  /** The pooled custody on this chain. */
  readonly account: string;
  readonly leadership: Leadership;
  readonly books: ChainObservationRepository;
  readonly clock: Clock;
  readonly finalityLimits: FinalityLimits;
  readonly metrics: ChainMetrics;
  readonly log: Logger;
  readonly reach: ReachPoint;
}
