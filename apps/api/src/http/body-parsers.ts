import type { IncomingMessage } from 'node:http';
import { Problem } from '@app/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseStrictJson } from './strict-json.js';

export const NDJSON = 'application/x-ndjson';
/** The only route that streams; everywhere else a line format is the wrong content type. */
const NDJSON_ROUTE = '/v1/spot-events';

/**
 * What bodies this server takes: strict JSON in UTF-8, and NDJSON as a stream that is read as fast as it is stored.
 * Everything else is 415. Bodies are never inflated, so nothing small can become large.
 */
export function registerBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRequest', (request, _reply, done) => {
    done(refuseEncoding(request));
  });
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseStrictJson(decodeUtf8(body as Buffer)));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addContentTypeParser(NDJSON, (request, payload: IncomingMessage, done) => {
    const taken = request.routeOptions.url === NDJSON_ROUTE;
    done(taken ? null : new Problem({ status: 415, code: 'CONTENT_TYPE', detail: 'send application/json' }), payload);
  });
}

function refuseEncoding(request: FastifyRequest): Problem | undefined {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return new Problem({ status: 415, code: 'CONTENT_ENCODING', detail: 'bodies are taken uncompressed only' });
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    return new Problem({ status: 415, code: 'CONTENT_TYPE', detail: 'text is UTF-8; another charset is not taken' });
  }
  return undefined;
}

/** @throws Problem 400 BODY_INVALID for bytes that are not UTF-8; a byte order mark stays and is then not JSON. */
export function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Problem({ status: 400, code: 'BODY_INVALID', detail: 'the body is not UTF-8' });
  }
}
