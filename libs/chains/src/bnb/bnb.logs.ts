import { ChainError } from '../chain-error.js';
import { LogRangeError } from '../rpc/rpc-fault.js';
import type { BnbClient, LogFilter } from './bnb.client.js';
import { badAnswer, type Header, type RawLog } from './bnb.decode.js';

export interface LogRange {
  /** Lowest and highest block, both included. */
  readonly from: bigint;
  readonly to: bigint;
  /** Blocks asked for at once at most; halved when the endpoint finds that too many. */
  readonly maxBlocks: bigint;
}

/** A log together with the header of its block, which says when it happened. */
export interface TimedLog extends RawLog {
  readonly block: Header;
}

/**
 * Every log of the range that one of the filters matches, oldest first, each once. Each is held against its filter and
 * against the header of its block on the same endpoint, so a log of another branch or of another contract is refused.
 */
export async function collectLogs(
  client: BnbClient,
  filters: readonly LogFilter[],
  range: LogRange,
): Promise<TimedLog[]> {
  const found = new Map<string, RawLog>();
  let width = range.maxBlocks;
  for (let from = range.from; from <= range.to;) {
    const to = from + width - 1n < range.to ? from + width - 1n : range.to;
    let answers: RawLog[][];
    try {
      answers = await client.logs(filters, from, to);
    } catch (error) {
      if (!(error instanceof LogRangeError)) throw error;
      if (width === 1n)
        throw new ChainError('REFUSED', 'bnb', 'the endpoint gives logs of not even one block', { cause: error });
      width /= 2n;
      continue;
    }
    for (const [i, logs] of answers.entries()) {
      for (const log of logs) keep(found, log, filters[i], from, to);
    }
    from = to + 1n;
    if (width < range.maxBlocks) width = width * 2n < range.maxBlocks ? width * 2n : range.maxBlocks;
  }
  return withHeaders(client, [...found.values()].sort(byPlace));
}

/** The logs with the headers of their blocks. Throws `BLOCK_UNKNOWN` when a log's block is not the one at its height. */
export async function withHeaders(client: BnbClient, logs: readonly RawLog[]): Promise<TimedLog[]> {
  const heights = [...new Set(logs.map((log) => log.height))];
  const headers = new Map((await client.headers(heights)).map((header) => [header.height, header]));
  return logs.map((log) => {
    const block = headers.get(log.height);
    if (block?.hash !== log.blockHash) {
      throw new ChainError('BLOCK_UNKNOWN', 'bnb', `a log of ${log.txid} is of a block that is not on this chain`);
    }
    return { ...log, block };
  });
}

export function byPlace(a: RawLog, b: RawLog): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1;
  return a.logIndex < b.logIndex ? -1 : a.logIndex > b.logIndex ? 1 : 0;
}

function keep(found: Map<string, RawLog>, log: RawLog, filter: LogFilter | undefined, from: bigint, to: bigint): void {
  if (filter === undefined || !matches(log, filter)) throw badAnswer('a log that was not asked for', log.txid);
  if (log.height < from || log.height > to) throw badAnswer(`a log of block ${log.height}, asked for ${from} to ${to}`);
  const key = `${log.blockHash}:${log.logIndex}`;
  const known = found.get(key);
  if (known !== undefined && (known.data !== log.data || known.topics.join() !== log.topics.join())) {
    throw badAnswer('one log came with two contents', log.txid);
  }
  found.set(key, log);
}

function matches(log: RawLog, filter: LogFilter): boolean {
  const addresses = typeof filter.address === 'string' ? [filter.address] : filter.address;
  if (!addresses.includes(log.address)) return false;
  return filter.topics.every((wanted, i) => {
    if (wanted === null) return true;
    const topic = log.topics[i];
    return topic !== undefined && (typeof wanted === 'string' ? [wanted] : wanted).includes(topic);
  });
}
