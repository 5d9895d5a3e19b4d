import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { utcDay } from '@app/staking-core';
import { z } from 'zod';
import { checkDays, dayRangeFields } from '../http/day-range.js';
import { tokenName } from '../http/fields.js';
import { tokenUnknown } from '../http/problems.js';
import { TokenService } from './token.service.js';

const APR_QUERY = z.strictObject(dayRangeFields).superRefine(checkDays);
const NO_QUERY = z.strictObject({});

@ApiTags('Tokens')
@Controller('v1/tokens')
export class TokensController {
  constructor(private readonly tokens: TokenService) {}

  @Get()
  @ApiOperation({ summary: 'Catalogue: limits in force, trailing rate, status' })
  list(@Query({ schema: NO_QUERY }) _query: object) {
    return this.tokens.catalogue();
  }

  @Get(':token/apr')
  @ApiOperation({ summary: 'What was paid as a yearly rate: of each day, and of the seven days up to it (R30)' })
  async apr(
    @Param('token', { schema: tokenName }) name: string,
    @Query({ schema: APR_QUERY }) query: z.output<typeof APR_QUERY>,
  ) {
    const found = await this.tokens.find(name);
    if ('known' in found) throw tokenUnknown(name, found.known, 404);
    return this.tokens.apr(found.token, query.from ? utcDay(query.from) : null, query.to ? utcDay(query.to) : null);
  }
}
