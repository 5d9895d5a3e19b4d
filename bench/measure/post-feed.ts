import { request as httpRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ApiProcess } from './api-process.js';

export interface FeedAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly late: number;
  readonly quarantined: number;
  readonly gaps?: unknown;
}

/** One request with lines of the feed. 202 says that a hole was found: what is before it was taken. */
export async function postFeed(api: Pick<ApiProcess, 'url' | 'headers'>, body: Readable): Promise<FeedAnswer> {
  const request = httpRequest(`${api.url}/v1/spot-events`, {
    method: 'POST',
    headers: { ...api.headers, 'content-type': 'application/x-ndjson' },
  });
  const answered = new Promise<FeedAnswer>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 200 || response.statusCode === 202) resolve(JSON.parse(text) as FeedAnswer);
        else reject(new Error(`the feed answered ${response.statusCode}: ${text.slice(0, 500)}`));
      });
    });
  });
  await Promise.all([pipeline(body, request), answered]);
  return answered;
}
