import { Problem } from '@app/platform';
import type { FastifyRequest } from 'fastify';

/** The request's JSON; 400 JSON_SYNTAX when it is none. */
export function jsonBody(request: FastifyRequest): unknown {
  if (typeof request.body !== 'string' || request.body === '') {
    throw new Problem({ status: 400, code: 'BODY_MISSING', detail: 'a JSON body is needed' });
  }
  try {
    return JSON.parse(request.body) as unknown;
  } catch {
    throw new Problem({ status: 400, code: 'JSON_SYNTAX', detail: 'the body is not JSON' });
  }
}
