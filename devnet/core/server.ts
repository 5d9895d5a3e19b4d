import { timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { fastifyProblemOptions, Problem, problemFromError, PROBLEM_CONTENT_TYPE, type Logger } from '@app/platform';
import { creditRoutes } from './credit-routes.js';
import { devRoutes, type OpeningDefaults } from './dev-routes.js';
import { Faults } from './faults.js';
import type { SampleCore } from './sample-core.js';

export interface ServerOptions {
  readonly devKey: string;
  /** `whsec_…`, what the staking service signs its credit batches with. */
  readonly webhookSecret: string;
  readonly log: Logger;
  readonly defaults: OpeningDefaults;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** The HTTP face of the core; not listening yet. */
export function createServer(core: SampleCore, options: ServerOptions): FastifyInstance {
  const { log } = options;
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    // A credit id that is too long for the router would look like a credit that was never made.
    routerOptions: { maxParamLength: 2_000 },
    forceCloseConnections: true,
    ...fastifyProblemOptions(log),
  });
  // Signatures cover the body's bytes, so routes get the text and parse it themselves.
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error, request, reply) => answerProblem(error, request, reply, log));
  server.setNotFoundHandler((request, reply) => {
    const detail = `${request.method} ${request.url.split('?', 1)[0]} is not a call of this core`;
    return answerProblem(new Problem({ status: 404, code: 'NOT_FOUND', detail }), request, reply, log);
  });

  const faults = new Faults();
  server.get('/health/live', () => ({ status: 'ok' }));
  server.get('/health/ready', async () => {
    await core.pool.query('SELECT 1');
    return { status: 'ok' };
  });
  creditRoutes(server, core, faults, options.webhookSecret);
  devRoutes(server, core, faults, bearerGuard(options.devKey), options.defaults);
  return server;
}

function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  const problem = problemFromError(error);
  if (problem.status >= 500) log.error({ err: error, method: request.method, url: request.url }, problem.code);
  void reply
    .status(problem.status)
    .headers(problem.headers)
    .type(PROBLEM_CONTENT_TYPE)
    .send(JSON.stringify(problem.toDetails(`urn:request:${request.id}`)));
}

function bearerGuard(key: string) {
  const wanted = Buffer.from(`Bearer ${key}`);
  return async (request: FastifyRequest): Promise<void> => {
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
    const headers = { 'www-authenticate': 'Bearer' };
    throw new Problem({
      status: 401,
      code: 'UNAUTHENTICATED',
      detail: 'the development verbs need the development key',
      headers,
    });
  };
}
