import { Module } from '@nestjs/common';
import { DaySummaryRepository, TokenRepository } from '@app/database';
import { PaidRates } from './paid-rates.js';
import { TokenCatalogue } from './token-catalogue.js';
import { TokenService } from './token.service.js';
import { TokensController } from './tokens.controller.js';

@Module({
  controllers: [TokensController],
  providers: [
    TokenService,
    {
      provide: TokenCatalogue,
      useFactory: (tokens: TokenRepository) => new TokenCatalogue(tokens),
      inject: [TokenRepository],
    },
    {
      provide: PaidRates,
      useFactory: (days: DaySummaryRepository) => new PaidRates(days),
      inject: [DaySummaryRepository],
    },
  ],
  exports: [TokenService],
})
export class TokensModule {}
