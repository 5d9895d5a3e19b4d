import { Agent, request as httpRequest } from 'node:http';
import { quantile, round } from '../measure/statistics.js';

export interface ApiCall {
  readonly name: string;
  readonly method: 'GET' | 'PUT';
  /** The n-th request of this call. */
  readonly path: (n: number) => string;
  readonly body?: (n: number) => unknown;
}

export interface CallFigures {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  /** The first answer that was no success, to see what went wrong. */
  readonly firstError?: string;
}

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly requests: number;
}

/**
 * So many requests over so many kept connections, each sending its next one when it has its answer: bounded work, and
 * never more under way than connections. It runs on the cores it measures, which is part of the figure.
 */
export async function putLoad(load: Load, call: ApiCall, from = 0): Promise<CallFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const latencies: number[] = [];
  let errors = 0;
  let firstError: string | undefined;
  let next = from;
  const end = from + load.requests;
  const connection = async (): Promise<void> => {
    while (next < end) {
      const n = next;
      next += 1;
      const start = performance.now();
      const answer = await send(load, agent, call, n);
      latencies.push(performance.now() - start);
      if (answer.status >= 200 && answer.status < 300) continue;
      errors += 1;
      firstError ??= `${call.method} ${call.path(n)}: ${answer.status} ${answer.text.slice(0, 200)}`;
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: load.connections }, connection));
  const took = (performance.now() - start) / 1000;
  agent.destroy();
  return {
    requests: load.requests,
    requestsPerSecond: Math.round(load.requests / took),
    p50Ms: round(quantile(latencies, 0.5), 1),
    p99Ms: round(quantile(latencies, 0.99), 1),
    errors,
    ...(firstError === undefined ? {} : { firstError }),
  };
}

/** One request. A connection that breaks is an answer with status 0. */
export function send(
  load: Pick<Load, 'url' | 'headers'>,
  agent: Agent,
  call: ApiCall,
  n: number,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body(n));
    const request = httpRequest(
      `${load.url}${call.path(n)}`,
      {
        method: call.method,
        agent,
        headers: { ...load.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.once('error', (error) => resolve({ status: 0, text: error.message }));
    request.end(body);
  });
}
