import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { SpotEventsController } from './spot-events.controller.js';
import { SpotFeedService } from './spot-feed.service.js';
import { SpotStreamService } from './spot-stream.service.js';

@Module({
  imports: [TokensModule],
  controllers: [SpotEventsController],
  providers: [SpotFeedService, SpotStreamService],
})
export class SpotEventsModule {}
