import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthChecks, Metrics, type HealthReport } from '@app/platform';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/public.decorator.js';

@ApiTags('Operation')
@Public()
@Controller()
export class HealthController {
  constructor(
    private readonly checks: HealthChecks,
    private readonly figures: Metrics,
  ) {}

  @Get('health/live')
  @ApiOperation({ summary: 'The process answers' })
  live() {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'It can serve: the database answers and it is not shutting down; else 503' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.checks.report();
    reply.status(report.status === 'ok' ? 200 : 503);
    return report;
  }

  @Get('metrics')
  @ApiOperation({ summary: 'Figures in the Prometheus text format' })
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    const text = await this.figures.render();
    await reply.type(this.figures.contentType).send(text);
  }
}
