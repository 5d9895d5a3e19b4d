import { amountOf, formatAmount } from './amounts.js';
import { SeededRandom } from './seeded-random.js';

export interface ListedToken {
  readonly symbol: string;
  readonly decimals: number;
  /** Price of one token on the first day, hundredths of a USDT. */
  readonly openingCents: bigint;
  /** The limits that its users know of, whole tokens: some of them live at the edges. */
  readonly minimum: string;
  readonly cap: string;
  /** So many of it where somebody has one BNB: the people and their habits are written in sizes of BNB. */
  readonly perBnb: bigint;
}

/** What this exchange can list; another token needs a line here. */
export const LISTED: ReadonlyMap<string, ListedToken> = new Map(
  (
    [
      { symbol: 'BNB', decimals: 18, openingCents: 60_000n, minimum: '0.5', cap: '1000', perBnb: 1n },
      { symbol: 'SOL', decimals: 9, openingCents: 15_000n, minimum: '1', cap: '10000', perBnb: 4n },
      { symbol: 'ATOM', decimals: 6, openingCents: 450n, minimum: '0.5', cap: '50000', perBnb: 15n },
      { symbol: 'DOT', decimals: 10, openingCents: 400n, minimum: '0.1', cap: '50000', perBnb: 15n },
    ] satisfies ListedToken[]
  ).map((token) => [token.symbol, token]),
);

export function listedToken(symbol: string): ListedToken {
  const token = LISTED.get(symbol);
  if (!token) throw new Error(`${symbol} is not listed here`);
  return token;
}

/** The size that is `bnb` BNB among holders of BNB, in atoms of this token. */
export function sizeIn(token: ListedToken, bnb: string): bigint {
  return scaled(token, amountOf(bnb, SIZE_DECIMALS));
}

/** The same for a size that was drawn in atoms of BNB. */
export function scaled(token: ListedToken, bnbAtoms: bigint): bigint {
  return (bnbAtoms * token.perBnb) / 10n ** BigInt(SIZE_DECIMALS - token.decimals);
}

/** Orders are made to 8 decimals, or as fine as the token is. */
export const tickOf = ({ decimals }: ListedToken): bigint => 10n ** BigInt(Math.max(0, decimals - ORDER_DECIMALS));

const SIZE_DECIMALS = 18;
const ORDER_DECIMALS = 8;

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

/** The prices of these tokens, by symbol. */
export const pricesAt = (tokens: readonly string[], seed: number, dayIndex: number): Record<string, string> =>
  Object.fromEntries(tokens.map((symbol) => [symbol, priceAt(listedToken(symbol), seed, dayIndex)]));

/** Atoms of a listed token as the decimal string of the edge. */
export function atEdge(atoms: bigint, symbol: string): string {
  return formatAmount(atoms, listedToken(symbol).decimals);
}
