import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { checkDays, dayRangeFields } from '../http/day-range.js';
import { cursor, day, limit, tokenName, userId } from '../http/fields.js';
import { refused, tokenUnknown, userUnknown } from '../http/problems.js';
import { ExplainService } from './explain.service.js';
import { PendingService } from './pending.service.js';
import { RewardListService } from './reward-list.service.js';

const LIST = z
  .strictObject({ token: tokenName.optional(), ...dayRangeFields, cursor: cursor.optional(), limit: limit.optional() })
  .superRefine(checkDays);
const NO_QUERY = z.strictObject({});
const ARCHIVED = { log: 'LOG_ARCHIVED', rewards: 'REWARDS_ARCHIVED' } as const;

@ApiTags('Rewards')
@Controller('v1/users/:user')
export class RewardsController {
  constructor(
    private readonly list: RewardListService,
    private readonly explainer: ExplainService,
    private readonly pendings: PendingService,
  ) {}

  @Get('rewards')
  @ApiOperation({ summary: 'Rewards of a user, newest day first; `next` is the cursor of the next page' })
  async rewards(
    @Param('user', { schema: userId }) user: string,
    @Query({ schema: LIST }) query: z.output<typeof LIST>,
  ) {
    const { token, from, to } = query;
    const outcome = await this.list.page({ user, token, from, to, cursor: query.cursor, limit: query.limit ?? 100 });
    if (outcome.kind === 'user-unknown') throw userUnknown();
    if (outcome.kind === 'token-unknown') throw tokenUnknown(token ?? '', outcome.known, 422, '/token');
    return { items: outcome.items, next: outcome.next };
  }

  @Get('rewards/:token/:day/explain')
  @ApiOperation({ summary: 'Everything needed to recompute one reward by hand (R33)' })
  async explain(
    @Param('user', { schema: userId }) user: string,
    @Param('token', { schema: tokenName }) token: string,
    @Param('day', { schema: day }) ofDay: string,
  ) {
    const outcome = await this.explainer.explain(user, token, ofDay);
    if (outcome.kind === 'user-unknown') throw userUnknown();
    if (outcome.kind === 'token-unknown') throw tokenUnknown(token, outcome.known, 404);
    if (outcome.kind === 'not-settled')
      throw refused(404, 'NOT_SETTLED', `${ofDay} is not split yet: ${outcome.state}`);
    if (outcome.kind === 'archived') {
      const { subject, day: missing } = outcome;
      throw refused(
        410,
        ARCHIVED[subject],
        `the ${subject} of ${missing} lies in an archive and has to be restored first`,
      );
    }
    return outcome.explanation;
  }

  @Get('pending')
  @ApiOperation({ summary: "Today's average so far and an estimate at the last paid rate (R34)" })
  async pending(@Param('user', { schema: userId }) user: string, @Query({ schema: NO_QUERY }) _query: object) {
    const pending = await this.pendings.of(user);
    if (!pending) throw userUnknown();
    return pending;
  }
}
