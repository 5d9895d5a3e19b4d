import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logger.js';
import { PROBLEM_CODES } from './problem-codes.js';
import { problemFromError } from './problem-from-error.js';
import { Problem, PROBLEM_CONTENT_TYPE } from './problem.js';
import type { RouteTable } from './route-table.js';

type ErrorLog = Pick<Logger, 'error' | 'warn'>;

/**
 * Answers every error as `application/problem+json`, without stack or SQL; 5xx are logged in full under the request
 * id that the answer shows as `instance`.
 *
 * `app.useGlobalFilters(new ProblemFilter(logger, routeTable))`
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: ErrorLog,
    private readonly routes?: RouteTable,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    sendProblem(error, request, reply, this.log, this.routes);
  }
}

/** The same for errors that Fastify meets before any route, see `fastifyProblemOptions`. */
function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: ErrorLog,
  routes?: RouteTable,
): void {
  const problem = withAllow(problemFromError(error), request, routes);
  if (problem.status >= 500) {
    log.error(
      { err: error, requestId: request.id, method: request.method, route: request.routeOptions?.url },
      problem.code,
    );
  }
  if (reply.sent || reply.raw.headersSent) {
    // A streamed answer broke half-way: the only honest signal left is to cut the connection.
    reply.raw.destroy();
    return;
  }
  void reply
    .status(problem.status)
    .headers({ ...problem.headers, 'cache-control': 'no-store' })
    .type(PROBLEM_CONTENT_TYPE)
    // Serialised here: a route's response schema must not reshape an error.
    .send(JSON.stringify(problem.toDetails(`urn:request:${request.id}`)));
}

function withAllow(problem: Problem, request: FastifyRequest, routes: RouteTable | undefined): Problem {
  if (problem.status !== 404 || problem.code !== 'NOT_FOUND' || !routes) return problem;
  const methods = routes.methodsFor(request.url);
  if (methods.length === 0 || methods.includes(request.method)) return problem;
  return new Problem({
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    detail: `${request.method} is not possible here; possible: ${methods.join(', ')}`,
    headers: { allow: methods.join(', ') },
  });
}

/**
 * Options for `new FastifyAdapter({...fastifyProblemOptions(logger)})`: URLs that cannot be decoded and requests that
 * are not HTTP are answered as problem+json too, although they never reach a route or a Nest filter.
 */
export function fastifyProblemOptions(log: ErrorLog) {
  return {
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
      sendProblem(error, request, reply, log),
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: import('node:net').Socket): void => {
      if (error.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy();
        return;
      }
      const [status, code] =
        error.code === 'HPE_HEADER_OVERFLOW'
          ? ([431, 'REQUEST_INVALID'] as const)
          : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
            ? ([408, 'REQUEST_TIMEOUT'] as const)
            : ([400, 'REQUEST_INVALID'] as const);
      const problem = new Problem({ status, code, detail: PROBLEM_CODES[code] });
      const body = JSON.stringify(problem.toDetails('urn:request:none'));
      socket.end(
        `HTTP/1.1 ${status} ${problem.title}\r\nContent-Type: ${PROBLEM_CONTENT_TYPE}\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  };
}
