import type { BlockStamp } from '../chain-adapter.js';
import { ChainError, type ChainErrorCode } from '../chain-error.js';
import type { JsonRpcEndpoint, RpcCall, RpcReply } from '../rpc/json-rpc.endpoint.js';
import { isRecord } from '../rpc/lossless.js';
import { RpcAnswerError } from '../rpc/rpc-fault.js';
import { scrub } from '../rpc/scrub.js';
import {
  badAnswer,
  base64Bytes,
  decodeEvents,
  decodeIncludedTx,
  digits,
  hash32,
  text,
  type ChainEvent,
  type IncludedTx,
} from './cosmos.decode.js';
import { decodeHeader, type Header } from './cosmos.header.js';

/** One gRPC query through ABCI: what is asked, and how its protobuf answer is read. */
export interface StateQuery<T> {
  readonly path: string;
  readonly data: Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
}

type Results<Q extends readonly StateQuery<unknown>[]> = {
  readonly [K in keyof Q]: Q[K] extends StateQuery<infer T> ? T : never;
};

/** The application answered a query with an error of its own. */
export class AbciError extends ChainError {
  constructor(
    code: ChainErrorCode,
    readonly path: string,
    readonly codespace: string,
    readonly abciCode: bigint,
    readonly log: string,
  ) {
    super(code, 'cosmos', `${path}: ${scrub(log)} (${scrub(codespace)} ${abciCode})`);
    this.name = 'AbciError';
  }

  /** The chain has no such module or no such call. */
  get isAbsent(): boolean {
    return this.codespace === 'sdk' && this.abciCode === 6n && /unknown query path/i.test(this.log);
  }

  get isNotFound(): boolean {
    return this.codespace === 'sdk' && this.abciCode === 22n;
  }
}

/** Nodes' own words for what is gone, and for what is not there yet. CometBFT puts them into `data`, not into `message`. */
const MEANINGS: readonly (readonly [RegExp, ChainErrorCode])[] = [
  [
    /is not available, lowest height|failed to load state at height|version does not exist|version mismatch on immutable|has been pruned|could not find results for height|discard_abci_responses/i,
    'STATE_PRUNED',
  ],
  [/height in the future|must be less than or equal to the current blockchain height/i, 'BLOCK_UNKNOWN'],
];

function meaningOf(said: string): ChainErrorCode | null {
  return MEANINGS.find(([pattern]) => pattern.test(said))?.[1] ?? null;
}

/** What a node says to a query by code and log. */
export interface CheckResult {
  readonly code: bigint;
  readonly codespace: string;
  readonly log: string;
  readonly hash: string;
}

/**
 * Thin typed calls to one endpoint of a CometBFT node. Every state read takes the block it is to be read at, and only
 * counts when the answer names the same height. Lives for one piece of work and one abort signal.
 */
export class CosmosClient {
  constructor(
    private readonly rpc: JsonRpcEndpoint,
    private readonly signal: AbortSignal,
  ) {}

  async status(): Promise<{ readonly chainId: string; readonly earliest: bigint; readonly catchingUp: boolean }> {
    const raw = await this.call({ method: 'status', params: [] });
    const node = isRecord(raw) ? raw['node_info'] : null;
    const sync = isRecord(raw) ? raw['sync_info'] : null;
    if (!isRecord(node) || !isRecord(sync)) throw badAnswer('a status has no node or no sync info');
    return {
      chainId: text(node['network'], 'the chain id of a node'),
      earliest: digits(sync['earliest_block_height'] ?? '0', 'the earliest height of a node'),
      catchingUp: sync['catching_up'] === true,
    };
  }

  /** The newest block that is committed. */
  async newest(): Promise<Header> {
    return headerIn(await this.call({ method: 'header', params: [null] }));
  }

  /** Throws `BLOCK_UNKNOWN` when the chain has no such block (yet), `STATE_PRUNED` when the node has thrown it away. */
  async header(height: bigint): Promise<Header> {
    const [header] = await this.headers([height]);
    if (header === undefined) throw badAnswer('a header is missing');
    return header;
  }

  async headers(heights: readonly bigint[]): Promise<Header[]> {
    const answers = await this.batch(heights.map((height) => ({ method: 'header', params: [String(height)] })));
    return answers.map((one, i) => {
      const header = headerIn(one);
      if (header.height !== heights[i]) throw badAnswer(`asked for block ${heights[i]}, got ${header.height}`);
      return header;
    });
  }

  async read<T>(at: BlockStamp, query: StateQuery<T>): Promise<T> {
    return stateOf(await this.call(queryCall(query, at.height)), query, at.height);
  }

  /** Several reads in one batch, all at the same block; the results in the order of the reads. */
  async readAll<const Q extends readonly StateQuery<unknown>[]>(at: BlockStamp, queries: Q): Promise<Results<Q>> {
    const answers = await this.batch(queries.map((one) => queryCall(one, at.height)));
    return queries.map((one, i) => stateOf(answers[i], one, at.height)) as unknown as Results<Q>;
  }

  /** null when the chain does not have the module: the only refusal that means something. */
  async readIfPresent<T>(at: BlockStamp, query: StateQuery<T>): Promise<T | null> {
    try {
      return await this.read(at, query);
    } catch (error) {
      if (error instanceof AbciError && error.isAbsent) return null;
      throw error;
    }
  }

  /** Runs a query on the newest state: for simulations, which no node pins to a height. */
  async readNewest<T>(query: StateQuery<T>): Promise<T> {
    return stateOf(await this.call(queryCall(query, 0n)), query, null);
  }

  /** null when no block that this node has indexed holds it. */
  async transaction(hash: string): Promise<IncludedTx | null> {
    const params = [Buffer.from(hash, 'hex').toString('base64'), false];
    try {
      const tx = decodeIncludedTx(await this.call({ method: 'tx', params }));
      if (tx.hash !== hash) throw badAnswer(`asked for transaction ${hash}, got ${tx.hash}`);
      return tx;
    } catch (error) {
      if (error instanceof RpcAnswerError && /\bnot found\b/i.test(wordsOf(error))) return null;
      throw error;
    }
  }

  /** All transactions of each query, by the node's index, which may lag behind its blocks: the caller proves that it is whole. */
  async search(queries: readonly string[]): Promise<IncludedTx[][]> {
    const perPage = 100;
    const page = (query: string, n: number): RpcCall => ({
      method: 'tx_search',
      params: [query, false, String(n), String(perPage), 'asc'],
    });
    const firsts = await this.batch(queries.map((query) => page(query, 1)));
    const found: IncludedTx[][] = [];
    for (const [i, first] of firsts.entries()) {
      const { txs, total } = pageOf(first);
      for (let n = 2; BigInt(txs.length) < total; n++) {
        const next = pageOf(await this.call(page(queries[i] ?? '', n)));
        if (next.txs.length === 0) throw badAnswer(`a search promised ${total} transactions and gave ${txs.length}`);
        txs.push(...next.txs);
      }
      found.push(txs);
    }
    return found;
  }

  /** Events that belong to the block itself, in the order in which they happened. */
  async blockEvents(height: bigint): Promise<ChainEvent[]> {
    const raw = await this.call({ method: 'block_results', params: [String(height)] });
    if (!isRecord(raw) || digits(raw['height'], 'the height of block results') !== height) {
      throw badAnswer(`asked for the results of block ${height}, got others`);
    }
    return decodeEvents(raw['finalize_block_events']);
  }

  async broadcast(bytes: Uint8Array): Promise<CheckResult> {
    const params = [Buffer.from(bytes).toString('base64')];
    const raw = await this.call({ method: 'broadcast_tx_sync', params });
    if (!isRecord(raw)) throw badAnswer('a broadcast was not answered with an object');
    return {
      code: digits(raw['code'], 'the code of a broadcast'),
      codespace: typeof raw['codespace'] === 'string' ? raw['codespace'] : '',
      log: typeof raw['log'] === 'string' ? scrub(raw['log']) : '',
      hash: hash32(raw['hash'], 'the hash of a broadcast'),
    };
  }

  private async call(call: RpcCall): Promise<unknown> {
    try {
      return await this.rpc.call(call.method, call.params, this.signal);
    } catch (error) {
      throw explained(error);
    }
  }

  private async batch(calls: readonly RpcCall[]): Promise<unknown[]> {
    if (calls.length === 0) return [];
    let replies: RpcReply[];
    try {
      replies = await this.rpc.batchSettled(calls, this.signal);
    } catch (error) {
      throw explained(error);
    }
    return replies.map((reply) => {
      if (reply.ok) return reply.result;
      throw explained(reply.error);
    });
  }
}

function headerIn(raw: unknown): Header {
  if (!isRecord(raw)) throw badAnswer('a header answer is not an object');
  return decodeHeader(raw['header']);
}

function pageOf(raw: unknown): { txs: IncludedTx[]; total: bigint } {
  if (!isRecord(raw) || !Array.isArray(raw['txs'])) throw badAnswer('a search has no list of transactions');
  return { txs: raw['txs'].map(decodeIncludedTx), total: digits(raw['total_count'], 'the number of results') };
}

function queryCall(query: StateQuery<unknown>, height: bigint): RpcCall {
  const data = Buffer.from(query.data).toString('hex');
  return { method: 'abci_query', params: [query.path, data, String(height), false] };
}

function stateOf<T>(raw: unknown, query: StateQuery<T>, height: bigint | null): T {
  const answer = isRecord(raw) ? raw['response'] : null;
  if (!isRecord(answer)) throw badAnswer('a query was answered without a response');
  const code = digits(answer['code'] ?? '0', 'the code of a query');
  if (code !== 0n) {
    const log = typeof answer['log'] === 'string' ? answer['log'] : '';
    const codespace = typeof answer['codespace'] === 'string' ? answer['codespace'] : '';
    const absent = codespace === 'sdk' && code === 6n && /unknown query path/i.test(log);
    throw new AbciError(meaningOf(log) ?? (absent ? 'REFUSED' : 'BAD_ANSWER'), query.path, codespace, code, log);
  }
  const told = digits(answer['height'] ?? '0', 'the height of an answer');
  if (height !== null && told !== height)
    throw badAnswer(`asked for the state of block ${height}, got that of ${told}`);
  return query.decode(base64Bytes(answer['value'], 'the value of an answer'));
}

function wordsOf(error: RpcAnswerError): string {
  return `${error.body.message} ${error.body.data ?? ''}`;
}

function explained(error: unknown): unknown {
  if (!(error instanceof RpcAnswerError) || error.code === 'RATE_LIMITED') return error;
  const words = wordsOf(error);
  const code = meaningOf(words) ?? error.code;
  const body = { ...error.body, message: words.trim() };
  return new RpcAnswerError(code, 'cosmos', 'the node', body);
}
