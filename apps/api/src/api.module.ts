import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import type { Secret } from '@app/platform';
import { BearerGuard } from './auth/bearer.guard.js';
import { CreditsModule } from './credits/credits.module.js';
import { DatabaseModule, type ApiWorld } from './database.module.js';
import { DaysModule } from './days/days.module.js';
import { HealthModule } from './health/health.module.js';
import { ParticipationModule } from './participation/participation.module.js';
import { PricesModule } from './prices/prices.module.js';
import { RewardsModule } from './rewards/rewards.module.js';
import { SpotEventsModule } from './spot-events/spot-events.module.js';
import { TokensModule } from './tokens/tokens.module.js';
import { UsersModule } from './users/users.module.js';

@Module({})
export class ApiModule {
  static of(world: ApiWorld, coreKey: Secret): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        DatabaseModule.of(world),
        UsersModule,
        ParticipationModule,
        TokensModule,
        SpotEventsModule,
        PricesModule,
        RewardsModule,
        DaysModule,
        CreditsModule,
        HealthModule,
      ],
      providers: [
        {
          provide: APP_GUARD,
          useFactory: (reflector: Reflector) => new BearerGuard(reflector, coreKey),
          inject: [Reflector],
        },
      ],
    };
  }
}
