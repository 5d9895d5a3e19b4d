import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastifyProblemOptions, ProblemFilter, RouteTable, type Logger, type Secret } from '@app/platform';
import { ApiModule } from './api.module.js';
import type { ApiWorld } from './database.module.js';
import { serveDocs } from './docs/serve-docs.js';
import { registerBodyParsers } from './http/body-parsers.js';
import { validationPipe } from './http/validation.js';

const BODY_LIMIT = 1_048_576;
const HEADERS_MS = 15_000;

/** The API as a Nest application, ready to listen or to be injected into by tests. */
export async function createApi(
  world: ApiWorld,
  options: { readonly coreKey: Secret; readonly logger: Logger },
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    ...fastifyProblemOptions(options.logger),
    bodyLimit: BODY_LIMIT,
    // Ids of 64 characters can be 768 bytes in a path; too long ones deserve the same clear answer as odd ones.
    routerOptions: { maxParamLength: 4_096 },
    // A stream of balance events has no length and no end time; silence ends it (see read-lines.ts).
    requestTimeout: 0,
    forceCloseConnections: 'idle',
  });
  const fastify = adapter.getInstance();
  fastify.server.headersTimeout = HEADERS_MS;
  const routes = new RouteTable(fastify);
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.of(world, options.coreKey), adapter, {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  registerBodyParsers(fastify as never);
  app.useGlobalFilters(new ProblemFilter(options.logger, routes));
  app.useGlobalPipes(validationPipe());
  serveDocs(app);
  await app.init();
  await fastify.ready();
  return app;
}
