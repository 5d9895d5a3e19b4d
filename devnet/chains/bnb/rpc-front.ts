import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Heights that `finalized` and `safe` are held at while finality is stalled. */
export interface FrozenTags {
  readonly finalized: number;
  readonly safe: number;
}

/** After this long a request counts as lost, so that it cannot keep the gate from closing. */
const UPSTREAM_MS = 20_000;

type Call = { id?: unknown; method?: unknown; params?: unknown };

/**
 * Methods that would change the chain behind the record's back: a replay could not repeat them. They are for the
 * driver only. The reads among them are let through.
 */
const REFUSED = /^(evm_|anvil_|hardhat_|tenderly_|debug_set|miner_|eth_sendTransaction$|eth_sendUnsignedTransaction$)/;

/**
 * The RPC endpoint that clients get. It hands requests on to anvil byte for byte, and does three things anvil cannot:
 * - it lets nobody look while the driver mines and records (`exclusively`), so that a block is on disk before it is
 *   seen, and a reorg happens in one instant;
 * - it holds the `finalized` and `safe` tags (`freeze`), as when fast finality stalls;
 * - it goes down on request (`down`), as an endpoint does.
 */
export class RpcFront {
  frozen: FrozenTags | undefined;
  down = false;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly server: Server;
  private gate: Promise<void> = Promise.resolve();
  private inFlight = 0;
  private drained: (() => void) | undefined;
  /** Where anvil listens now; it changes when anvil is started again. */
  upstreamPort = 0;

  constructor() {
    this.server = createServer((req, res) => {
      this.serve(req, res).catch(() => res.destroy());
    });
    this.server.keepAliveTimeout = 30_000;
  }

  /** Resolves to the port; rejects with EADDRINUSE when it is taken. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', () => {
        const address = this.server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Runs `work` while every request waits outside; first lets those already under way end. One at a time. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const before = this.gate;
    let open = (): void => undefined;
    const turn = new Promise<void>((resolve) => (open = resolve));
    this.gate = before.then(() => turn);
    await before;
    if (this.inFlight > 0) await new Promise<void>((resolve) => (this.drained = resolve));
    try {
      return await work();
    } finally {
      open();
    }
  }

  close(): Promise<void> {
    this.agent.destroy();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (this.down) return void req.socket.destroy();
    const body = await readAll(req);
    for (let gate = this.gate; ; gate = this.gate) {
      await gate;
      if (gate === this.gate) break; // another exclusive turn may have queued up behind this one
    }
    if (req.method !== 'POST') return void res.writeHead(405).end();
    let call: Call | Call[];
    try {
      call = JSON.parse(body.toString('utf8')) as Call | Call[];
    } catch {
      return void json(res, failure(null, -32700, 'parse error'));
    }
    const refused = (Array.isArray(call) ? call : [call]).find((one) => REFUSED.test(String(one?.method)));
    if (refused) return void json(res, failure(refused.id, -32601, `${String(refused.method)} is for the driver only`));
    await this.forward(this.frozen ? Buffer.from(JSON.stringify(pinTags(call, this.frozen))) : body, res);
  }

  private forward(body: Buffer, res: ServerResponse): Promise<void> {
    this.inFlight++;
    return new Promise<void>((resolve) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      const options = {
        host: '127.0.0.1',
        port: this.upstreamPort,
        method: 'POST',
        path: '/',
        headers,
        agent: this.agent,
      };
      const upstream = request(options, (answer) => {
        res.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' });
        answer.on('error', () => res.destroy());
        answer.on('close', resolve);
        answer.pipe(res);
      });
      upstream.setTimeout(UPSTREAM_MS, () => upstream.destroy());
      upstream.on('error', () => {
        if (!res.headersSent) res.writeHead(503);
        res.end();
        resolve();
      });
      upstream.end(body);
    }).finally(() => {
      if (--this.inFlight === 0) this.drained?.();
    });
  }
}

/** Puts the held heights in the place of the two tags, wherever in the parameters they stand (logs, calls, blocks). */
export function pinTags(value: unknown, frozen: FrozenTags): unknown {
  if (value === 'finalized') return `0x${frozen.finalized.toString(16)}`;
  if (value === 'safe') return `0x${frozen.safe.toString(16)}`;
  if (Array.isArray(value)) return value.map((one) => pinTags(one, frozen));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === 'id' ? one : pinTags(one, frozen)]),
  );
}

function failure(id: unknown, code: number, message: string): object {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message } };
}

function json(res: ServerResponse, body: object): void {
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
