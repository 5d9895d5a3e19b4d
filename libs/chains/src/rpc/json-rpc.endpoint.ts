import { randomInt } from 'node:crypto';

import type { ChainName } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { HttpPost } from './http-post.js';
import { isRecord, numberText, parseLossless } from './lossless.js';
import { faultOf, httpFault, type RpcAnswerError, type RpcErrorBody } from './rpc-fault.js';

export interface JsonRpcOptions {
  readonly url: string;
  readonly chain: ChainName;
  readonly label: string;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  /** Calls in one HTTP request; more are sent one request after the other. */
  readonly maxBatch: number;
}

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What one call of a batch came to: its result, or the node's own error. */
export type RpcReply =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: RpcAnswerError };

/**
 * JSON-RPC 2.0 with one endpoint. An answer counts only under the id it was asked with, each id exactly once. Ids start
 * at a random number, so that an answer meant for another client of the same proxy is not taken for ours.
 * Everything that is not a proper answer is a `ChainError`: there is no empty or zero result out of a failure (R19).
 */
export class JsonRpcEndpoint {
  readonly label: string;
  private readonly http: HttpPost;
  private nextId = randomInt(1, 2 ** 47);

  constructor(private readonly options: JsonRpcOptions) {
    this.label = options.label;
    this.http = new HttpPost(options);
  }

  async call(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const [id, request] = this.request({ method, params });
    const answer = await this.exchange(request, signal);
    const reply = this.replyOf(answer, new Map([[String(id), method]]));
    if (reply.reply.ok) return reply.reply.result;
    throw reply.reply.error;
  }

  /** All results in the order of the calls; the first failure fails the whole. */
  async batch(calls: readonly RpcCall[], signal: AbortSignal): Promise<unknown[]> {
    return (await this.batchSettled(calls, signal)).map((reply) => {
      if (reply.ok) return reply.result;
      throw reply.error;
    });
  }

  /** As `batch`, with each call's own outcome; transport failures still throw. */
  async batchSettled(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcReply[]> {
    const replies: RpcReply[] = [];
    for (let from = 0; from < calls.length; from += this.options.maxBatch) {
      replies.push(...(await this.oneBatch(calls.slice(from, from + this.options.maxBatch), signal)));
    }
    return replies;
  }

  close(): void {
    this.http.close();
  }

  private async oneBatch(calls: readonly RpcCall[], signal: AbortSignal): Promise<RpcReply[]> {
    const requests = calls.map((call) => this.request(call));
    const methods = new Map(calls.map((call, i) => [String(requests[i]?.[0]), call.method]));
    const said = await this.exchange(`[${requests.map(([, text]) => text).join(',')}]`, signal);
    // CometBFT answers a batch of one without the list; the id still tells whose answer it is.
    const alone = requests.length === 1 && isRecord(said) && numberText(said['id']) === String(requests[0]?.[0]);
    const answers = alone ? [said] : said;
    if (!Array.isArray(answers)) {
      // A node that refuses a batch as a whole answers with one error object.
      if (isRecord(answers) && isRecord(answers['error'])) throw this.errorOf(answers['error'], 'batch');
      throw this.bad('a batch was not answered with a list');
    }
    const byId = new Map<string, RpcReply>();
    for (const answer of answers) {
      const { id, reply } = this.replyOf(answer, methods);
      if (byId.has(id)) throw this.bad(`id ${id} was answered twice`);
      byId.set(id, reply);
    }
    return requests.map(([id]) => {
      const reply = byId.get(String(id));
      if (reply === undefined) throw this.bad(`id ${id} was not answered`);
      return reply;
    });
  }

  private request(call: RpcCall): readonly [number, string] {
    const id = this.nextId++;
    return [id, JSON.stringify({ jsonrpc: '2.0', id, method: call.method, params: call.params })];
  }

  private async exchange(body: string, signal: AbortSignal): Promise<unknown> {
    const { status, text } = await this.http.send(body, signal);
    const fault = httpFault(this.options.chain, this.label, status);
    let parsed: unknown;
    try {
      parsed = parseLossless(text);
    } catch {
      throw fault ?? this.bad(text.trim() === '' ? 'an empty answer' : 'the answer is not JSON');
    }
    // Some providers put a proper JSON-RPC error under a 4xx or 5xx; its own words say more than the status.
    if (fault !== null && fault.code !== 'RATE_LIMITED' && isRecord(parsed) && isRecord(parsed['error'])) {
      throw this.errorOf(parsed['error'], 'request');
    }
    if (fault !== null) throw fault;
    return parsed;
  }

  private replyOf(answer: unknown, methods: ReadonlyMap<string, string>): { id: string; reply: RpcReply } {
    if (!isRecord(answer)) throw this.bad('an answer is not an object');
    const id = numberText(answer['id']);
    const error = answer['error'];
    // Only a refusal of the whole request may leave the id out.
    if (id === null && isRecord(error)) throw this.errorOf(error, 'request');
    const method = id === null ? undefined : methods.get(id);
    if (id === null || method === undefined) throw this.bad('an answer carries an id that we did not ask with');
    if (isRecord(error)) return { id, reply: { ok: false, error: this.errorOf(error, method) } };
    if (!('result' in answer)) throw this.bad(`id ${id} was answered with neither result nor error`);
    return { id, reply: { ok: true, result: answer['result'] } };
  }

  private errorOf(error: Readonly<Record<string, unknown>>, method: string): RpcAnswerError {
    const data = isRecord(error['data']) ? error['data']['data'] : error['data'];
    const body: RpcErrorBody = {
      code: numberText(error['code']) ?? 'no code',
      message: typeof error['message'] === 'string' ? error['message'] : 'no message',
      data: typeof data === 'string' ? data : null,
    };
    return faultOf(this.options.chain, this.label, method, body);
  }

  private bad(detail: string): ChainError {
    return new ChainError('BAD_ANSWER', this.options.chain, `${this.label}: ${detail}`);
  }
}
