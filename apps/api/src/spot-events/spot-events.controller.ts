import { Readable } from 'node:stream';
import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Problem } from '@app/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NDJSON } from '../http/body-parsers.js';
import { BODY_SPOT_LINE, RESPONSE_FEED } from './spot-events.schema.js';
import { SpotStreamService, type FeedAnswer } from './spot-stream.service.js';

const DISCARD_MS = 5_000;

@ApiTags('Spot feed')
@Controller('v1/spot-events')
export class SpotEventsController {
  constructor(private readonly stream: SpotStreamService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Balance events and end-of-day marks, one JSON object a line',
    description:
      'Exactly once by (shard, seq): resending is safe. Lines are stored in batches of 1,000 to 10,000; a refused line undoes its batch only, and the problem says how far the stream got. 202: a shard has a hole; send again from `expected`.',
  })
  @ApiConsumes('application/x-ndjson')
  @ApiBody({ schema: BODY_SPOT_LINE })
  @ApiResponse({ status: 200, description: 'all stored', schema: RESPONSE_FEED })
  @ApiResponse({ status: 202, description: 'stored up to a hole in a shard (R26)', schema: RESPONSE_FEED })
  async take(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<FeedAnswer> {
    const answer = await this.stream.ingest(streamOf(request)).finally(() => stopListeningLater(request));
    if (answer.gaps) reply.status(202);
    return answer;
  }
}

/** A refused upload may still be coming: it is read on and thrown away for a while, so that the answer can be read. */
function stopListeningLater({ raw }: FastifyRequest): void {
  if (raw.complete) return;
  raw.resume();
  const timer = setTimeout(() => raw.destroy(), DISCARD_MS).unref();
  raw.once('end', () => clearTimeout(timer));
}

/** A body of no bytes never reaches the parser; it is a feed without lines. */
function streamOf(request: FastifyRequest): Readable {
  const body = request.body as Readable | undefined;
  if (typeof body?.pipe === 'function') return body;
  if (body === undefined && request.headers['content-type']?.startsWith(NDJSON)) return Readable.from([]);
  throw new Problem({ status: 415, code: 'CONTENT_TYPE', detail: `send ${NDJSON}` });
}
