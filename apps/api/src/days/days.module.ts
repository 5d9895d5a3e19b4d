import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { DaysController } from './days.controller.js';
import { DaysService } from './days.service.js';

@Module({ imports: [TokensModule], controllers: [DaysController], providers: [DaysService] })
export class DaysModule {}
