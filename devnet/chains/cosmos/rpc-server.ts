/** CometBFT's JSON-RPC over HTTP POST, as far as staking needs it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { headerJson } from './block-header.js';
import type { Block, CosmosChain } from './cosmos-chain.js';
import { bytesOf } from './keys.js';
import { query } from './queries.js';
import { searchTransactions } from './tx-search.js';
import type { ChainEvent } from './state.js';
import { txHash, type TxResult } from './transactions.js';

const LARGEST_BODY = 2 * 1024 * 1024;
const LARGEST_BATCH = 10;

/** An error as CometBFT words it: the sentence is in `data`. */
class RpcFault extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data: string | null,
  ) {
    super(message);
  }
}

function internal(data: string): RpcFault {
  return new RpcFault(-32603, 'Internal error', data);
}

/** Parameters by name; a list gives all of them, in this order. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  health: [],
  status: [],
  abci_info: [],
  header: ['height'],
  block: ['height'],
  block_results: ['height'],
  validators: ['height', 'page', 'per_page'],
  abci_query: ['path', 'data', 'height', 'prove'],
  broadcast_tx_sync: ['tx'],
  broadcast_tx_async: ['tx'],
  tx: ['hash', 'prove'],
  tx_search: ['query', 'prove', 'page', 'per_page', 'order_by'],
};

export class RpcServer {
  private readonly server: Server;
  private port = 0;

  private constructor(private readonly chain: CosmosChain) {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(chain: CosmosChain, port: number): Promise<RpcServer> {
    const server = new RpcServer(chain);
    await new Promise<void>((resolve, reject) => {
      server.server.once('error', reject);
      server.server.listen(port, '127.0.0.1', resolve);
    });
    const address = server.server.address();
    server.port = typeof address === 'object' && address !== null ? address.port : port;
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST_BODY) return void request.destroy();
      chunks.push(chunk);
    }
    const send = (body: unknown): void =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    let parsed: unknown;
    try {
      parsed = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch {
      return send({
        jsonrpc: '2.0',
        id: null,
        error: { code: -32700, message: 'Parse error. Invalid JSON', data: '' },
      });
    }
    if (!Array.isArray(parsed)) return send(this.answer(parsed));
    if (parsed.length > LARGEST_BATCH) {
      const data = `batch request exceeds maximum (${LARGEST_BATCH}) allowed number of requests`;
      return send({ jsonrpc: '2.0', error: { code: -32600, message: 'Invalid Request', data } });
    }
    const answers = parsed.map((one: unknown) => this.answer(one));
    // CometBFT answers a batch of one with a bare object.
    send(answers.length === 1 ? answers[0] : answers);
  }

  private answer(raw: unknown): object {
    const request = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
    const id = request['id'] ?? null;
    try {
      const result = this.call(String(request['method']), request['params']);
      return { jsonrpc: '2.0', id, result };
    } catch (error) {
      const fault = error instanceof RpcFault ? error : internal(error instanceof Error ? error.message : 'unknown');
      const { code, message, data } = fault;
      return { jsonrpc: '2.0', id, error: { code, message, ...(data === null ? {} : { data }) } };
    }
  }

  private call(method: string, raw: unknown): unknown {
    const names = PARAMETERS[method];
    if (names === undefined) throw new RpcFault(-32601, 'Method not found', null);
    const params = named(names, raw);
    switch (method) {
      case 'health':
        return {};
      case 'status':
        return this.status();
      case 'abci_info':
        return { response: { data: 'model', version: 'model', last_block_height: String(this.chain.height) } };
      case 'header':
        return { header: headerJson(this.blockAt(params['height']).header) };
      case 'block':
        return blockJson(this.blockAt(params['height']));
      case 'block_results':
        return resultsJson(this.blockAt(params['height']));
      case 'validators':
        return this.validators(params['height']);
      case 'abci_query':
        return this.abciQuery(params);
      case 'broadcast_tx_sync':
      case 'broadcast_tx_async':
        return this.broadcast(params['tx']);
      case 'tx':
        return this.transaction(params['hash']);
      default:
        return this.search(params);
    }
  }

  private status(): object {
    const hex = (bytes: Uint8Array | undefined): string =>
      Buffer.from(bytes ?? [])
        .toString('hex')
        .toUpperCase();
    const [first, last] = [this.chain.block(1n), this.chain.block(this.chain.height)];
    const headers = { first: first && headerJson(first.header), last: last && headerJson(last.header) };
    const time = (of: object | undefined): string =>
      (of as { time?: string } | undefined)?.time ?? '1970-01-01T00:00:00Z';
    return {
      node_info: {
        protocol_version: { p2p: '8', block: '11', app: '0' },
        id: 'b0c5e94a5f1a4b2e9d2f5f3b8d1c7e6a4f3b2c1d',
        listen_addr: 'tcp://127.0.0.1:26656',
        network: this.chain.genesis.chainId,
        version: '0.38.23',
        channels: '40202122233038606100',
        moniker: 'protocol model',
        other: { tx_index: 'on', rpc_address: 'tcp://127.0.0.1:26657' },
      },
      sync_info: {
        latest_block_hash: hex(last?.hash),
        latest_app_hash: hex(last?.header.appHash),
        latest_block_height: String(this.chain.height),
        latest_block_time: time(headers.last),
        earliest_block_hash: hex(first?.hash),
        earliest_app_hash: hex(first?.header.appHash),
        earliest_block_height: '1',
        earliest_block_time: time(headers.first),
        catching_up: false,
      },
      validator_info: {
        address: '0000000000000000000000000000000000000000',
        pub_key: { type: 'tendermint/PubKeyEd25519', value: Buffer.alloc(32).toString('base64') },
        voting_power: '0',
      },
    };
  }

  private blockAt(raw: unknown): Block {
    const height = raw === undefined || raw === null || raw === '' ? this.chain.height : heightOf(raw);
    if (height <= 0n) throw internal(`height must be greater than 0, but got ${height}`);
    const block = this.chain.block(height);
    if (block === undefined) {
      throw internal(
        `height ${height} must be less than or equal to the current blockchain height ${this.chain.height}`,
      );
    }
    return block;
  }

  private validators(raw: unknown): object {
    const { header } = this.blockAt(raw);
    const state = this.chain.stateAt(header.height - 1n);
    if (state === undefined) throw internal(`could not find validator set for height #${header.height}`);
    const validators = state.validators
      .values()
      .filter((one) => one.status === 'bonded')
      .map((one) => ({
        address: Buffer.from(bytesOf(one.consensusAddress)).toString('hex').toUpperCase(),
        pub_key: { type: 'tendermint/PubKeyEd25519', value: Buffer.from(one.consensusKey, 'hex').toString('base64') },
        voting_power: String(one.tokens / 1_000_000n),
        proposer_priority: '0',
      }));
    const count = String(validators.length);
    return { block_height: String(header.height), validators, count, total: count };
  }

  private abciQuery(params: Readonly<Record<string, unknown>>): object {
    const data = Buffer.from(String(params['data'] ?? ''), 'hex');
    const answer = query(this.chain, String(params['path']), data, heightOf(params['height'] ?? '0'));
    const { code, log, codespace, height } = answer;
    const value = answer.value.length === 0 ? null : Buffer.from(answer.value).toString('base64');
    const response = {
      code,
      log,
      info: '',
      index: '0',
      key: null,
      value,
      proofOps: null,
      height: String(height),
      codespace,
    };
    return { response };
  }

  private broadcast(raw: unknown): object {
    const bytes = Buffer.from(String(raw), 'base64');
    const received = this.chain.receive(bytes);
    if (received.kind === 'in-cache') throw internal('tx already exists in cache');
    const { code, log, codespace, hash } = received;
    return { code, data: '', log, codespace, hash };
  }

  private transaction(raw: unknown): object {
    const hash = Buffer.from(String(raw), 'base64').toString('hex').toUpperCase();
    const place = this.chain.find(hash);
    if (place === undefined) throw internal(`tx (${hash}) not found`);
    return txJson(this.blockAt(String(place.height)), place.index);
  }

  private search(params: Readonly<Record<string, unknown>>): object {
    const found = searchTransactions(this.chain, String(params['query']));
    const perPage = Number(params['per_page'] ?? 30);
    const page = Number(params['page'] ?? 1);
    if (params['order_by'] === 'desc') found.reverse();
    const places = found.slice((page - 1) * perPage, page * perPage);
    const txs = places.map(({ height, index }) => txJson(this.blockAt(String(height)), index));
    return { txs, total_count: String(found.length) };
  }
}

function named(names: readonly string[], raw: unknown): Record<string, unknown> {
  if (raw === undefined || raw === null) return {};
  if (!Array.isArray(raw)) return raw as Record<string, unknown>;
  if (raw.length !== names.length) {
    const expected = `expected ${names.length} parameters ([${names.join(' ')}])`;
    const data = `error converting json params to arguments: ${expected}, got ${raw.length} (${JSON.stringify(raw)})`;
    throw new RpcFault(-32602, 'Invalid params', data);
  }
  return Object.fromEntries(raw.map((value: unknown, i) => [names[i], value]));
}

function heightOf(raw: unknown): bigint {
  if (!/^\d{1,18}$/.test(String(raw))) throw new RpcFault(-32602, 'Invalid params', `no height: ${String(raw)}`);
  return BigInt(String(raw));
}

function eventsJson(events: readonly ChainEvent[]): object[] {
  return events.map(({ type, attributes }) => ({
    type,
    attributes: attributes.map(([key, value]) => ({ key, value, index: true })),
  }));
}

function resultJson(result: TxResult): object {
  return {
    code: result.code,
    data: null,
    log: result.log,
    info: '',
    gas_wanted: String(result.gasWanted),
    gas_used: String(result.gasUsed),
    events: eventsJson(result.events),
    codespace: result.codespace,
  };
}

function txJson(block: Block, index: number): object {
  const [bytes, result] = [block.txs[index], block.results[index]];
  if (bytes === undefined || result === undefined) throw internal('a transaction has lost its place');
  return {
    hash: txHash(bytes),
    height: String(block.header.height),
    index,
    tx_result: resultJson(result),
    tx: Buffer.from(bytes).toString('base64'),
  };
}

function blockJson(block: Block): object {
  const hash = block.hash.toString('hex').toUpperCase();
  return {
    block_id: { hash, parts: { total: 1, hash } },
    block: {
      header: headerJson(block.header),
      data: { txs: block.txs.map((one) => Buffer.from(one).toString('base64')) },
      evidence: { evidence: [] },
      last_commit: { height: '0', round: 0, block_id: { hash: '', parts: { total: 0, hash: '' } }, signatures: [] },
    },
  };
}

function resultsJson(block: Block): object {
  return {
    height: String(block.header.height),
    txs_results: block.results.length === 0 ? null : block.results.map(resultJson),
    finalize_block_events: eventsJson(block.events),
    validator_updates: null,
    consensus_param_updates: null,
    app_hash: '',
  };
}
