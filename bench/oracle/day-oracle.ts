/*
 * The day once more, as slowly and plainly as it can be said: every stretch between two events is its balance times its
 * milliseconds. It shares no line with the product and none with what the generator knows of running balances; numbers
 * in, numbers out. A run whose hash differs from this one has no time.
 */
import { createHash } from 'node:crypto';

export interface OracleSpan {
  readonly from: number;
  readonly to: number;
}

export interface OracleToken {
  readonly symbol: string;
  readonly minimum: bigint;
  readonly cap: bigint;
  /** Atoms of the smallest credit. */
  readonly unit: bigint;
  readonly released: bigint;
  readonly stake: bigint;
}

export interface OracleTotals {
  readonly token: string;
  readonly users: number;
  readonly qualifying: bigint;
  readonly pool: bigint;
  readonly paid: bigint;
  /** sha256 of `user|token|reward` lines, sorted by user. */
  readonly hash: string;
}

const DAY = 86_400_000;

interface Held {
  readonly user: string;
  readonly owner: string | null;
  readonly token: number;
  readonly counts: readonly OracleSpan[];
  since: number;
  balance: bigint;
  sum: bigint;
}

export class DayOracle {
  private readonly held = new Map<number, Held>();

  /** @param counts stretches of the day in which the balance counts, apart from each other */
  open(
    position: number,
    who: { readonly user: string; readonly owner: string | null; readonly token: number },
    balance: bigint,
    counts: readonly OracleSpan[],
  ): void {
    this.held.set(position, { ...who, counts, since: 0, balance, sum: 0n });
  }

  /** The balance is `free` from `ms` on. Lines come in the order of time. */
  says(position: number, ms: number, free: bigint): void {
    const held = this.held.get(position);
    if (held === undefined) throw new Error(`the oracle does not know position ${position}`);
    held.sum += held.balance * counted(held.counts, held.since, ms);
    held.since = ms;
    held.balance = free;
  }

  /** Lines `user|token|balance x milliseconds`, every position of the day. */
  integralHash(symbols: readonly string[]): string {
    const lines: string[] = [];
    for (const held of this.held.values()) {
      lines.push(`${held.user}|${symbols[held.token]!}|${whole(held)}`);
    }
    return hashOf(lines);
  }

  rewards(tokens: readonly OracleToken[]): OracleTotals[] {
    const byToken = tokens.map((): Held[] => []);
    for (const held of this.held.values()) byToken[held.token]!.push(held);
    return tokens.map((token, index) => share(token, byToken[index]!));
  }
}

/** One hash over all tokens, in the order of their symbols. */
export function overallHash(totals: readonly { readonly token: string; readonly hash: string }[]): string {
  const sorted = [...totals].sort((a, b) => (a.token < b.token ? -1 : 1));
  return createHash('sha256')
    .update(sorted.map((one) => `${one.token} ${one.hash}\n`).join(''))
    .digest('hex');
}

export function hashOf(lines: string[]): string {
  lines.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const digest = createHash('sha256');
  for (const line of lines) digest.update(line).update('\n');
  return digest.digest('hex');
}

function share(token: OracleToken, all: readonly Held[]): OracleTotals {
  const qualified = all
    .map((held) => ({ held, average: whole(held) / BigInt(DAY), weight: 0n }))
    .filter((one) => one.average >= token.minimum);
  const owners = new Map<string, bigint>();
  for (const { held, average } of qualified) {
    if (held.owner !== null) owners.set(held.owner, (owners.get(held.owner) ?? 0n) + average);
  }
  for (const one of qualified) {
    const together = one.held.owner === null ? one.average : owners.get(one.held.owner)!;
    one.weight = together > token.cap ? (token.cap * one.average) / together : one.average;
  }
  const weighed = qualified.filter((one) => one.weight > 0n);
  let qualifying = 0n;
  for (const one of weighed) qualifying += one.weight;
  let pool = 0n;
  if (qualifying > 0n) {
    pool = qualifying >= token.stake ? token.released : (token.released * qualifying) / token.stake;
  }
  let paid = 0n;
  const lines: string[] = [];
  for (const one of weighed) {
    const exact = (pool * one.weight) / qualifying;
    const reward = (exact / token.unit) * token.unit;
    paid += reward;
    lines.push(`${one.held.user}|${token.symbol}|${reward}`);
  }
  return { token: token.symbol, users: weighed.length, qualifying, pool, paid, hash: hashOf(lines) };
}

function whole(held: Held): bigint {
  return held.sum + held.balance * counted(held.counts, held.since, DAY);
}

function counted(counts: readonly OracleSpan[], from: number, to: number): bigint {
  let length = 0;
  for (const span of counts) {
    const start = span.from > from ? span.from : from;
    const end = span.to < to ? span.to : to;
    if (end > start) length += end - start;
  }
  return BigInt(length);
}
