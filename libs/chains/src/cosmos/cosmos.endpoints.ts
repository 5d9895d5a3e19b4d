/** The endpoints of one chain: which may be asked, and when what they say is believed. */
import type { BlockStamp, ChainIdentity } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { EndpointPool } from '../rpc/endpoint-pool.js';
import { JsonRpcEndpoint } from '../rpc/json-rpc.endpoint.js';
import { requireFinal } from './cosmos.boundaries.js';
import { CosmosClient } from './cosmos.client.js';
import type { CosmosSettings } from './cosmos.options.js';
import { toText } from './cosmos.snapshots.js';

export class CosmosEndpoints {
  readonly pool: EndpointPool<JsonRpcEndpoint>;
  private readonly all: readonly JsonRpcEndpoint[];

  constructor(
    urls: readonly string[],
    private readonly settings: CosmosSettings,
  ) {
    const { timeoutMs, maxAnswerBytes, maxBatch, recheckMs, coolDownMs } = settings;
    this.all = urls.map((url, i) => {
      const label = `endpoint ${i + 1} of ${urls.length}`;
      return new JsonRpcEndpoint({ url, chain: 'cosmos', label, timeoutMs, maxAnswerBytes, maxBatch });
    });
    const check = async (endpoint: JsonRpcEndpoint, signal: AbortSignal): Promise<void> => {
      await this.identityOf(endpoint, signal);
    };
    this.pool = new EndpointPool({ chain: 'cosmos', endpoints: this.all, check, recheckMs, coolDownMs });
  }

  /** What all of them are; one on another chain is a wrong configuration, even while others answer rightly. */
  async identity(signal: AbortSignal): Promise<ChainIdentity> {
    const answers = await this.pool.each((endpoint) => this.identityOf(endpoint, signal));
    signal.throwIfAborted();
    const errors = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    const wrong = errors.find((error) => error instanceof ChainError && error.code === 'WRONG_CHAIN');
    if (wrong !== undefined) throw wrong;
    const found = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [first] = found;
    if (first === undefined) throw errors[0];
    if (found.some((one) => one.genesisHash !== first.genesisHash)) {
      throw new ChainError('WRONG_CHAIN', 'cosmos', 'the endpoints serve chains with different first blocks');
    }
    return first;
  }

  /** Throws `WRONG_CHAIN` when it is not the configured chain. */
  async identityOf(endpoint: JsonRpcEndpoint, signal: AbortSignal): Promise<ChainIdentity> {
    const client = new CosmosClient(endpoint, signal);
    const { chainId, initialHeight, genesisHash } = this.settings;
    const status = await client.status();
    if (status.chainId !== chainId) {
      const detail = `${endpoint.label} serves chain ${status.chainId}, configured is ${chainId}`;
      throw new ChainError('WRONG_CHAIN', 'cosmos', detail);
    }
    if (status.earliest > initialHeight && genesisHash !== null) return { chainId, genesisHash };
    const { hash } = await client.header(initialHeight);
    if (genesisHash !== null && hash !== genesisHash) {
      throw new ChainError('WRONG_CHAIN', 'cosmos', `${endpoint.label} serves a chain whose first block is ${hash}`);
    }
    return { chainId, genesisHash: hash };
  }

  read<T>(signal: AbortSignal, work: (client: CosmosClient) => Promise<T>): Promise<T> {
    return this.pool.run(signal, (endpoint) => work(new CosmosClient(endpoint, signal)));
  }

  /** One endpoint that has all the stamps as final blocks, for the whole of the work. */
  readAt<T>(
    stamps: readonly BlockStamp[],
    signal: AbortSignal,
    work: (client: CosmosClient) => Promise<T>,
  ): Promise<T> {
    return this.read(signal, async (client) => {
      await requireFinal(client, stamps);
      return work(client);
    });
  }

  /** Money reads: on two endpoints where there are two, and only believed when both say the same to the atom. */
  async agreed<T>(
    signal: AbortSignal,
    from: BlockStamp,
    to: BlockStamp,
    work: (client: CosmosClient) => Promise<T>,
  ): Promise<T> {
    const { confirm } = this.settings;
    if (confirm === 'off') return this.read(signal, work);
    const { first, second } = await this.pool.runOnTwo(signal, (one) => work(new CosmosClient(one, signal)));
    if (second === null) {
      if (confirm === 'when-available') return first;
      throw new ChainError('UNREACHABLE', 'cosmos', 'no second endpoint confirms what the first one says');
    }
    if (toText(first) !== toText(second)) {
      const blocks = `blocks ${from.height} to ${to.height}`;
      throw new ChainError('ENDPOINTS_DISAGREE', 'cosmos', `two endpoints tell different things about ${blocks}`);
    }
    return first;
  }

  close(): void {
    for (const endpoint of this.all) endpoint.close();
  }
}
