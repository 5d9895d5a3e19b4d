import { Body, Controller, Get, Module, Param, Post, StandardSchemaValidationPipe } from '@nestjs/common';
import { ForbiddenException, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { connect } from 'node:net';
import { z } from 'zod';
import { fastifyProblemOptions, ProblemFilter } from './problem.filter.js';
import { problemFromError, problemFromIssues, problemFromSchema } from './problem-from-error.js';
import { Problem } from './problem.js';
import { RouteTable } from './route-table.js';

const Order = z.strictObject({
  amount: z.string().superRefine((text, context) => {
    if (!/^\d+$/.test(text))
      context.addIssue({ code: 'custom', message: 'is not an amount', params: { code: 'AMOUNT_FORMAT' } });
  }),
  lines: z.array(z.strictObject({ user: z.string() })).optional(),
});

@Controller()
class ShopController {
  @Post('orders')
  order(@Body({ schema: Order }) body: unknown): unknown {
    return body;
  }

  @Get('orders/:id')
  find(@Param('id') id: string): unknown {
    if (id === 'gone') throw new NotFoundException('order gone is not here');
    if (id === 'busy') {
      throw new Problem({ status: 409, code: 'ORDER_BUSY', detail: 'wait', headers: { 'retry-after': '3' } });
    }
    if (id === 'zod') Order.parse({});
    throw new Error(`duplicate key value: insert into secrets values ('hunter2')`);
  }
}

@Module({ controllers: [ShopController] })
class ShopModule {}

describe('ProblemFilter on a real Fastify application', () => {
  let app: NestFastifyApplication;
  const logged: unknown[] = [];
  const log = { error: (...args: unknown[]) => void logged.push(args), warn: () => undefined };

  beforeAll(async () => {
    const testing = await Test.createTestingModule({ imports: [ShopModule] }).compile();
    const adapter = new FastifyAdapter({ bodyLimit: 1_000, ...fastifyProblemOptions(log) });
    const routes = new RouteTable(adapter.getInstance());
    app = testing.createNestApplication<NestFastifyApplication>(adapter, { logger: false });
    app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: problemFromSchema }));
    app.useGlobalFilters(new ProblemFilter(log, routes));
    await app.listen(0, '127.0.0.1');
  });

  afterAll(() => app?.close());

  async function ask(method: 'GET' | 'POST' | 'PUT', url: string, payload?: string, type = 'application/json') {
    const answer = await app.inject({
      method,
      url,
      ...(payload === undefined ? {} : { payload, headers: { 'content-type': type } }),
    });
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    const body = JSON.parse(answer.body) as Record<string, unknown>;
    expect(body).toMatchObject({
      type: 'about:blank',
      status: answer.statusCode,
      instance: expect.stringMatching(/^urn:request:./),
    });
    expect(typeof body['title']).toBe('string');
    expect(answer.body).not.toMatch(/\bat .*:\d+:\d+|node_modules/);
    return { body, headers: answer.headers };
  }

  it('lets good requests through', async () => {
    const answer = await app.inject({ method: 'POST', url: '/orders', payload: { amount: '1' } });
    expect(answer.statusCode).toBe(201);
  });

  it.each([
    ['broken JSON', '{"a":', 'application/json', 400, 'JSON_SYNTAX'],
    ['empty body', '', 'application/json', 400, 'BODY_MISSING'],
    ['wrong content type', '<a/>', 'application/xml', 415, 'CONTENT_TYPE'],
    ['too large', JSON.stringify({ amount: '1'.repeat(2_000) }), 'application/json', 413, 'BODY_TOO_LARGE'],
    ['own code of the one wrong field', '{"amount":"1e18"}', 'application/json', 400, 'AMOUNT_FORMAT'],
    ['unknown field', '{"amount":"1","amuont":"2"}', 'application/json', 400, 'UNKNOWN_FIELD'],
    ['a number', '{"amount":1}', 'application/json', 400, 'INVALID'],
    ['an array where an object is due', '[]', 'application/json', 400, 'INVALID'],
    ['prototype keys', '{"amount":"1","__proto__":{"x":1}}', 'application/json', 400, 'JSON_SYNTAX'],
  ])('%s', async (_name, payload, type, status, code) => {
    const { body } = await ask('POST', '/orders', payload, type);
    expect([body['status'], body['code']]).toEqual([status, code]);
  });

  it('points at the field', async () => {
    const { body } = await ask('POST', '/orders', '{"amount":"1","lines":[{"user":"a"},{"usr":"b"}]}');
    expect(body['errors']).toEqual([
      expect.objectContaining({ pointer: '/lines/1/user', code: 'INVALID' }),
      { pointer: '/lines/1/usr', code: 'UNKNOWN_FIELD', message: 'is not a known field' },
    ]);
  });

  it('answers 404, and 405 with Allow for a path known with another verb', async () => {
    expect((await ask('GET', '/nowhere')).body).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    const { body, headers } = await ask('PUT', '/orders/1?x=1');
    expect(body).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(headers['allow']).toBe('GET, HEAD');
    expect((await ask('GET', '/orders/gone')).body).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  it('answers undecodable URLs', async () => {
    expect((await ask('GET', '/orders/%ZZ')).body).toMatchObject({ status: 400, code: 'URL_INVALID' });
  });

  it('passes on the status, code and headers of a Problem, and of a schema error thrown in code', async () => {
    const { body, headers } = await ask('GET', '/orders/busy');
    expect(body).toMatchObject({ status: 409, code: 'ORDER_BUSY', detail: 'wait', title: 'Conflict' });
    expect(headers['retry-after']).toBe('3');
    expect((await ask('GET', '/orders/zod')).body).toMatchObject({ status: 400, code: 'INVALID' });
  });

  it('says nothing about an unknown error and logs it under the request id', async () => {
    logged.length = 0;
    const { body } = await ask('GET', '/orders/1');
    expect(body).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(JSON.stringify(body)).not.toMatch(/insert|hunter2|duplicate/);
    expect(logged).toHaveLength(1);
    expect(JSON.stringify(logged)).toContain(String(body['instance']).replace('urn:request:', ''));
  });

  it('answers what is not HTTP', async () => {
    const { port } = app.getHttpServer().address() as { port: number };
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'),
      );
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.on('end', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"REQUEST_INVALID"/);
  });
});

describe('problemFromError', () => {
  it('takes the status of an error only between 400 and 499', () => {
    expect(problemFromError(Object.assign(new Error('x'), { statusCode: 429 }))).toMatchObject({
      status: 429,
      code: 'TOO_MANY_REQUESTS',
    });
    expect(problemFromError(Object.assign(new Error('x'), { statusCode: 200 }))).toMatchObject({
      status: 500,
      code: 'INTERNAL',
    });
    for (const odd of [undefined, null, 'text', 7]) expect(problemFromError(odd)).toMatchObject({ status: 500 });
  });

  it('shows the text of a framework error below 500 and never from 500 on', () => {
    expect(problemFromError(new ForbiddenException('terms first'))).toMatchObject({
      status: 403,
      detail: 'terms first',
    });
    const down = problemFromError(new ServiceUnavailableException('connect to postgres://db failed'));
    expect(down).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    expect(down.detail).not.toContain('postgres');
  });

  it('says 503, not 500, while the database is away, and what a caller may do', () => {
    const away = [
      Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }),
      Object.assign(new Error('terminating connection'), { code: '57P01', name: 'QueryFailedError' }),
      Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', name: 'QueryFailedError' }),
      new Error('Connection terminated unexpectedly'),
    ];
    for (const error of away) {
      expect(problemFromError(error)).toMatchObject({
        status: 503,
        code: 'UNAVAILABLE',
        headers: { 'retry-after': '1' },
      });
    }
    // The same word from a caller whose upload broke off is the caller's.
    expect(problemFromError(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))).toMatchObject({
      status: 400,
    });
  });

  it('limits the items and says so', () => {
    const issues = Array.from({ length: 150 }, (_, index) => ({ message: 'bad', path: [index] }));
    const problem = problemFromIssues(issues);
    expect(problem.errors).toHaveLength(100);
    expect(problem.detail).toContain('the first 100 of 150');
  });

  it('escapes pointers and takes a prefix for query parameters', () => {
    expect(problemFromIssues([{ message: 'bad', path: ['a/b', 'c~d'] }]).errors[0]?.pointer).toBe('/a~1b/c~0d');
    expect(problemFromIssues([{ message: 'bad', path: [{ key: 'day' }] }], '?').errors[0]?.pointer).toBe('?day');
  });
});
