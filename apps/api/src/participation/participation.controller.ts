import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Problem } from '@app/platform';
import { instant } from '@app/staking-core';
import { z } from 'zod';
import { instantText, switchValue, tokenName, userId } from '../http/fields.js';
import { refused, tokenUnknown, userUnknown } from '../http/problems.js';
import { ParticipationService, type SwitchAnswer } from './participation.service.js';
import { StandingService } from './standing.service.js';
import { TokenSwitchService } from './token-switch.service.js';

const SWITCH = z.strictObject({
  active: switchValue,
  at: instantText,
  termsVersion: z.string().min(1).max(64).optional().meta({ description: 'the terms accepted; needed to switch on' }),
  evidence: z.record(z.string(), z.unknown()).optional().meta({ description: 'kept with the consent as it is' }),
});
const TOKEN_SWITCH = z.strictObject({ enabled: switchValue });

@ApiTags('Participation')
@Controller('v1/users/:user')
export class ParticipationController {
  constructor(
    private readonly participation: ParticipationService,
    private readonly standing: StandingService,
    private readonly tokenSwitch: TokenSwitchService,
  ) {}

  @Put('participation')
  @ApiOperation({ summary: 'Switch on (counts from the next 00:00) or off (counts at that millisecond); R3-R5' })
  async put(@Param('user', { schema: userId }) user: string, @Body({ schema: SWITCH }) body: z.output<typeof SWITCH>) {
    const { active, at, termsVersion = null, evidence } = body;
    const answer = await this.participation.switch({ user, active, atMs: instant(at), termsVersion, evidence });
    if (answer.kind !== 'done') throw problemOf(answer);
    return this.get(user);
  }

  @Get('participation')
  @ApiOperation({ summary: 'State, tag (R12), and per token why it earns or not (R32)' })
  async get(@Param('user', { schema: userId }) user: string) {
    const standing = await this.standing.of(user);
    if (!standing) throw userUnknown();
    return standing;
  }

  @Put('tokens/:token')
  @ApiOperation({ summary: 'Switch one token off or on again (R3)' })
  async putToken(
    @Param('user', { schema: userId }) user: string,
    @Param('token', { schema: tokenName }) name: string,
    @Body({ schema: TOKEN_SWITCH }) body: z.output<typeof TOKEN_SWITCH>,
  ) {
    const outcome = await this.tokenSwitch.set(user, name, body.enabled);
    if (outcome.kind === 'user-unknown') throw userUnknown();
    if (outcome.kind === 'token-unknown') throw tokenUnknown(name, outcome.known, 404);
    return { user, token: outcome.token, enabled: body.enabled };
  }
}

const STATUS = {
  TERMS_VERSION: 422,
  REGION: 403,
  USER_BANNED: 403,
  USER_CLOSED: 403,
  SWITCH_OUT_OF_ORDER: 409,
  SWITCH_CONFLICT: 409,
} as const;

function problemOf(answer: Exclude<SwitchAnswer, { kind: 'done' }>): Problem {
  switch (answer.kind) {
    case 'user-unknown':
      return userUnknown();
    case 'at-refused':
      return refused(422, answer.code, answer.detail, '/at');
    case 'refused':
      return refused(STATUS[answer.code], answer.code, answer.detail);
  }
}
