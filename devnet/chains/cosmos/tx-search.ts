import type { Block, CosmosChain, TxPlace } from './cosmos-chain.js';
import { txHash } from './transactions.js';

interface Condition {
  readonly key: string;
  readonly operator: '=' | '>' | '<' | '>=' | '<=';
  readonly value: string;
}

/** CometBFT's search: conditions joined by AND; those about one event type hold within one event. Oldest first. */
export function searchTransactions(chain: CosmosChain, text: string): TxPlace[] {
  const conditions = text.split(/\s+AND\s+/).map(parse);
  const hash = conditions.find((one) => one.key === 'tx.hash');
  if (hash !== undefined) {
    const place = chain.find(hash.value.toUpperCase());
    return place === undefined ? [] : [place];
  }
  const found: TxPlace[] = [];
  const [low, high] = range(conditions, chain.height);
  for (let height = low; height <= high; height++) {
    const block = chain.block(height);
    block?.txs.forEach((bytes, index) => {
      const first = chain.find(txHash(bytes));
      if (first?.height === height && first.index === index && matches(block, index, conditions)) found.push(first);
    });
  }
  return found;
}

function parse(text: string): Condition {
  const match = /^\s*([\w.]+)\s*(>=|<=|=|>|<)\s*(?:'([^']*)'|(\d+))\s*$/.exec(text);
  if (match?.[1] === undefined) throw new Error(`failed to parse query: ${text}`);
  return { key: match[1], operator: match[2] as Condition['operator'], value: match[3] ?? match[4] ?? '' };
}

function range(conditions: readonly Condition[], head: bigint): [bigint, bigint] {
  let [low, high] = [1n, head];
  for (const { key, operator, value } of conditions) {
    if (key !== 'tx.height') continue;
    const height = BigInt(value);
    if (operator === '=' || operator === '>=') low = height > low ? height : low;
    if (operator === '>') low = height + 1n > low ? height + 1n : low;
    if (operator === '=' || operator === '<=') high = height < high ? height : high;
    if (operator === '<') high = height - 1n < high ? height - 1n : high;
  }
  return [low, high];
}

function matches(block: Block, index: number, conditions: readonly Condition[]): boolean {
  const events = block.results[index]?.events ?? [];
  const wanted = new Map<string, [string, string][]>();
  for (const { key, value } of conditions) {
    if (key === 'tx.height') continue;
    const dot = key.indexOf('.');
    const type = key.slice(0, dot);
    wanted.set(type, [...(wanted.get(type) ?? []), [key.slice(dot + 1), value]]);
  }
  return [...wanted].every(([type, pairs]) =>
    events.some(
      (event) =>
        event.type === type &&
        pairs.every(([name, value]) => event.attributes.some(([key, has]) => key === name && has === value)),
    ),
  );
}
