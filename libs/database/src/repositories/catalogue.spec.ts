import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CatalogueError, parseCatalogue } from './catalogue.js';

const GOOD = readFileSync(join(process.cwd(), 'config/tokens.yaml'), 'utf8');

function problemsOf(text: string): readonly string[] {
  try {
    parseCatalogue(text);
  } catch (error) {
    if (error instanceof CatalogueError) return error.problems;
    throw error;
  }
  return [];
}

describe('config/tokens.yaml', () => {
  it('R29: the committed catalogue is valid and names its rules version', () => {
    expect(parseCatalogue(GOOD).tokens['BNB']?.rules[0]).toMatchObject({
      minimum: '0.5',
      cap: '1000',
      rulesVersion: '2026-01',
    });
  });

  /** name, what to replace, by what, what the one line must say */
  const BAD: readonly (readonly [string, string | RegExp, string, RegExp])[] = [
    ['minimum above the cap', "minimum: '0.5'", "minimum: '1000.5'", /minimum 1000\.5 is above cap 1000/],
    [
      'an amount that is a number',
      "minimum: '0.5'",
      'minimum: 0.5',
      /tokens\.BNB\.rules\.0\.minimum: .*expected string/,
    ],
    [
      'an amount with an exponent',
      "cap: '1000'",
      "cap: '1e3'",
      /tokens\.BNB\.rules\.0\.cap: whole tokens as a quoted string/,
    ],
    [
      'more decimals than the token has',
      "minimum: '0.5'",
      "minimum: '0.5000000000000000001'",
      /minimum: .* more decimals than the token's 18/,
    ],
    [
      'a ledger finer than the chain',
      'payoutDecimals: 8',
      'payoutDecimals: 20',
      /payoutDecimals: 20 is finer than the chain's 18/,
    ],
    ['a fee above everything', 'feeBps: 0', 'feeBps: 10001', /feeBps/],
    ['a negative fee', 'feeBps: 0', 'feeBps: -1', /feeBps/],
    ['no release at all', 'releaseDays: 1', 'releaseDays: 0', /releaseDays/],
    ['an unknown key', 'feeBps: 0', 'feeBps: 0\n        maxCapp: 3', /Unrecognized key: "maxCapp"/],
    ['an unknown counted balance', 'countedBalance: free', 'countedBalance: all', /countedBalance/],
    [
      'one person for both parts',
      'approvedBy: founders',
      'approvedBy: catalogue',
      /same person \(catalogue\), it takes two/,
    ],
    ['a day that is none', 'listedFrom: 2025-01-01', 'listedFrom: 2025-1-1', /listedFrom: a day like/],
    [
      'no rule on the first listed day',
      'listedFrom: 2025-01-01',
      'listedFrom: 2024-01-01',
      /none is in force on 2024-01-01/,
    ],
    ['a token twice', 'tokens:\n', 'tokens:\n  BNB: { name: again }\n', /not YAML: .*unique/],
    ['an alias that is taken', 'aliases: []', 'aliases: [BNB]', /the name BNB is taken by BNB/],
    ['nothing said for other regions', "region: '*'", 'region: DE', /regions: no line for '\*'/],
    ['a symbol in lower case', '  BNB:\n', '  bnb:\n', /a symbol like BNB/],
    ['broken YAML', 'tokens:', 'tokens: [', /not YAML/],
    ['an empty file', /[^]*/, '', /\(root\)/],
  ];
  it.each(BAD)('refuses %s with one line that says where', (_name, what, by, line) => {
    const text = GOOD.replace(what, by);
    expect(text).not.toBe(GOOD);
    const problems = problemsOf(text);
    expect(problems.filter((problem) => line.test(problem))).toHaveLength(1);
    expect(problems.every((problem) => !problem.includes('\n'))).toBe(true);
  });

  it('tells all problems at once', () => {
    expect(
      problemsOf(GOOD.replace('feeBps: 0', 'feeBps: -1').replace('releaseDays: 1', 'releaseDays: 0')),
    ).toHaveLength(2);
  });
});
