import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { CreditsController } from './credits.controller.js';
import { CreditsService } from './credits.service.js';

@Module({ imports: [TokensModule], controllers: [CreditsController], providers: [CreditsService] })
export class CreditsModule {}
