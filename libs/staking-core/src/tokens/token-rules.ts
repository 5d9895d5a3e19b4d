import type { Atoms } from '../money/atoms.js';
import { isWholeNumber } from '../money/whole-number.js';

/** R7: which part of the Spot balance counts. */
export type CountedBalanceMode = 'free' | 'free+locked';

/** The rules of one token that hold for one whole UTC day (R10, R29). Data, never constants. */
export interface TokenRules {
  readonly token: string;
  /** On chain. */
  readonly decimals: number;
  /** In the exchange's ledger; never finer than the chain (R20). */
  readonly payoutDecimals: number;
  /** R10: an average of at least this much qualifies. */
  readonly minAtoms: Atoms;
  /** R10: what of an average, or of an owner's averages together, counts at most. */
  readonly capAtoms: Atoms;
  /** R15: K, the number of equal daily parts a reward is released in. */
  readonly releaseDays: number;
  /** R16: the exchange's fee on the users' part, in basis points; 0 by default. */
  readonly feeBps: number;
  readonly countedBalance: CountedBalanceMode;
  /** R22b: highest plausible daily yield, in parts per billion of the stake (BNB at 20 % a year: about 550_000n). */
  readonly maxDailyRatePpb: bigint;
  /** R22c: a pool above this many times the mean of the days before is held. */
  readonly trendMultiple: number;
  /** R29: frozen version of the rules themselves; each settled day names it. */
  readonly rulesVersion: string;
}

export interface TokenRulesProblem {
  readonly field: keyof TokenRules;
  readonly detail: string;
}

/** Everything that is wrong with a set of rules, one line each; empty: it can be put in force. */
export function tokenRulesProblems(rules: TokenRules): TokenRulesProblem[] {
  const problems: TokenRulesProblem[] = [];
  const expect = (holds: boolean, field: keyof TokenRules, detail: string): void => {
    if (!holds) problems.push({ field, detail });
  };
  expect(/^[A-Z][A-Z0-9]{0,15}$/.test(rules.token), 'token', 'a symbol such as BNB');
  expect(isWholeNumber(rules.decimals, 0, 36), 'decimals', 'a whole number from 0 to 36');
  expect(isWholeNumber(rules.payoutDecimals, 0, 36), 'payoutDecimals', 'a whole number from 0 to 36');
  expect(rules.payoutDecimals <= rules.decimals, 'payoutDecimals', 'not more than decimals: no finer than the chain');
  expect(rules.capAtoms > 0n, 'capAtoms', 'above zero');
  expect(rules.capAtoms >= rules.minAtoms, 'capAtoms', 'at least the minimum');
  expect(isWholeNumber(rules.releaseDays, 1, 366), 'releaseDays', 'a whole number from 1 to 366');
  expect(isWholeNumber(rules.feeBps, 0, 10_000), 'feeBps', 'a whole number from 0 to 10000');
  expect(['free', 'free+locked'].includes(rules.countedBalance), 'countedBalance', '"free" or "free+locked"');
  expect(
    rules.maxDailyRatePpb > 0n && rules.maxDailyRatePpb <= 1_000_000_000n,
    'maxDailyRatePpb',
    'from 1 to 1000000000',
  );
  expect(isWholeNumber(rules.trendMultiple, 2, 1_000), 'trendMultiple', 'a whole number from 2');
  expect(rules.rulesVersion !== '', 'rulesVersion', 'the name of a version: there is no default');
  return problems;
}
