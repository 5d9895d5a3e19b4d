import { createServer, type IncomingMessage, type Server } from 'node:http';

import type { ChainStore } from './chain-store.js';

/** What a node does beyond answering: takes transactions. */
export interface TransactionPool {
  /** Resolves to the hash; throws `NodeError` with the node's own words. */
  submit(bytes: string): Promise<string>;
  pending(): readonly string[];
}

export class NodeError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: string,
  ) {
    super(message);
  }
}

type Method = (params: readonly unknown[]) => unknown;
export type NodeMethods = Readonly<Record<string, Method>>;

const KEPT_MS = 600_000;

const EMPTY_HEADER = {
  stateRoot: `0x${'00'.repeat(32)}`,
  extrinsicsRoot: `0x${'00'.repeat(32)}`,
  digest: { logs: [] },
};

/** The JSON-RPC of a Substrate node over HTTP, answered out of a chain store. Loopback only. */
export class RpcFront {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(methods: NodeMethods, port = 0): Promise<RpcFront> {
    const server = createServer((request, response) => {
      answer(request, methods).then(
        (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
        () => response.destroy(),
      );
    });
    // Else a busy process closes a kept connection in the moment in which the other side uses it again.
    server.keepAliveTimeout = KEPT_MS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    return new RpcFront(server, `http://127.0.0.1:${bound}`);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

/** Every method that this node has, by name. */
export function nodeMethods(store: ChainStore, pool: TransactionPool): NodeMethods {
  const { genesis } = store;
  const heightOf = (hash: unknown): number => {
    if (hash === undefined || hash === null) return store.headHeight;
    const height = typeof hash === 'string' ? store.heightOf(hash) : null;
    if (height === null)
      throw new NodeError(4003, `Client error: UnknownBlock: Header was not found in the database: ${String(hash)}`);
    return height;
  };
  const header = (hash: unknown): unknown => {
    const height = hash === undefined || hash === null ? store.headHeight : store.heightOf(String(hash));
    if (height === null) return null;
    return store.blockAt(height)?.header ?? { ...EMPTY_HEADER, number: '0x0', parentHash: EMPTY_HEADER.stateRoot };
  };
  const storage: Method = ([key, hash]) => store.valueAt(heightOf(hash), String(key));
  return {
    chain_getBlockHash: ([height]) =>
      store.hashAt(height === undefined || height === null ? store.headHeight : Number(height)),
    chain_getHead: () => store.hashAt(store.headHeight),
    chain_getFinalizedHead: () => store.hashAt(store.finalHeight),
    chain_getHeader: ([hash]) => header(hash),
    chain_getBlock: ([hash]) => {
      const found = header(hash);
      if (found === null) return null;
      const extrinsics = store.blockAt(heightOf(hash))?.extrinsics ?? [];
      return { block: { header: found, extrinsics }, justifications: null };
    },
    state_getStorage: storage,
    state_getStorageAt: storage,
    state_queryStorageAt: ([keys, hash]) => {
      const height = heightOf(hash);
      const changes = (keys as string[]).map((key) => [key, store.valueAt(height, key)]);
      return [{ block: store.hashAt(height), changes }];
    },
    state_getKeysPaged: ([prefix, count, start, hash]) =>
      store.keysAt(heightOf(hash), String(prefix), Number(count), String(start ?? prefix)),
    state_getMetadata: ([hash]) => heightOf(hash) && genesis.metadata,
    state_getRuntimeVersion: ([hash]) => heightOf(hash) && genesis.runtimeVersion,
    system_chain: () => 'Local chain',
    system_name: () => 'soft-staking local chain',
    system_version: () => '1.0.0',
    system_properties: () => ({ ss58Format: 0, tokenDecimals: 10, tokenSymbol: 'DOT' }),
    system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
    author_submitExtrinsic: ([bytes]) => pool.submit(String(bytes)),
    author_pendingExtrinsics: () => pool.pending(),
  };
}

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

async function answer(request: IncomingMessage, methods: NodeMethods): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const asked = JSON.parse(Buffer.concat(parts).toString('utf8')) as Call | Call[];
  if (!Array.isArray(asked)) return JSON.stringify(await answerOne(asked, methods));
  return JSON.stringify(await Promise.all(asked.map((one) => answerOne(one, methods))));
}

async function answerOne(call: Call, methods: NodeMethods): Promise<object> {
  const base = { jsonrpc: '2.0', id: call.id };
  if (call.method === 'rpc_methods') return { ...base, result: { methods: Object.keys(methods) } };
  const method = methods[call.method];
  if (method === undefined) return { ...base, error: { code: -32601, message: 'Method not found' } };
  try {
    return { ...base, result: (await method(call.params ?? [])) ?? null };
  } catch (error) {
    const { code, message, data } = error instanceof NodeError ? error : new NodeError(-32603, String(error));
    return { ...base, error: { code, message, ...(data === undefined ? {} : { data }) } };
  }
}
