import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';

const VERSION = '0.1.0';

/** `GET /openapi.json` (3.1) and the page at `/docs`, whose files come from the installed package: no other host. */
export function serveDocs(app: NestFastifyApplication): void {
  const document = openApiOf(app);
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Soft Staking API',
  });
}

export function openApiOf(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Soft Staking')
    .setDescription(
      'Amounts are decimal strings in whole tokens, times ISO-8601 UTC with milliseconds, days YYYY-MM-DD. Errors are application/problem+json with a stable `code`.',
    )
    .setVersion(VERSION)
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'development: dev-core-key' }, 'core')
    .addSecurityRequirements('core')
    .addGlobalResponse({
      status: '4XX' as never,
      description: 'refused; nothing is stored',
      content: { 'application/problem+json': { schema: PROBLEM } },
    })
    .build();
  return SwaggerModule.createDocument(app, config, { standardSchemaConverter: toJsonSchema as never });
}

/** zod writes its own JSON Schema; what a caller sends is the input side. */
function toJsonSchema(schema: unknown, options: { schemaType: 'input' | 'output' }) {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: options.schemaType, unrepresentable: 'any' });
  return { schema: rest };
}

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'instance'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'stable' },
    detail: { type: 'string' },
    instance: { type: 'string', description: 'the request id, also in our log' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'message'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};
