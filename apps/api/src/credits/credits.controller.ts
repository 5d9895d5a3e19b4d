import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { CREDIT_STATES } from '@app/database';
import { utcDay } from '@app/staking-core';
import { z } from 'zod';
import { cursor, day, limit, tokenName } from '../http/fields.js';
import { tokenUnknown } from '../http/problems.js';
import { CreditsService } from './credits.service.js';

const LIST = z.strictObject({
  day,
  token: tokenName.optional(),
  state: z.enum(CREDIT_STATES, { error: `STATE: is one of ${CREDIT_STATES.join(', ')}` }).optional(),
  cursor: cursor.optional(),
  limit: limit.optional(),
});

@ApiTags('Credits')
@Controller('v1/credits')
export class CreditsController {
  constructor(private readonly credits: CreditsService) {}

  @Get()
  @ApiOperation({ summary: 'Credits of one day, for a core that prefers to pull' })
  async list(@Query({ schema: LIST }) query: z.output<typeof LIST>) {
    const { token, state } = query;
    const asked = { day: utcDay(query.day), token, state, cursor: query.cursor, limit: query.limit ?? 100 };
    const outcome = await this.credits.page(asked);
    if (outcome.kind === 'token-unknown') throw tokenUnknown(token ?? '', outcome.known, 422);
    return { items: outcome.items, next: outcome.next };
  }
}
