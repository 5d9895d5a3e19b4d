import { atoms } from '../money/atoms.js';
import { BNB_RULES, NEAR_RULES, PENNY_RULES } from '../testing/samples.js';
import { tokenRulesProblems } from './token-rules.js';
import type { TokenRules } from './token-rules.js';

describe('tokenRulesProblems', () => {
  it('R29: sound rules have none', () => {
    expect([BNB_RULES, NEAR_RULES, PENNY_RULES].flatMap(tokenRulesProblems)).toEqual([]);
    const widest = {
      decimals: 36,
      payoutDecimals: 36,
      releaseDays: 366,
      feeBps: 10_000,
      maxDailyRatePpb: 1_000_000_000n,
    };
    expect(tokenRulesProblems({ ...BNB_RULES, ...widest, minAtoms: atoms(0n), trendMultiple: 2 })).toEqual([]);
  });

  it.each<[keyof TokenRules, Partial<TokenRules>]>([
    ['token', { token: 'bnb' }],
    ['token', { token: '' }],
    ['token', { token: 'АТОМ' }],
    ['token', { token: 'A'.repeat(17) }],
    ['decimals', { decimals: 37 }],
    ['decimals', { decimals: 18.5 }],
    ['payoutDecimals', { payoutDecimals: 19 }],
    ['payoutDecimals', { payoutDecimals: -1 }],
    ['capAtoms', { capAtoms: atoms(1n) }],
    ['capAtoms', { capAtoms: atoms(0n), minAtoms: atoms(0n) }],
    ['releaseDays', { releaseDays: 0 }],
    ['releaseDays', { releaseDays: 367 }],
    ['feeBps', { feeBps: -1 }],
    ['feeBps', { feeBps: 10_001 }],
    ['countedBalance', { countedBalance: 'all' as never }],
    ['maxDailyRatePpb', { maxDailyRatePpb: 0n }],
    ['maxDailyRatePpb', { maxDailyRatePpb: 1_000_000_001n }],
    ['trendMultiple', { trendMultiple: 1 }],
    ['rulesVersion', { rulesVersion: '' }],
  ])('R29: a bad %s is named: %p', (field, change) => {
    const problems = tokenRulesProblems({ ...BNB_RULES, ...change });
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.detail).not.toBe('');
  });

  it('R29: several problems are all named at once', () => {
    expect(tokenRulesProblems({ ...BNB_RULES, feeBps: -1, releaseDays: 0 })).toHaveLength(2);
  });
});
