import { Global, Module, type DynamicModule } from '@nestjs/common';
import {
  AccountRepository,
  BalanceReadingRepository,
  CreditListRepository,
  Database,
  DayPartitionRepository,
  DaySummaryRepository,
  ParticipationRepository,
  PriceRepository,
  RewardHistoryRepository,
  SpotFeedRepository,
  TakingPartRepository,
  TokenRepository,
} from '@app/database';
import { HealthChecks, Metrics, type Clock as ClockPort } from '@app/platform';
import { Clock } from './clock.js';

const REPOSITORIES = [
  AccountRepository,
  BalanceReadingRepository,
  CreditListRepository,
  DayPartitionRepository,
  DaySummaryRepository,
  PriceRepository,
  RewardHistoryRepository,
  TakingPartRepository,
  TokenRepository,
];

/** What the process is given from outside: made once in main.ts (or by a test) and injected by class. */
export interface ApiWorld {
  readonly database: Database;
  readonly clock: ClockPort;
  readonly metrics: Metrics;
  readonly health: HealthChecks;
}

@Global()
@Module({})
export class DatabaseModule {
  static of(world: ApiWorld): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        { provide: Database, useValue: world.database },
        { provide: Clock, useValue: world.clock },
        { provide: Metrics, useValue: world.metrics },
        { provide: HealthChecks, useValue: world.health },
        { provide: SpotFeedRepository, useFactory: () => new SpotFeedRepository() },
        { provide: ParticipationRepository, useFactory: () => new ParticipationRepository() },
        ...REPOSITORIES.map((Repository) => ({
          provide: Repository,
          useFactory: (db: Database) => new Repository(db),
          inject: [Database],
        })),
      ],
      exports: [Database, Clock, Metrics, HealthChecks, SpotFeedRepository, ParticipationRepository, ...REPOSITORIES],
    };
  }
}
