import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Line {
  readonly shard: number;
  readonly seq: number;
  readonly user?: string;
  readonly token?: string;
  readonly at?: string;
  readonly delta?: string;
  readonly free?: string;
  readonly locked?: string;
  readonly cause?: string;
  readonly endOfDay?: string;
}

/** What the stub does with the next POST /v1/spot-events. */
export type FeedTrick = 'lose-answer' | 'take-half-and-lose-answer' | 'status-503' | 'gap' | 'conflict';

/**
 * Stands in for the staking service in this folder's specs: the documented calls, a gapless watermark per shard, and
 * a record of what it was told. It keeps lines once, by (shard, seq), and notices one that comes back changed.
 */
export class RecordingService {
  readonly lines = new Map<number, string[]>();
  readonly calls: { method: string; path: string; body: Record<string, unknown> }[] = [];
  readonly tricks: FeedTrick[] = [];
  readonly changedLines: string[] = [];
  /** In the order things came: a call's path and time, or the mark of a closed day. */
  readonly order: string[] = [];
  feedRequests = 0;
  duplicates = 0;
  private readonly regions = new Map<string, string>();
  private readonly server = createServer((request, response) => void this.receive(request, response));

  async start(): Promise<string> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  parsed(shard: number): Line[] {
    return (this.lines.get(shard) ?? []).map((text) => JSON.parse(text) as Line);
  }

  allLines(): Line[] {
    return [...this.lines.keys()].sort().flatMap((shard) => this.parsed(shard));
  }

  /** As after a restore of this service from an older backup. */
  forgetAfter(shard: number, seq: number): void {
    this.lines.set(shard, (this.lines.get(shard) ?? []).slice(0, seq));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    if (request.headers.authorization !== 'Bearer dev-core-key')
      return reply(response, 401, { code: 'UNAUTHENTICATED' });
    if (request.url === '/v1/spot-events') return this.receiveFeed(request, response, text);
    const body = JSON.parse(text) as Record<string, unknown>;
    const user = /^\/v1\/users\/([^/]+)/.exec(request.url ?? '')?.[1] ?? '';
    this.calls.push({ method: request.method!, path: request.url!, body });
    this.order.push(`${request.url} ${String(body['at'])}`);
    if (typeof body['region'] === 'string') this.regions.set(user, body['region']);
    if (body['active'] === true && this.regions.get(user) === 'US') {
      return reply(response, 403, { code: 'REGION', detail: 'not in this region' });
    }
    reply(response, 200, {});
  }

  private receiveFeed(request: IncomingMessage, response: ServerResponse, text: string): void {
    this.feedRequests += 1;
    const trick = this.tricks.shift();
    const lines = text.trimEnd().split('\n');
    if (trick === 'status-503') return reply(response, 503, { code: 'UNAVAILABLE' });
    if (trick === 'conflict') return reply(response, 409, { code: 'SEQ_CONFLICT', detail: 'other content' });
    const taken = trick === 'take-half-and-lose-answer' || trick === 'gap' ? lines.slice(0, lines.length >> 1) : lines;
    const { shard } = JSON.parse(lines[0]!) as Line;
    const before = this.duplicates;
    const known = this.lines.get(shard)?.length ?? 0;
    const first = (JSON.parse(lines[0]!) as Line).seq;
    if (first > known + 1) {
      const gaps = [{ shard, expected: known + 1, got: first }];
      return reply(response, 202, {
        accepted: 0,
        duplicates: 0,
        shards: [{ shard, seq: known, closedDay: null }],
        gaps,
      });
    }
    for (const line of taken) this.take(line);
    if (trick === 'lose-answer' || trick === 'take-half-and-lose-answer') return void request.socket.destroy();
    const seq = this.lines.get(shard)?.length ?? 0;
    const answer = {
      accepted: taken.length,
      duplicates: this.duplicates - before,
      shards: [{ shard, seq, closedDay: null }],
    };
    if (trick === 'gap') return reply(response, 202, { ...answer, gaps: [{ shard, expected: seq + 1, got: seq + 2 }] });
    reply(response, 200, answer);
  }

  private take(text: string): void {
    const { shard, seq, endOfDay } = JSON.parse(text) as Line;
    const kept = this.lines.get(shard) ?? [];
    this.lines.set(shard, kept);
    if (seq <= kept.length) {
      this.duplicates += 1;
      if (kept[seq - 1] !== text) this.changedLines.push(text);
      return;
    }
    kept.push(text);
    if (endOfDay !== undefined) this.order.push(`end of ${endOfDay}`);
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
