import {
  CreditRepository,
  DayInputsRepository,
  DayLogRepository,
  IndependentCheckRepository,
  JournalRepository,
  LogIndexRepository,
  ReconciliationRepository,
  RewardFoldRepository,
  RewardMeasureRepository,
  RewardSplitRepository,
  SettlementPieceRepository,
  SettlementRepository,
  type Transactions,
} from '@app/database';
import { availableParallelism } from 'node:os';
import { type Clock, faultPoint, type Logger } from '@app/platform';
import type { CoreClient } from './core/core-client.js';
import type { FaultPoint } from './fault-points.js';
import { Lanes } from './lanes.js';
import { SharedDayPeriods } from './steps/day-periods.js';

export interface SettlementLimits {
  /** Credits in one batch. */
  readonly batchSize: number;
  /** Batches under way at once, of all tokens together: what the core is asked to bear. */
  readonly inFlight: number;
  /** How long a batch in hand is left alone by others, real milliseconds; longer than one call to the core takes. */
  readonly claimMs: number;
  /** Attempts at a batch in one go before it is left for the next tick. */
  readonly attempts: number;
  /** Pause before the next attempt, real milliseconds. */
  readonly restMs: number;
  /** Ranges of users at work at once, each on a connection of its own: as many as there are cores. */
  readonly shards: number;
  /** A token with fewer users is not worth another range. */
  readonly rangeUsers: number;
  /** R22a: users that moved or count otherwise than all day, held in memory at once by all ranges at work: about 100
   *  bytes each, 200 with 78-digit amounts. More users than that are looked at in several goes. */
  readonly checkUsers: number;
}

export const DEFAULT_LIMITS: SettlementLimits = {
  batchSize: 500,
  inFlight: 4,
  claimMs: 12_000,
  attempts: 3,
  restMs: 250,
  shards: availableParallelism(),
  rangeUsers: 50_000,
  checkUsers: 600_000,
};

/** What a step works with. */
export interface SettlementTools {
  readonly db: Transactions;
  readonly settlements: SettlementRepository;
  readonly inputs: DayInputsRepository;
  readonly measure: RewardMeasureRepository;
  readonly split: RewardSplitRepository;
  readonly pieces: SettlementPieceRepository;
  readonly dayLog: DayLogRepository;
  /** What checks that run at the same time share. */
  readonly periods: SharedDayPeriods;
  readonly check: IndependentCheckRepository;
  readonly credits: CreditRepository;
  readonly journal: JournalRepository;
  readonly books: ReconciliationRepository;
  readonly logIndexes: LogIndexRepository;
  readonly folds: RewardFoldRepository;
  readonly core: CoreClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: SettlementLimits;
  /** Where ranges of all tokens queue. */
  readonly lanes: Lanes;
  /** Where batches of all tokens queue for the core. */
  readonly creditLanes: Lanes;
  /** Makes the leaves that a day's settlement writes into, outside of any transaction. */
  readonly openDay: (day: string) => Promise<void>;
  readonly keepDays?: (signal?: AbortSignal) => Promise<void>;
  /** A named place where tests end the process. */
  readonly reach: (point: FaultPoint) => void;
}

export interface ToolParts {
  readonly db: Transactions;
  readonly core: CoreClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly openDay: (day: string) => Promise<void>;
  readonly limits?: Partial<SettlementLimits>;
  /** Leaves made ahead, archives of old days; without it nothing of the kind is done. */
  readonly keepDays?: (signal?: AbortSignal) => Promise<void>;
  readonly reach?: (point: FaultPoint) => void;
}

export function settlementTools(parts: ToolParts): SettlementTools {
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const dayLog = new DayLogRepository();
  return {
    ...parts,
    pieces: new SettlementPieceRepository(),
    dayLog,
    periods: new SharedDayPeriods(dayLog),
    lanes: new Lanes(limits.shards),
    creditLanes: new Lanes(limits.inFlight),
    settlements: new SettlementRepository(),
    inputs: new DayInputsRepository(),
    measure: new RewardMeasureRepository(),
    split: new RewardSplitRepository(),
    check: new IndependentCheckRepository(),
    credits: new CreditRepository(),
    journal: new JournalRepository(),
    books: new ReconciliationRepository(),
    logIndexes: new LogIndexRepository(),
    folds: new RewardFoldRepository(),
    limits,
    reach: parts.reach ?? faultPoint,
  };
}
