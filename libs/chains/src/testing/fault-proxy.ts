import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface ProxiedCall {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Result or error of one call, as it goes over the wire. */
export type ProxiedAnswer = Record<string, unknown>;

/** What a bad endpoint does. */
export type FaultKind =
  /** Cuts the connection before anything is passed on. */
  | 'refuse'
  /** Passes the request on, then cuts the connection: it has happened, and nobody is told. */
  | 'drop-after-accept'
  | 'delay'
  /** Passes the request on twice. */
  | 'duplicate'
  | 'rate-limit'
  | 'html'
  | 'empty'
  | 'no-json'
  /** Valid JSON, far above any sensible size. */
  | 'huge'
  /** Answers under an id that was not asked. */
  | 'wrong-id'
  /** A batch's answers in the opposite order, each under its right id: allowed by the protocol. */
  | 'reorder'
  /** A batch with one answer missing. */
  | 'lose-one'
  /** A batch's first two ids exchanged: well-formed, and wrong. */
  | 'swap-ids'
  /** An error in a 200. */
  | 'error'
  /** The given change of calls or answers: stale or frozen heights, altered values. */
  | 'alter';

export interface Fault {
  readonly kind: FaultKind;
  /** Only requests with one of these methods; all if absent. */
  readonly methods?: readonly string[];
  /** So many requests, then healthy again; for ever if absent. */
  readonly times?: number;
  readonly delayMs?: number;
  readonly error?: { readonly code: number; readonly message: string };
  readonly alterCall?: (call: ProxiedCall) => ProxiedCall;
  readonly alterResult?: (call: ProxiedCall, result: unknown) => unknown;
}

/** An HTTP server in front of any JSON-RPC endpoint that misbehaves on request, and tells nobody. */
export class FaultProxy {
  private readonly server: Server;
  private fault: Fault | null = null;
  private left = 0;
  private port = 0;
  /** Methods of all calls seen, in order. */
  readonly seen: string[] = [];

  private constructor(private readonly upstream: string) {
    this.server = createServer((req, res) => {
      this.serve(req, res).catch(() => res.destroy());
    });
    // Only the fault that was asked for: no kept connection closed in the moment in which it is used again.
    this.server.keepAliveTimeout = 600_000;
  }

  static async start(upstream: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream);
    await new Promise<void>((resolve, reject) => {
      proxy.server.once('error', reject);
      proxy.server.listen(0, '127.0.0.1', resolve);
    });
    const address = proxy.server.address();
    proxy.port = typeof address === 'object' && address !== null ? address.port : 0;
    return proxy;
  }

  /** With a path that looks like a provider's key, so that a test can see whether it leaks. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/v3/not-to-be-shown-0123456789abcdef`;
  }

  misbehave(fault: Fault): void {
    this.fault = fault;
    this.left = fault.times ?? Number.POSITIVE_INFINITY;
  }

  behave(): void {
    this.fault = null;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private take(calls: readonly ProxiedCall[]): Fault | null {
    const fault = this.fault;
    if (fault === null || this.left <= 0) return null;
    if (fault.methods !== undefined && !calls.some((call) => fault.methods?.includes(call.method))) return null;
    this.left -= 1;
    return fault;
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const parsed = JSON.parse((await readAll(req)).toString('utf8')) as ProxiedCall | ProxiedCall[];
    const calls = Array.isArray(parsed) ? parsed : [parsed];
    this.seen.push(...calls.map((call) => call.method));
    const fault = this.take(calls);
    if (fault !== null && answeredAtOnce(fault, calls, Array.isArray(parsed), req, res)) return;
    if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1_000).unref());
    const altered = calls.map((call) => fault?.alterCall?.(call) ?? call);
    const body = JSON.stringify(Array.isArray(parsed) ? altered : altered[0]);
    const text = await post(this.upstream, body);
    if (fault?.kind === 'duplicate') await post(this.upstream, body);
    if (fault?.kind === 'drop-after-accept') return void req.socket.destroy();
    send(res, 200, fault === null ? text : JSON.stringify(spoil(JSON.parse(text), calls, fault)));
  }
}

function answeredAtOnce(
  fault: Fault,
  calls: readonly ProxiedCall[],
  batch: boolean,
  req: IncomingMessage,
  res: ServerResponse,
): boolean {
  switch (fault.kind) {
    case 'refuse':
      req.socket.destroy();
      return true;
    case 'rate-limit':
      send(res, 429, 'slow down');
      return true;
    case 'html':
      send(res, 200, '<html><body>Welcome to the provider</body></html>');
      return true;
    case 'empty':
      send(res, 200, '');
      return true;
    case 'no-json':
      send(res, 200, '{"jsonrpc":"2.0","id":1,"result":');
      return true;
    case 'huge':
      send(res, 200, JSON.stringify({ jsonrpc: '2.0', id: 1, result: 'f'.repeat(4 * 1024 * 1024) }));
      return true;
    case 'error': {
      const error = fault.error ?? { code: -32000, message: 'internal error' };
      const answers = calls.map((call) => ({ jsonrpc: '2.0', id: call.id, error }));
      send(res, 200, JSON.stringify(batch ? answers : answers[0]));
      return true;
    }
    default:
      return false;
  }
}

function spoil(answer: unknown, calls: readonly ProxiedCall[], fault: Fault): unknown {
  const batch = Array.isArray(answer);
  const answers = (batch ? answer : [answer]) as ProxiedAnswer[];
  const { alterResult } = fault;
  if (alterResult !== undefined) {
    for (const one of answers) {
      const call = calls.find(({ id }) => id === one['id']);
      if (call !== undefined && 'result' in one) one['result'] = alterResult(call, one['result']);
    }
  }
  const [first, second] = answers;
  if (fault.kind === 'wrong-id' && first !== undefined) first['id'] = Number(first['id']) + 1_000_000;
  if (!batch) return first;
  if (fault.kind === 'reorder') answers.reverse();
  if (fault.kind === 'lose-one') answers.shift();
  if (fault.kind === 'swap-ids' && first !== undefined && second !== undefined) {
    [first['id'], second['id']] = [second['id'], first['id']];
  }
  return answers;
}

function send(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const out = request(url, { method: 'POST', headers, agent: false }, (answer) => {
      readAll(answer).then((bytes) => resolve(bytes.toString('utf8')), reject);
    });
    out.on('error', reject);
    out.end(body);
  });
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
