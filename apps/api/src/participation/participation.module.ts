import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { ParticipationController } from './participation.controller.js';
import { ParticipationService } from './participation.service.js';
import { StandingService } from './standing.service.js';
import { TokenSwitchService } from './token-switch.service.js';

@Module({
  imports: [TokensModule],
  controllers: [ParticipationController],
  providers: [ParticipationService, StandingService, TokenSwitchService],
})
export class ParticipationModule {}
