import { dayAt, instantAt } from './calendar.js';
import type { Population } from './population.js';
import { DAY_LENGTH } from './population.js';
import { TOKENS } from './tokens.js';
import { type FeedEvent, SHARDS } from './trading-day.js';

/** One line of `POST /v1/spot-events`, amounts in whole tokens as the contract has them. */
export function feedLine(population: Population, event: FeedEvent): string {
  const token = TOKENS[population.tokenOf[event.position]!]!;
  const user = `u${population.userOf(event.position)}`;
  const at = instantAt(event.day * DAY_LENGTH + event.ms)!;
  const delta = event.snapshot ? '' : `"delta":"${decimal(event.delta, token.decimals)}",`;
  const cause = event.snapshot ? 'snapshot' : 'trade';
  return `{"shard":${event.shard},"seq":${event.seq},"user":"${user}","token":"${token.symbol}","at":"${at}",${delta}"free":"${decimal(event.free, token.decimals)}","locked":"0","cause":"${cause}"}\n`;
}

/** The marks by which all shards close a day. */
export function markLines(day: number, seqs: readonly number[]): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => {
    return `{"shard":${shard},"seq":${seqs[shard]!},"endOfDay":"${dayAt(day)}"}\n`;
  });
}

function decimal(atoms: bigint, decimals: number): string {
  const digits = (atoms < 0n ? -atoms : atoms).toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  return `${atoms < 0n ? '-' : ''}${digits.slice(0, -decimals)}${fraction === '' ? '' : `.${fraction}`}`;
}
