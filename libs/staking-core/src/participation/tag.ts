import type { Atoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';
import { parseAmount } from '../money/parse-amount.js';

export interface TagCandidate {
  readonly token: string;
  readonly decimals: number;
  /** Current counted balance (R7). */
  readonly countedAtoms: Atoms;
  readonly minAtoms: Atoms;
  /** Price of one whole token as a decimal string (at most 18 decimals); null: the core sent none. */
  readonly price: string | null;
}

export interface Tag {
  readonly token: string;
  readonly colour: 'grey' | 'yellow';
}

/** R12: the token that shows the tag: the one worth most among those at or above their minimum. Ties: symbol order.
 *  Tokens without a price come after those with one, among themselves by balance over minimum. Null: none qualifies. */
export function tagFor(candidates: readonly TagCandidate[], active: boolean): Tag | null {
  const best = candidates
    .filter((one) => one.countedAtoms >= one.minAtoms && one.countedAtoms > 0n)
    .sort(worthMostFirst)
    .at(0);
  return best === undefined ? null : { token: best.token, colour: active ? 'yellow' : 'grey' };
}

function worthMostFirst(a: TagCandidate, b: TagCandidate): number {
  if (a.price !== null && b.price === null) return -1;
  if (a.price === null && b.price !== null) return 1;
  const [left, right] = a.price !== null && b.price !== null ? values(a, b) : multiplesOfMinimum(a, b);
  if (left !== right) return left > right ? -1 : 1;
  if (a.token === b.token) return 0;
  return a.token < b.token ? -1 : 1;
}

/** balance x price, brought to one scale: exact, no division. */
function values(a: TagCandidate, b: TagCandidate): [bigint, bigint] {
  const left = a.countedAtoms * priceAtoms(a) * 10n ** BigInt(b.decimals);
  const right = b.countedAtoms * priceAtoms(b) * 10n ** BigInt(a.decimals);
  return [left, right];
}

function multiplesOfMinimum(a: TagCandidate, b: TagCandidate): [bigint, bigint] {
  return [a.countedAtoms * b.minAtoms, b.countedAtoms * a.minAtoms];
}

function priceAtoms(of: TagCandidate): bigint {
  const parsed = parseAmount(of.price, 18);
  invariant(parsed.ok, 'a price is a decimal string with at most 18 decimals', { token: of.token, price: of.price });
  return parsed.atoms;
}
