import type { BlockStamp } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { JsonRpcEndpoint, RpcCall } from '../rpc/json-rpc.endpoint.js';
import { isRecord, numberText } from '../rpc/lossless.js';
import { Codec } from './polkadot.codec.js';
import { badAnswer, decodeBody, decodeHeader, hash32, hexBytes, type Header } from './polkadot.decode.js';
import type { Plain } from './polkadot.plain.js';

/** One read of state: what it is called in the runtime, and its keys. */
export interface StateRead {
  readonly pallet: string;
  readonly item: string;
  readonly args: readonly unknown[];
}

export const read = (pallet: string, item: string, ...args: readonly unknown[]): StateRead => ({ pallet, item, args });

/** What outlives one piece of work at an endpoint: the types of its runtimes, and facts that cannot change any more. */
export interface EndpointMemory {
  readonly codecs: Map<string, Promise<Codec>>;
  readonly facts: Map<string, unknown>;
}

const PAGE = 500;

/**
 * Thin typed calls to one endpoint of a Substrate node. Each read takes the hash of the block it is to be read at;
 * nothing reads "best". Lives for one piece of work and one abort signal.
 */
export class PolkadotClient {
  private readonly codecs = new Map<string, Promise<Codec>>();

  constructor(
    private readonly rpc: JsonRpcEndpoint,
    private readonly signal: AbortSignal,
    readonly memory: EndpointMemory,
    private readonly genesisHash: string,
  ) {}

  async genesis(): Promise<string> {
    return hash32(await this.rpc.call('chain_getBlockHash', [0], this.signal), 'the genesis hash');
  }

  /** Throws `BLOCK_UNKNOWN` when the chain has no block at a height (yet). */
  async hashesAt(heights: readonly bigint[]): Promise<string[]> {
    const calls = heights.map((height) => ({ method: 'chain_getBlockHash', params: [Number(height)] }));
    return (await this.rpc.batch(calls, this.signal)).map((raw, i) => {
      if (raw === null) throw new ChainError('BLOCK_UNKNOWN', 'polkadot', `no block ${heights[i]}`);
      return hash32(raw, 'a block hash');
    });
  }

  async headers(hashes: readonly string[]): Promise<Header[]> {
    const calls = hashes.map((hash) => ({ method: 'chain_getHeader', params: [hash] }));
    const raw = await this.rpc.batch(calls, this.signal);
    const codec = hashes.length === 0 ? null : await this.codecAt(hashes[0] ?? '');
    return raw.map((one, i) => {
      const asked = hashes[i] ?? '';
      if (one === null) throw new ChainError('BLOCK_UNKNOWN', 'polkadot', `no block ${asked}`);
      return decodeHeader(one, asked, (header) => codec?.headerHash(header) ?? '');
    });
  }

  /** The newest final header and the head, in that order, so that the head is never below. */
  async finalAndHead(): Promise<{ readonly final: Header; readonly head: Header }> {
    const finalHash = await this.finalHash();
    const headHash = hash32(await this.rpc.call('chain_getBlockHash', [], this.signal), 'the head');
    const [final, head] = await this.headers([finalHash, headHash]);
    if (final === undefined || head === undefined) throw badAnswer('a header is missing');
    if (head.height < final.height) throw badAnswer(`the head ${head.height} is below the final block ${final.height}`);
    return { final, head };
  }

  async final(): Promise<Header> {
    const [header] = await this.headers([await this.finalHash()]);
    if (header === undefined) throw badAnswer('a header is missing');
    return header;
  }

  /** Stamps of blocks at these heights: hash, and the time that the block itself says. */
  async stampsAt(heights: readonly bigint[]): Promise<BlockStamp[]> {
    return this.stampsOf(await this.hashesAt(heights), heights);
  }

  async stampsOf(hashes: readonly string[], heights: readonly bigint[]): Promise<BlockStamp[]> {
    const times = await this.perBlock(hashes, read('timestamp', 'now'));
    return hashes.map((hash, i) => {
      const [timeMs, height] = [times[i], heights[i]];
      if (typeof timeMs !== 'bigint' || height === undefined) throw badAnswer('a block says no time');
      return { height, hash, timeMs };
    });
  }

  async bodies(hashes: readonly string[]): Promise<string[][]> {
    const calls = hashes.map((hash) => ({ method: 'chain_getBlock', params: [hash] }));
    return (await this.rpc.batch(calls, this.signal)).map((raw, i) => {
      if (raw === null) throw new ChainError('BLOCK_UNKNOWN', 'polkadot', `no block ${hashes[i]}`);
      return decodeBody(raw);
    });
  }

  /** Several values, all of the state after one block. */
  async values(hash: string, reads: readonly StateRead[]): Promise<Plain[]> {
    const codec = await this.codecAt(hash);
    const raw = await this.storage(reads.map((one) => [codec.key(one.pallet, one.item, ...one.args), hash]));
    return reads.map((one, i) => codec.value(one.pallet, one.item, raw[i] ?? null));
  }

  async value(hash: string, one: StateRead): Promise<Plain> {
    return (await this.values(hash, [one]))[0] ?? null;
  }

  /** One item at several blocks. All of them are read with the types of the first that is asked for. */
  async perBlock(hashes: readonly string[], one: StateRead): Promise<Plain[]> {
    const [first] = hashes;
    if (first === undefined) return [];
    const codec = await this.codecAt(first);
    const key = codec.key(one.pallet, one.item, ...one.args);
    return (await this.storage(hashes.map((hash) => [key, hash]))).map((raw) => codec.value(one.pallet, one.item, raw));
  }

  /** Raw bytes (hex, or null for nothing stored) of `[key, block hash]` pairs. */
  async storage(pairs: readonly (readonly [string, string])[]): Promise<(string | null)[]> {
    const calls: RpcCall[] = pairs.map(([key, hash]) => ({ method: 'state_getStorage', params: [key, hash] }));
    return (await this.rpc.batch(calls, this.signal)).map((raw) => (raw === null ? null : hexBytes(raw, 'a state')));
  }

  /** All keys of a map in the state after a block, page by page. */
  async keys(hash: string, one: StateRead): Promise<string[]> {
    const prefix = (await this.codecAt(hash)).keyPrefix(one.pallet, one.item, ...one.args);
    const keys: string[] = [];
    for (;;) {
      const start = keys.at(-1) ?? prefix;
      const page = await this.rpc.call('state_getKeysPaged', [prefix, PAGE, start, hash], this.signal);
      if (!Array.isArray(page)) throw badAnswer('keys are no list');
      for (const raw of page) {
        const key = hexBytes(raw, 'a key');
        if (!key.startsWith(prefix) || key <= (keys.at(-1) ?? prefix)) throw badAnswer('keys are out of order', key);
        keys.push(key);
      }
      if (page.length < PAGE) return keys;
    }
  }

  /** The types in force in the state after a block. */
  codecAt(hash: string): Promise<Codec> {
    const known = this.codecs.get(hash) ?? this.openCodec(hash);
    this.codecs.set(hash, known);
    return known;
  }

  private async openCodec(hash: string): Promise<Codec> {
    const version = await this.rpc.call('state_getRuntimeVersion', [hash], this.signal);
    if (!isRecord(version)) throw badAnswer('a runtime version is no object');
    const [specName, specVersion] = [version['specName'], numberText(version['specVersion'])];
    const transactionVersion = numberText(version['transactionVersion']);
    if (typeof specName !== 'string' || !isSmall(specVersion) || !isSmall(transactionVersion)) {
      throw badAnswer('a runtime version has no name and number');
    }
    const id = `${specName} ${specVersion} ${transactionVersion}`;
    const known = this.memory.codecs.get(id);
    if (known !== undefined) return known;
    const metadata = hexBytes(await this.rpc.call('state_getMetadata', [hash], this.signal), 'the metadata');
    const { genesisHash } = this;
    const opened = Codec.open({
      genesisHash,
      metadata,
      specName,
      specVersion: Number(specVersion),
      transactionVersion: Number(transactionVersion),
    });
    this.memory.codecs.set(id, opened);
    opened.catch(() => this.memory.codecs.delete(id));
    return opened;
  }

  async submit(bytes: string): Promise<string> {
    return hash32(await this.rpc.call('author_submitExtrinsic', [bytes], this.signal), 'the hash of a sent extrinsic');
  }

  private async finalHash(): Promise<string> {
    return hash32(await this.rpc.call('chain_getFinalizedHead', [], this.signal), 'the final hash');
  }
}

function isSmall(text: string | null): text is string {
  return text !== null && /^\d{1,9}$/.test(text);
}
