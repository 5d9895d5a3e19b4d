import { Agent, request } from 'node:http';

/** The node answered with an error object. `data` carries revert bytes when a call reverted. */
export class JsonRpcError extends Error {
  constructor(
    readonly method: string,
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(`${method}: ${message}`);
    this.name = 'JsonRpcError';
  }
}

interface Answer {
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

/** A bare JSON-RPC caller over one kept-alive connection, in order: what a replay of hundreds of blocks needs. */
export class JsonRpc {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  private nextId = 1;

  constructor(
    private readonly port: number,
    private readonly timeoutMs = 20_000,
  ) {}

  async call<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: this.nextId++, method, params });
    const answer = JSON.parse(await this.post(body)) as Answer;
    if (answer.error) throw new JsonRpcError(method, answer.error.code, answer.error.message, answer.error.data);
    return answer.result as T;
  }

  close(): void {
    this.agent.destroy();
  }

  private post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const req = request(
        { host: '127.0.0.1', port: this.port, method: 'POST', path: '/', headers, agent: this.agent },
        (res) => {
          const parts: Buffer[] = [];
          res.on('data', (part: Buffer) => parts.push(part));
          res.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
          res.on('error', reject);
        },
      );
      req.setTimeout(this.timeoutMs, () => req.destroy(new Error(`no answer from anvil in ${this.timeoutMs} ms`)));
      req.on('error', reject);
      req.end(body);
    });
  }
}
