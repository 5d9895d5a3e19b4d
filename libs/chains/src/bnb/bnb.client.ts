import type { BlockStamp } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import type { JsonRpcEndpoint, RpcCall } from '../rpc/json-rpc.endpoint.js';
import { LogRangeError, RevertError } from '../rpc/rpc-fault.js';
import {
  decodeHeader,
  decodeLogs,
  decodeReceipt,
  decodeTransactionRef,
  badAnswer,
  hash32,
  quantity,
} from './bnb.decode.js';
import type { Header, RawLog, Receipt } from './bnb.decode.js';
import type { ContractRead } from './bnb.reads.js';
import { isRecord } from '../rpc/lossless.js';

export interface LogFilter {
  readonly address: string | readonly string[];
  readonly topics: readonly (string | readonly string[] | null)[];
}

export interface CallRequest {
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly value: bigint;
}

type Results<R extends readonly ContractRead<unknown>[]> = {
  readonly [K in keyof R]: R[K] extends ContractRead<infer T> ? T : never;
};

export function toHex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** State of exactly this block, and only while it is on the canonical chain (EIP-1898). */
function pinned(at: BlockStamp): object {
  return { blockHash: at.hash, requireCanonical: true };
}

/**
 * Thin typed calls to one endpoint of a BNB node. Each state read takes the block it is to be read at; headers are asked
 * by number and must come back under it. Lives for one piece of work and one abort signal.
 */
export class BnbClient {
  constructor(
    private readonly rpc: JsonRpcEndpoint,
    private readonly signal: AbortSignal,
  ) {}

  async chainId(): Promise<bigint> {
    return quantity(await this.rpc.call('eth_chainId', [], this.signal), 'the chain id');
  }

  /** Throws `BLOCK_UNKNOWN` when the chain has no such block (yet). */
  async header(height: bigint): Promise<Header> {
    const [header] = await this.headers([height]);
    if (header === undefined) throw badAnswer('a header is missing');
    return header;
  }

  async headers(heights: readonly bigint[]): Promise<Header[]> {
    const raw = await this.rpc.batch(
      heights.map((height) => headerCall(toHex(height))),
      this.signal,
    );
    return raw.map((one, i) => {
      if (one === null) throw new ChainError('BLOCK_UNKNOWN', 'bnb', `no block ${heights[i]}`);
      const header = decodeHeader(one);
      if (header.height !== heights[i]) throw badAnswer(`asked for block ${heights[i]}, got ${header.height}`);
      return header;
    });
  }

  /** The newest final header and the head, in that order, so that the head is never below. */
  async finalAndHead(): Promise<{ readonly final: Header; readonly head: Header }> {
    const final = await this.tagged('finalized');
    const head = await this.tagged('latest');
    if (head.height < final.height) throw badAnswer(`the head ${head.height} is below the final block ${final.height}`);
    return { final, head };
  }

  async finalHeader(): Promise<Header> {
    return this.tagged('finalized');
  }

  /** The header of a block by its hash, canonical or not; null when the node does not know it. */
  async headerByHash(hash: string): Promise<Header | null> {
    const raw = await this.rpc.call('eth_getBlockByHash', [hash, false], this.signal);
    if (raw === null) return null;
    const header = decodeHeader(raw);
    if (header.hash !== hash) throw badAnswer(`asked for block ${hash}, got ${header.hash}`);
    return header;
  }

  async read<T>(at: BlockStamp, one: ContractRead<T>): Promise<T> {
    return one.decode(await this.rpc.call('eth_call', [{ to: one.to, data: one.data }, pinned(at)], this.signal));
  }

  /** Several reads in one batch, all at the same block; the results in the order of the reads. */
  async readAll<const R extends readonly ContractRead<unknown>[]>(at: BlockStamp, reads: R): Promise<Results<R>> {
    const calls = reads.map((one) => viewCall(at, one));
    const answers = await this.rpc.batch(calls, this.signal);
    return reads.map((one, i) => one.decode(answers[i])) as unknown as Results<R>;
  }

  async readEach<T>(at: BlockStamp, reads: readonly ContractRead<T>[]): Promise<T[]> {
    const answers = await this.rpc.batch(
      reads.map((one) => viewCall(at, one)),
      this.signal,
    );
    return reads.map((one, i) => one.decode(answers[i]));
  }

  /** null when the contract has no such function (an older or newer version): the only revert that means something. */
  async readIfPresent<T>(at: BlockStamp, one: ContractRead<T>): Promise<T | null> {
    try {
      return await this.read(at, one);
    } catch (error) {
      if (error instanceof RevertError) return null;
      throw error;
    }
  }

  async balance(at: BlockStamp, account: string): Promise<bigint> {
    return quantity(await this.rpc.call('eth_getBalance', [account, pinned(at)], this.signal), 'a balance');
  }

  async nonce(at: BlockStamp, account: string): Promise<bigint> {
    return quantity(await this.rpc.call('eth_getTransactionCount', [account, pinned(at)], this.signal), 'a nonce');
  }

  /** Logs of `[from, to]` for each filter. Throws `LogRangeError` when the range is too wide for the endpoint. */
  async logs(filters: readonly LogFilter[], from: bigint, to: bigint): Promise<RawLog[][]> {
    const calls = filters.map((filter) => ({
      method: 'eth_getLogs',
      params: [{ ...filter, fromBlock: toHex(from), toBlock: toHex(to) }],
    }));
    const replies = await this.rpc.batchSettled(calls, this.signal);
    const failed = replies.flatMap((reply) => (reply.ok ? [] : [reply.error]));
    const tooWide = failed.find((error) => error instanceof LogRangeError);
    if (tooWide ?? failed[0]) throw tooWide ?? failed[0];
    return replies.map((reply) => decodeLogs(reply.ok ? reply.result : null));
  }

  async logsOfBlock(block: BlockStamp, filter: LogFilter): Promise<RawLog[]> {
    return decodeLogs(await this.rpc.call('eth_getLogs', [{ ...filter, blockHash: block.hash }], this.signal));
  }

  async receipt(txid: string): Promise<Receipt | null> {
    const raw = await this.rpc.call('eth_getTransactionReceipt', [txid], this.signal);
    if (raw === null) return null;
    const receipt = decodeReceipt(raw);
    if (receipt.txid !== txid) throw badAnswer(`asked for the receipt of ${txid}, got that of ${receipt.txid}`);
    return receipt;
  }

  /** Whether the node has the transaction at all, mined or waiting. */
  async knowsTransaction(txid: string): Promise<boolean> {
    return (await this.rpc.call('eth_getTransactionByHash', [txid], this.signal)) !== null;
  }

  /** Sender, nonce and hash of every transaction of a block. */
  async transactionsOf(height: bigint): Promise<readonly ReturnType<typeof decodeTransactionRef>[]> {
    const raw = await this.rpc.call('eth_getBlockByNumber', [toHex(height), true], this.signal);
    if (!isRecord(raw) || !Array.isArray(raw['transactions'])) throw badAnswer('a block has no list of transactions');
    if (decodeHeader(raw).height !== height) throw badAnswer(`asked for block ${height}, got another`);
    return raw['transactions'].map(decodeTransactionRef);
  }

  /** Gas that the call would use in the state of `at`. Throws `RevertError` when it would revert there. */
  async estimateGas(at: BlockStamp, call: CallRequest): Promise<bigint> {
    const params = [{ ...call, value: toHex(call.value) }, pinned(at)];
    return quantity(await this.rpc.call('eth_estimateGas', params, this.signal), 'a gas estimate');
  }

  /** Runs a call that changes nothing; resolves if it would succeed. */
  async simulate(at: BlockStamp, call: CallRequest): Promise<void> {
    await this.rpc.call('eth_call', [{ ...call, value: toHex(call.value) }, pinned(at)], this.signal);
  }

  async sendRaw(raw: string): Promise<string> {
    return hash32(await this.rpc.call('eth_sendRawTransaction', [raw], this.signal), 'the hash of a sent transaction');
  }

  private async tagged(tag: 'finalized' | 'latest'): Promise<Header> {
    const { method, params } = headerCall(tag);
    const raw = await this.rpc.call(method, params, this.signal);
    if (raw === null) throw new ChainError('NOT_FINAL', 'bnb', `the node has no ${tag} block yet`);
    return decodeHeader(raw);
  }
}

function headerCall(block: string): RpcCall {
  return { method: 'eth_getBlockByNumber', params: [block, false] };
}

function viewCall(at: BlockStamp, one: ContractRead<unknown>): RpcCall {
  return { method: 'eth_call', params: [{ to: one.to, data: one.data }, pinned(at)] };
}
