import { parseAmount, type Atoms } from '@app/staking-core';
import { parse } from 'yaml';
import { z } from 'zod';

const DAY = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'a day like 2026-01-31');
const AMOUNT = z.string().regex(/^(0|[1-9][0-9]*)(\.[0-9]+)?$/, "whole tokens as a quoted string, like '0.5'");
const SYMBOL = z.string().regex(/^[A-Z0-9]{1,12}$/, 'a symbol like BNB');

const RULE = z.strictObject({
  from: DAY,
  minimum: AMOUNT,
  cap: AMOUNT,
  releaseDays: z.int().min(1).max(60),
  feeBps: z.int().min(0).max(10_000),
  countedBalance: z.enum(['free', 'free+locked']),
  maxDailyRatePpb: z.int().positive(),
  trendMultiple: z.int().min(2),
  rulesVersion: z.string().min(1),
  madeBy: z.string().min(1),
  approvedBy: z.string().min(1),
});
const TOKEN = z.strictObject({
  name: z.string().min(1),
  chain: z.string().min(1),
  decimals: z.int().min(0).max(30),
  payoutDecimals: z.int().min(0).max(30),
  aliases: z.array(SYMBOL),
  listedFrom: DAY,
  delistedFrom: DAY.optional(),
  rules: z.array(RULE).min(1),
});
const CATALOGUE = z.strictObject({
  terms: z
    .array(
      z.strictObject({
        version: z.string().min(1),
        validFrom: z.iso.datetime(),
        acceptedUntil: z.iso.datetime().optional(),
      }),
    )
    .min(1),
  regions: z.array(z.strictObject({ region: z.string().min(1), from: DAY, allowed: z.boolean() })).min(1),
  tokens: z.record(SYMBOL, TOKEN),
});

export type CatalogueToken = z.infer<typeof TOKEN>;
export type CatalogueRule = z.infer<typeof RULE>;
export type Catalogue = z.infer<typeof CATALOGUE>;

/** Everything wrong with the catalogue, one line a problem: where, what was found, what is allowed. */
export class CatalogueError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(
      `config/tokens.yaml has ${problems.length} problem(s):\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    );
    this.name = 'CatalogueError';
  }
}

/** Text of config/tokens.yaml -> the catalogue, or a `CatalogueError` with every problem at once. */
export function parseCatalogue(text: string): Catalogue {
  let raw: unknown;
  try {
    // Days stay text: the YAML timestamp type would turn them into moments.
    raw = parse(text, { schema: 'core', uniqueKeys: true });
  } catch (error) {
    throw new CatalogueError([`not YAML: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`]);
  }
  const parsed = CATALOGUE.safeParse(raw);
  if (!parsed.success) {
    const sentence = (issue: z.core.$ZodIssue) =>
      issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    throw new CatalogueError(
      parsed.error.issues.map((issue) => `${issue.path.join('.') || '(root)'}: ${sentence(issue)}`),
    );
  }
  const problems = contradictions(parsed.data);
  if (problems.length > 0) throw new CatalogueError(problems);
  return parsed.data;
}

/** Whole tokens of the catalogue -> atoms. Throws only for what `parseCatalogue` has refused before. */
export function catalogueAtoms(amount: string, decimals: number): Atoms {
  const parsed = parseAmount(amount, decimals);
  if (!parsed.ok) throw new CatalogueError([`${amount}: ${parsed.code}`]);
  return parsed.atoms;
}

function contradictions(catalogue: Catalogue): string[] {
  const names = new Map<string, string>();
  const problems: string[] = [];
  if (!catalogue.regions.some((rule) => rule.region === '*')) {
    problems.push("regions: no line for '*'; what holds for a region without a line must be said");
  }
  for (const [symbol, token] of Object.entries(catalogue.tokens)) {
    for (const name of [symbol, ...token.aliases]) {
      const other = names.get(name);
      if (other !== undefined) problems.push(`tokens.${symbol}: the name ${name} is taken by ${other}`);
      names.set(name, symbol);
    }
    if (token.payoutDecimals > token.decimals) {
      problems.push(
        `tokens.${symbol}.payoutDecimals: ${token.payoutDecimals} is finer than the chain's ${token.decimals}`,
      );
    }
    problems.push(...token.rules.flatMap((rule) => ruleProblems(`tokens.${symbol}.rules[${rule.from}]`, token, rule)));
    if (new Set(token.rules.map((rule) => rule.from)).size < token.rules.length) {
      problems.push(`tokens.${symbol}.rules: two entries start on the same day`);
    }
    if (!token.rules.some((rule) => rule.from <= token.listedFrom)) {
      problems.push(
        `tokens.${symbol}.rules: none is in force on ${token.listedFrom}, the first listed day (there is no default)`,
      );
    }
  }
  return problems;
}

function ruleProblems(where: string, token: CatalogueToken, rule: CatalogueRule): string[] {
  const minimum = parseAmount(rule.minimum, token.decimals);
  const cap = parseAmount(rule.cap, token.decimals);
  if (!minimum.ok)
    return [
      `${where}.minimum: ${rule.minimum} has more decimals than the token's ${token.decimals} or is out of range`,
    ];
  if (!cap.ok)
    return [`${where}.cap: ${rule.cap} has more decimals than the token's ${token.decimals} or is out of range`];
  const problems: string[] = [];
  if (minimum.atoms > cap.atoms) problems.push(`${where}: minimum ${rule.minimum} is above cap ${rule.cap}`);
  if (rule.madeBy === rule.approvedBy)
    problems.push(`${where}: made and approved by the same person (${rule.madeBy}), it takes two`);
  return problems;
}
