import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

export const STUB_SECRET = `whsec_${Buffer.from('a secret for tests of settlement').toString('base64')}`;

interface Booked {
  readonly id: string;
  readonly user: string;
  readonly token: string;
  readonly amount: string;
  readonly kind: string;
  readonly day: string;
}

interface PostedBatch {
  readonly batch: string;
  readonly token: string;
  readonly day: string;
  readonly count: number;
  readonly total: string;
  readonly credits: readonly {
    readonly id: string;
    readonly user: string;
    readonly amount: string;
    readonly kind: string;
  }[];
}

export type StubFault =
  'drop-after-credit' | 'drop-before-credit' | 'hang' | '500' | 'half' | 'wrong-total' | 'garbage';

/** The core's side of the credit contract over real HTTP, with the ways in which it can go wrong. */
export class StubCore {
  readonly booked = new Map<string, Booked>();
  readonly posts: PostedBatch[] = [];
  /** How often each id arrived in a POST. */
  readonly arrivals = new Map<string, number>();
  readonly asked: string[] = [];
  readonly rejects = new Map<string, string>();
  /** Applied to the next POSTs, one each. */
  readonly faults: StubFault[] = [];
  pageSize = 3;
  /** How long an answer to a batch takes after it was booked. */
  slowMs = 0;
  private readonly webhook = new Webhook(STUB_SECRET);
  private constructor(private readonly server: Server) {}

  static async start(): Promise<StubCore> {
    const server = createServer();
    const core = new StubCore(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      core.answer(request, response).catch((error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return core;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (request.method === 'POST' && url.pathname === '/credits') return this.post(request, response);
    if (url.pathname === '/credits') return this.list(url, response);
    const id = decodeURIComponent(url.pathname.replace(/^\/credits\//, ''));
    this.asked.push(id);
    const found = this.booked.get(id);
    if (found) return json(response, 200, { ...found, creditedAt: '2026-11-20T00:00:01.000Z' });
    response.setHeader('content-type', 'application/problem+json');
    response.statusCode = 404;
    response.end('{"code":"CREDIT_UNKNOWN"}');
  }

  private async post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    this.webhook.verify(body, request.headers as Record<string, string>);
    const batch = JSON.parse(body) as PostedBatch;
    this.posts.push(batch);
    const fault = this.faults.shift();
    if (fault === '500') return json(response, 500, { code: 'INTERNAL' });
    if (fault === 'hang') return;
    if (fault === 'drop-before-credit') return void request.socket.destroy();
    const credits = fault === 'half' ? batch.credits.slice(0, Math.ceil(batch.credits.length / 2)) : batch.credits;
    const results = credits.map((credit) => this.book(batch, credit));
    if (this.slowMs > 0) await pause(this.slowMs);
    if (fault === 'drop-after-credit') return void request.socket.destroy();
    if (fault === 'garbage') return void response.end('<html>');
    const total = fault === 'wrong-total' ? '0.00000001' : batch.total;
    json(response, 200, { results, count: batch.count, total });
  }

  private book(batch: PostedBatch, credit: PostedBatch['credits'][number]): Record<string, string> {
    this.arrivals.set(credit.id, (this.arrivals.get(credit.id) ?? 0) + 1);
    const reason = this.rejects.get(credit.user);
    if (reason !== undefined) return { id: credit.id, status: 'rejected', reason };
    const known = this.booked.get(credit.id);
    if (known) {
      return known.amount === credit.amount && known.user === credit.user
        ? { id: credit.id, status: 'duplicate' }
        : { id: credit.id, status: 'rejected', reason: 'ID_CONFLICT' };
    }
    this.booked.set(credit.id, { ...credit, token: batch.token, day: batch.day });
    return { id: credit.id, status: 'credited' };
  }

  private list(url: URL, response: ServerResponse): void {
    const after = url.searchParams.get('cursor') ?? '';
    const items = [...this.booked.values()]
      .filter((one) => one.day === url.searchParams.get('day') && one.token === url.searchParams.get('token'))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .filter((one) => one.id > after);
    const page = items.slice(0, this.pageSize);
    const next = items.length > page.length ? (page.at(-1)?.id ?? null) : null;
    json(response, 200, {
      items: page.map(({ id, user, amount, kind }) => ({ id, user, amount, kind, creditedAt: '' })),
      next,
    });
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
