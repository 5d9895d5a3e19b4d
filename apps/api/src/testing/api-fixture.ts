import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database, TokenSeedRepository } from '@app/database';
import { createLogger, HealthChecks, Metrics, openTestDatabase, Secret } from '@app/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { parse, stringify } from 'yaml';
import { createApi } from '../create-api.js';

export const CORE_KEY = 'test-core-key';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into whatever came
  readonly json: any;
}

export interface Call {
  /** A string or bytes go out as they are; anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** The product's own catalogue with one token of it: what these tests say of BNB stays true however many are listed. */
function catalogueOfBnb(): string {
  const text = readFileSync(join(process.cwd(), 'config/tokens.yaml'), 'utf8');
  const catalogue = parse(text, { schema: 'core' }) as { tokens: Record<string, unknown> };
  return stringify({ ...catalogue, tokens: { BNB: catalogue.tokens['BNB'] } }, { schema: 'core' });
}

/** A database with the catalogue and one or more API instances on it; the clock stands where the test puts it. */
export class ApiFixture {
  private readonly instances: { app: NestFastifyApplication; database: Database }[] = [];

  private constructor(
    private readonly url: string,
    private readonly dropDatabase: () => Promise<void>,
    readonly database: Database,
    readonly clock: { at: Date; now(): Promise<Date> },
  ) {}

  static async open(name: string, now = '2026-03-10T12:00:00.000Z'): Promise<ApiFixture> {
    const test = await openTestDatabase(name);
    const database = await Database.open(test.url, { poolSize: 4 });
    await database.migrate();
    await new TokenSeedRepository(database).seed(catalogueOfBnb());
    const clock = {
      at: new Date(now),
      now() {
        return Promise.resolve(this.at);
      },
    };
    const fixture = new ApiFixture(test.url, () => test.drop(), database, clock);
    await fixture.addInstance();
    return fixture;
  }

  async addInstance(): Promise<NestFastifyApplication> {
    const database = await Database.open(this.url, { poolSize: 6 });
    const health = new HealthChecks().add('database', async () => void (await database.rows('SELECT 1')));
    const app = await createApi(
      { database, clock: this.clock, metrics: new Metrics({ app: 'api' }), health },
      {
        coreKey: new Secret(CORE_KEY),
        logger: createLogger({ app: 'api', level: process.env['TEST_LOG'] ?? 'silent' }),
      },
    );
    this.instances.push({ app, database });
    return app;
  }

  app(index = 0): NestFastifyApplication {
    return this.instances[index]!.app;
  }

  async call(method: string, url: string, call: Call = {}, instance = 0): Promise<Answer> {
    const { body } = call;
    const raw = typeof body === 'string' || Buffer.isBuffer(body);
    const headers: Record<string, string> = { authorization: `Bearer ${CORE_KEY}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    for (const [name, value] of Object.entries(call.headers ?? {})) {
      if (value === undefined) delete headers[name];
      else headers[name] = value;
    }
    const response = await this.app(instance).inject({
      method: method as 'GET',
      url,
      headers,
      ...(body === undefined ? {} : { payload: raw ? body : JSON.stringify(body) }),
    });
    const type = String(response.headers['content-type'] ?? '');
    const json: unknown = type.includes('json') ? response.json() : undefined;
    return { status: response.statusCode, type, headers: response.headers, text: response.body, json };
  }

  /** Objects become NDJSON lines. */
  feed(lines: readonly (object | string)[], instance = 0): Promise<Answer> {
    const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)) + '\n').join('');
    return this.call(
      'POST',
      '/v1/spot-events',
      { body, headers: { 'content-type': 'application/x-ndjson' } },
      instance,
    );
  }

  rows<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.database.rows<Row>(sql, values);
  }

  /** Everything stored, as one text: equal before and after a refused call. */
  async contents(): Promise<string> {
    const tables = await this.rows<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
         AND NOT relispartition ORDER BY relname`,
    );
    const parts: string[] = [];
    for (const { name } of tables) {
      const [row] = await this.rows<{ n: string; hash: string | null }>(
        `SELECT count(*) AS n, md5(string_agg(t::text, '\n' ORDER BY t::text)) AS hash FROM "${name}" t`,
      );
      parts.push(`${name} ${row?.n} ${row?.hash}`);
    }
    return parts.join('\n');
  }

  async close(): Promise<void> {
    for (const { app, database } of this.instances) {
      await app.close();
      await database.close();
    }
    await this.database.close();
    await this.dropDatabase();
  }
}

/** A feed line about BNB; `delta` null makes it a snapshot. */
export function line(
  seq: number,
  user: string,
  at: string,
  delta: string | null,
  free: string,
  more: Readonly<Record<string, unknown>> = {},
) {
  return {
    shard: 0,
    seq,
    user,
    token: 'BNB',
    at,
    ...(delta === null ? {} : { delta }),
    free,
    locked: '0',
    cause: delta === null ? 'snapshot' : 'trade',
    ...more,
  };
}

export function endOfDay(seq: number, day: string, shard = 0) {
  return { shard, seq, endOfDay: day };
}
