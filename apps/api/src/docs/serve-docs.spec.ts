import { ApiFixture } from '../testing/api-fixture.js';

describe('the API documents itself', () => {
  let api: ApiFixture;
  beforeAll(async () => {
    api = await ApiFixture.open('docs');
  });
  afterAll(() => api.close());

  it('serves an OpenAPI 3.1 document with every route of the flow', async () => {
    const answer = await api.call('GET', '/openapi.json', { headers: { authorization: undefined } });
    expect(answer.status).toBe(200);
    expect(answer.json.openapi).toBe('3.1.0');
    const routes = Object.entries<object>(answer.json.paths).flatMap(([path, item]) =>
      Object.keys(item).map((verb) => `${verb.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(
      [
        'GET /health/live',
        'GET /health/ready',
        'GET /metrics',
        'GET /v1/credits',
        'GET /v1/days/{day}',
        'GET /v1/tokens',
        'GET /v1/tokens/{token}/apr',
        'GET /v1/users/{user}/participation',
        'GET /v1/users/{user}/pending',
        'GET /v1/users/{user}/rewards',
        'GET /v1/users/{user}/rewards/{token}/{day}/explain',
        'POST /v1/prices',
        'POST /v1/spot-events',
        'PUT /v1/users/{user}',
        'PUT /v1/users/{user}/participation',
        'PUT /v1/users/{user}/tokens/{token}',
      ].sort(),
    );
  });

  it('describes bodies and parameters from the schemas that check them', async () => {
    const { json } = await api.call('GET', '/openapi.json');
    const put = json.paths['/v1/users/{user}'].put;
    const body = put.requestBody.content['application/json'].schema;
    expect(body.required).toEqual(['region', 'status', 'at']);
    expect(body.additionalProperties).toBe(false);
    expect(body.properties.status.enum).toEqual(['active', 'banned', 'closed']);
    const names = json.paths['/v1/credits'].get.parameters.map((one: { name: string }) => one.name);
    expect(names).toEqual(['day', 'token', 'state', 'cursor', 'limit']);
    expect(json.paths['/v1/spot-events'].post.requestBody.content).toHaveProperty(['application/x-ndjson']);
  });

  it('refers only to things the document has', async () => {
    const { json, text } = await api.call('GET', '/openapi.json');
    for (const [, reference] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = reference!
        .split('/')
        .reduce<Record<string, unknown> | undefined>(
          (value, part) => value?.[part] as Record<string, unknown> | undefined,
          json,
        );
      expect([reference, found !== undefined]).toEqual([reference, true]);
    }
    for (const item of Object.values<Record<string, { responses: object }>>(json.paths)) {
      for (const operation of Object.values(item)) expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
    }
  });

  it('shows a page that needs no other host', async () => {
    const page = await api.call('GET', '/docs', { headers: { authorization: undefined } });
    expect(page.status).toBe(200);
    expect(page.type).toContain('text/html');
    const addresses = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(addresses.length).toBeGreaterThan(3);
    for (const address of addresses) {
      expect(address).not.toMatch(/^(https?:)?\/\//);
      const file = await api.call('GET', new URL(address, 'http://host/docs').pathname);
      expect([address, file.status]).toEqual([address, 200]);
    }
  });
});
