import http from 'node:http';
import https from 'node:https';

import { ChainError } from '../chain-error.js';
import type { ChainName } from '../chain-adapter.js';

export interface HttpPostOptions {
  readonly url: string;
  readonly chain: ChainName;
  /** How the endpoint is called in errors. Never its URL: providers put the key into it. */
  readonly label: string;
  /** For the whole exchange: connect, send, last byte. */
  readonly timeoutMs: number;
  /** An answer longer than this is cut off and refused. */
  readonly maxAnswerBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * POSTs JSON to one endpoint over kept-alive connections. Redirects are not followed, answers are size-capped, and
 * nothing here retries. Throws `UNREACHABLE`, `TIMEOUT` or `BAD_ANSWER`; an abort throws the signal's own reason.
 */
export class HttpPost {
  private readonly target: URL;
  private readonly agent: http.Agent;

  constructor(private readonly options: HttpPostOptions) {
    this.target = new URL(options.url);
    if (this.target.protocol !== 'http:' && this.target.protocol !== 'https:') {
      throw new ChainError('REFUSED', options.chain, `${options.label}: an RPC URL starts with http:// or https://`);
    }
    const settings = { keepAlive: true, maxSockets: 8, keepAliveMsecs: 10_000 };
    this.agent = this.target.protocol === 'https:' ? new https.Agent(settings) : new http.Agent(settings);
  }

  send(body: string, signal: AbortSignal): Promise<HttpAnswer> {
    signal.throwIfAborted();
    return new Promise<HttpAnswer>((resolve, reject) => {
      const request = this.open(body);
      const end = (finish: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        finish();
      };
      const fail = (error: unknown): void =>
        end(() => {
          reject(error);
          request.destroy();
        });
      const timer = setTimeout(
        () => fail(this.error('TIMEOUT', `no answer in ${this.options.timeoutMs} ms`)),
        this.options.timeoutMs,
      );
      const onAbort = (): void => fail(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      request.on('error', (cause: NodeJS.ErrnoException) => fail(this.error('UNREACHABLE', cause.code ?? 'I/O error')));
      request.on('response', (answer) => {
        this.collect(answer).then((text) => end(() => resolve({ status: answer.statusCode ?? 0, text })), fail);
      });
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private open(body: string): http.ClientRequest {
    const make = this.target.protocol === 'https:' ? https.request : http.request;
    return make(this.target, {
      method: 'POST',
      agent: this.agent,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        accept: 'application/json',
      },
    });
  }

  private async collect(answer: http.IncomingMessage): Promise<string> {
    const parts: Buffer[] = [];
    let size = 0;
    try {
      for await (const part of answer as AsyncIterable<Buffer>) {
        size += part.length;
        if (size > this.options.maxAnswerBytes) {
          throw this.error('BAD_ANSWER', `the answer is longer than ${this.options.maxAnswerBytes} bytes`);
        }
        parts.push(part);
      }
    } catch (error) {
      if (error instanceof ChainError) throw error;
      throw this.error('UNREACHABLE', 'the connection ended in the middle of the answer');
    }
    const bytes = Buffer.concat(parts);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw this.error('BAD_ANSWER', 'the answer is not UTF-8');
    }
  }

  private error(code: 'UNREACHABLE' | 'TIMEOUT' | 'BAD_ANSWER', detail: string): ChainError {
    return new ChainError(code, this.options.chain, `${this.options.label}: ${detail}`);
  }
}
