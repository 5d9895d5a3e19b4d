import { Body, Controller, Param, Put, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { instantText, userId } from '../http/fields.js';
import { refused } from '../http/problems.js';
import { UsersService } from './users.service.js';

const BODY = z.strictObject({
  region: z
    .string({ error: 'REGION_FORMAT: a region is a code such as "DE"' })
    .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'REGION_FORMAT: a region is a code such as "DE" or "US-NY"')
    .meta({ example: 'DE' }),
  owner: userId.optional().meta({ description: 'who several accounts belong to; the cap is theirs together (R10)' }),
  status: z.enum(['active', 'banned', 'closed'], { error: 'STATUS: is active, banned or closed' }),
  at: instantText,
});

@ApiTags('Users')
@Controller('v1/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Put(':user')
  @ApiOperation({ summary: 'Tell of a user: region, status, owner. Repeating it changes nothing' })
  async put(
    @Param('user', { schema: userId }) user: string,
    @Body({ schema: BODY }) body: z.output<typeof BODY>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const outcome = await this.users.store({ user, ...body, owner: body.owner ?? null });
    if (outcome.kind === 'outdated')
      throw refused(409, 'USER_OUTDATED', `told otherwise as of ${outcome.toldAt.toISOString()}`);
    reply.status(outcome.isNew ? 201 : 200);
    return outcome.user;
  }
}
