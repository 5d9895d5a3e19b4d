import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { ExplainService } from './explain.service.js';
import { PendingService, PendingWorld } from './pending.service.js';
import { RewardListService } from './reward-list.service.js';
import { RewardsController } from './rewards.controller.js';
import { TakingPartReader } from './taking-part.reader.js';

@Module({
  imports: [TokensModule],
  controllers: [RewardsController],
  providers: [ExplainService, PendingService, PendingWorld, RewardListService, TakingPartReader],
})
export class RewardsModule {}
