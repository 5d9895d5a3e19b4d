import { addDays, type UtcDay, utcDay } from '@app/staking-core';

/** A leaf of `reward`: one token's day as the settlement made it, or some days of all tokens, folded. */
export type RewardLeaf =
  | { readonly kind: 'token-day'; readonly name: string; readonly day: UtcDay; readonly token: string }
  | { readonly kind: 'folded'; readonly name: string; readonly from: UtcDay; readonly to: UtcDay };

/** Days `[from, to)`. */
export interface DayRange {
  readonly from: UtcDay;
  readonly to: UtcDay;
}

const TOKEN_DAY = /^reward_(\d{8})_([a-z0-9]{1,12})$/;
const FOLDED = /^reward_(\d{8})_to_(\d{8})$/;

/** `reward_20261112_to_20261120`: no symbol has an underscore. */
export function foldedLeafName({ from, to }: DayRange): string {
  return `reward_${from.replaceAll('-', '')}_to_${to.replaceAll('-', '')}`;
}

/** What its name says of a leaf. Undefined: not a name that we give. */
export function rewardLeafOf(name: string): RewardLeaf | undefined {
  const folded = FOLDED.exec(name);
  if (folded) return { kind: 'folded', name, from: dayOfDigits(folded[1]!), to: dayOfDigits(folded[2]!) };
  const tokenDay = TOKEN_DAY.exec(name);
  if (!tokenDay) return undefined;
  return { kind: 'token-day', name, day: dayOfDigits(tokenDay[1]!), token: tokenDay[2]!.toUpperCase() };
}

/** First day, and the first one after the last. */
export function daysOf(leaf: RewardLeaf): DayRange {
  return leaf.kind === 'folded' ? leaf : { from: leaf.day, to: addDays(leaf.day, 1) };
}

/** Newest first, symbols in order within a day: the order in which everybody opens them, so that nobody waits in a circle. */
export function newestFirst(a: RewardLeaf, b: RewardLeaf): number {
  const [first, second] = [daysOf(a), daysOf(b)];
  if (first.from !== second.from) return first.from < second.from ? 1 : -1;
  return a.name < b.name ? -1 : 1;
}

function dayOfDigits(digits: string): UtcDay {
  return utcDay(`${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`);
}
