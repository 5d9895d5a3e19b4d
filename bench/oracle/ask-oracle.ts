import { DAY_LENGTH, type BenchUser, type Population } from '../generate/population.js';
import { TOKENS } from '../generate/tokens.js';
import type { FeedEvent } from '../generate/trading-day.js';
import type { PoolOfToken } from '../generate/write-database.js';
import { DayOracle, type OracleSpan, type OracleToken } from './day-oracle.js';

/** An oracle that knows who holds what at 00:00, and when it counts. */
export function oracleOf(population: Population): DayOracle {
  const oracle = new DayOracle();
  const newborn = new Set(population.newborn);
  const quarantined = new Set(population.quarantined);
  let user: BenchUser | undefined;
  for (let position = 0; position < population.positions; position += 1) {
    const index = population.userOf(position);
    if (user?.index !== index) user = population.user(index);
    const token = population.tokenOf[position]!;
    const counts = quarantined.has(position) ? [] : countingSpans(user, token);
    const opening = newborn.has(position) ? 0n : population.opening[position]!;
    oracle.open(position, { user: user.name, owner: user.owner, token }, opening, counts);
  }
  return oracle;
}

/** The same, for the running balances themselves: everybody's whole day. */
export function balanceOracleOf(population: Population): DayOracle {
  const oracle = new DayOracle();
  const newborn = new Set(population.newborn);
  for (let position = 0; position < population.positions; position += 1) {
    const user = `u${population.userOf(position)}`;
    const opening = newborn.has(position) ? 0n : population.opening[position]!;
    oracle.open(position, { user, owner: null, token: population.tokenOf[position]! }, opening, WHOLE);
  }
  return oracle;
}

/** Only lines of the measured day that came in time have a say in it. */
export function tell(oracle: DayOracle, event: FeedEvent): void {
  if (event.day === 0 && !event.late) oracle.says(event.position, event.ms, event.free);
}

export function oracleTokens(pools: readonly PoolOfToken[]): OracleToken[] {
  return pools.map(({ token, released, stake }) => {
    const { symbol, minimum, cap, decimals, payoutDecimals } = TOKENS[token]!;
    return { symbol, minimum, cap, unit: 10n ** BigInt(decimals - payoutDecimals), released, stake };
  });
}

const WHOLE: readonly OracleSpan[] = [{ from: 0, to: DAY_LENGTH }];
const NEVER: readonly OracleSpan[] = [];

function countingSpans(user: BenchUser, token: number): readonly OracleSpan[] {
  if (user.on === null) return NEVER;
  // One list for nearly all: a million of their own would be a gigabyte.
  if (user.on.from <= 0 && user.on.to >= DAY_LENGTH && user.cuts.length === 0) return WHOLE;
  let spans: OracleSpan[] = [{ from: Math.max(0, user.on.from), to: Math.min(DAY_LENGTH, user.on.to) }];
  for (const cut of user.cuts) {
    if (cut.token !== null && cut.token !== token) continue;
    spans = spans.flatMap((span) => [
      { from: span.from, to: Math.min(span.to, cut.from) },
      { from: Math.max(span.from, cut.to), to: span.to },
    ]);
  }
  return spans.filter((span) => span.to > span.from);
}
