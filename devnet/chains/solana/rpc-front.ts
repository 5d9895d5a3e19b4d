import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { ACCOUNT_METHODS } from './rpc-accounts.js';
import { BLOCK_METHODS } from './rpc-blocks.js';
import { SENDING_METHODS } from './rpc-sending.js';
import { RpcError } from './rpc-types.js';
import type { SolanaChain } from './solana-chain.js';

const METHODS = { ...BLOCK_METHODS, ...ACCOUNT_METHODS, ...SENDING_METHODS };
const MAX_REQUEST_BYTES = 1024 * 1024;

/** JSON-RPC over HTTP on loopback, as a Solana node serves it; batches too. */
export class RpcFront {
  private readonly server: Server;
  private port = 0;

  private constructor(private readonly chain: SolanaChain) {
    this.server = createServer((req, res) => {
      this.serve(req, res).catch(() => res.destroy());
    });
  }

  static async listen(chain: SolanaChain, port: number): Promise<RpcFront> {
    const front = new RpcFront(chain);
    await new Promise<void>((resolve, reject) => {
      front.server.once('error', reject);
      front.server.listen(port, '127.0.0.1', resolve);
    });
    const address = front.server.address();
    front.port = typeof address === 'object' && address !== null ? address.port : 0;
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of req) {
      size += (chunk as Buffer).length;
      if (size > MAX_REQUEST_BYTES) return void res.writeHead(413).end();
      chunks.push(chunk as Buffer);
    }
    let asked: unknown;
    try {
      asked = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch {
      return send(res, { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } });
    }
    if (!Array.isArray(asked)) return send(res, await this.answer(asked));
    const answers: unknown[] = [];
    for (const one of asked) answers.push(await this.answer(one));
    send(res, answers);
  }

  private async answer(asked: unknown): Promise<unknown> {
    const { id = null, method, params } = (asked ?? {}) as { id?: unknown; method?: unknown; params?: unknown };
    const answer = { jsonrpc: '2.0', id };
    const run = typeof method === 'string' && Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    if (run === undefined) return { ...answer, error: { code: -32601, message: 'Method not found' } };
    try {
      return { ...answer, result: await run(this.chain, Array.isArray(params) ? params : []) };
    } catch (error) {
      if (error instanceof RpcError) {
        return { ...answer, error: { code: error.code, message: error.message, data: error.data } };
      }
      return { ...answer, error: { code: -32603, message: `Internal error: ${(error as Error).message}` } };
    }
  }
}

/** Lamports go over the wire as plain numbers of any length, as a node writes them. */
function send(res: ServerResponse, answer: unknown): void {
  const text = JSON.stringify(answer, (_, value: unknown) => (typeof value === 'bigint' ? `@atom:${value}@` : value));
  res.writeHead(200, { 'content-type': 'application/json' }).end(text.replaceAll(/"@atom:(-?\d+)@"/g, '$1'));
}
