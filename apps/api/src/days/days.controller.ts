import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { utcDay } from '@app/staking-core';
import { z } from 'zod';
import { day } from '../http/fields.js';
import { refused } from '../http/problems.js';
import { DaysService } from './days.service.js';

const NO_QUERY = z.strictObject({});

@ApiTags('Days')
@Controller('v1/days')
export class DaysController {
  constructor(private readonly days: DaysService) {}

  @Get(':day')
  @ApiOperation({ summary: 'What one day earned, distributed and left over, per token' })
  async get(@Param('day', { schema: day }) ofDay: string, @Query({ schema: NO_QUERY }) _query: object) {
    const outcome = await this.days.day(utcDay(ofDay));
    if (outcome.kind === 'out-of-range') {
      throw refused(400, 'DATE_RANGE', `days run from ${outcome.first} to ${outcome.last}`, ':day');
    }
    return { day: outcome.day, tokens: outcome.tokens };
  }
}
