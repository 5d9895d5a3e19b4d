import { Module } from '@nestjs/common';
import { TokenService } from './token.service.js';
import { TokensController } from './tokens.controller.js';

@Module({ controllers: [TokensController], providers: [TokenService], exports: [TokenService] })
export class TokensModule {}
