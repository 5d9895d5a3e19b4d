import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { PricesController } from './prices.controller.js';
import { PricesService } from './prices.service.js';

@Module({ imports: [TokensModule], controllers: [PricesController], providers: [PricesService] })
export class PricesModule {}
