import { formatAmount } from './amounts.js';
import { SeededRandom } from './seeded-random.js';

export interface ListedToken {
  readonly symbol: string;
  readonly decimals: number;
  /** Price of one token on the first day, hundredths of a USDT. */
  readonly openingCents: bigint;
}

export const BNB: ListedToken = { symbol: 'BNB', decimals: 18, openingCents: 60_000n };

/** What this exchange lists; another token needs a line here and balances for its people. */
export const LISTED: ReadonlyMap<string, ListedToken> = new Map([[BNB.symbol, BNB]]);

/**
 * The price at the end of day `dayIndex` (-1: at the opening): a walk of at most 3 % a day, in hundredths.
 * @returns decimal string in USDT, for example `600.1`
 */
export function priceAt(token: ListedToken, seed: number, dayIndex: number): string {
  let cents = token.openingCents;
  for (let index = 0; index <= dayIndex; index += 1) {
    const perMille = new SeededRandom('price', seed, token.symbol, index).below(61n) - 30n;
    cents += (cents * perMille) / 1000n;
  }
  return formatAmount(cents, 2);
}

/** All listed tokens' prices, by symbol. */
export const pricesAt = (seed: number, dayIndex: number): Record<string, string> =>
  Object.fromEntries([...LISTED.values()].map((token) => [token.symbol, priceAt(token, seed, dayIndex)]));

/** Atoms of a listed token as the decimal string of the edge. */
export function atEdge(atoms: bigint, symbol: string): string {
  const token = LISTED.get(symbol);
  if (!token) throw new Error(`${symbol} is not listed here`);
  return formatAmount(atoms, token.decimals);
}
