import { createServer, request } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a node answered to each call, by the call's own text. */
export type Exchanges = Record<string, { readonly result: unknown } | { readonly error: unknown }>;

export interface RecordedDays {
  readonly about: string;
  readonly chainId: string;
  readonly account: string;
  /** The first cut, bigints as text. */
  readonly from: { readonly height: string; readonly hash: string; readonly timeMs: string };
  /** Our own transactions, as they were signed. */
  readonly signed: readonly { readonly bytes: string; readonly txid: string }[];
  readonly exchanges: Exchanges;
  /** What the adapter made of it when it was recorded, bigints as text. */
  readonly expected: unknown;
}

export const RECORDED_DAYS = path.join('libs', 'chains', 'src', 'cosmos', 'recorded', 'real-node-days.json');

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: unknown;
}

const keyOf = (call: Call): string => `${call.method} ${JSON.stringify(call.params)}`;

interface Endpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Passes everything on to a node and keeps the answers in `into`. */
export function recorder(upstream: string, into: Exchanges): Promise<Endpoint> {
  return serve(async (body) => {
    const answer = await post(upstream, body);
    const calls = [JSON.parse(body) as Call | Call[]].flat();
    for (const one of [JSON.parse(answer) as Record<string, unknown>].flat()) {
      const call = calls.find(({ id }) => id === one['id']);
      if (call === undefined) continue;
      into[keyOf(call)] = 'error' in one ? { error: one['error'] } : { result: one['result'] };
    }
    return answer;
  });
}

/** A node that knows nothing but what was recorded; what was not asked then is an error now. */
export function replay(from: Exchanges): Promise<Endpoint> {
  return serve((body) => {
    const asked = JSON.parse(body) as Call | Call[];
    const answers = [asked].flat().map((call) => {
      const known = from[keyOf(call)] ?? { error: { code: -32603, message: `not recorded: ${keyOf(call)}` } };
      return { jsonrpc: '2.0', id: call.id, ...known };
    });
    // As CometBFT does: a batch of one is answered without the list.
    return Promise.resolve(JSON.stringify(answers.length === 1 ? answers[0] : answers));
  });
}

export function readRecordedDays(): RecordedDays {
  return JSON.parse(readFileSync(RECORDED_DAYS, 'utf8')) as RecordedDays;
}

export function writeRecordedDays(recorded: RecordedDays): void {
  writeFileSync(RECORDED_DAYS, `${JSON.stringify(recorded, null, 1)}\n`);
}

/** Bigints as text, as the file has them. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)));
}

function serve(answer: (body: string) => Promise<string>): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    const server = createServer((req, res) => {
      let body = '';
      req.on('data', (part: Buffer) => (body += part.toString('utf8')));
      req.on('end', () => {
        answer(body).then(
          (text) => res.writeHead(200, { 'content-type': 'application/json' }).end(text),
          () => res.destroy(),
        );
      });
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed());
          server.closeAllConnections();
        });
      resolve({ url: `http://127.0.0.1:${port}`, close });
    });
  });
}

function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const out = request(url, { method: 'POST', headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => (text += part.toString('utf8')));
      answer.on('end', () => resolve(text));
    });
    out.on('error', reject);
    out.end(body);
  });
}
