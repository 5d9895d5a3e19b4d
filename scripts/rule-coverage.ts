import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

/** Rules that docs/rules.md states as built: its `### R20 …` headings. */
export function rulesOf(markdown: string): string[] {
  return [...markdown.matchAll(/^### (R\d+)\b/gm)].map((match) => match[1] as string);
}

/** Rules quoted at the start of test names: `it('R20: …')`, `it('R3, R5: …')`, `test.each(…)('R8: …')`. */
export function rulesQuotedIn(source: string): Set<string> {
  const quoted = new Set<string>();
  for (const [, names] of source.matchAll(
    /(?:\b(?:it|test)(?:\.\w+)*\(|\)\()\s*['"`]((?:R\d+[a-c]?(?:,\s*|\s+and\s+|\/|–|-)?)+)[^'"`]*:/g,
  )) {
    for (const [rule] of (names ?? '').matchAll(/R\d+/g)) quoted.add(rule);
  }
  return quoted;
}

function main(): void {
  const rules = rulesOf(readFileSync('docs/rules.md', 'utf8'));
  const specs = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.spec.ts'], {
    encoding: 'utf8',
  })
    .split('\n')
    .filter(Boolean);
  const tests = new Map<string, number>(rules.map((rule) => [rule, 0]));
  for (const spec of specs) {
    for (const rule of rulesQuotedIn(readFileSync(spec, 'utf8'))) tests.set(rule, (tests.get(rule) ?? 0) + 1);
  }
  const bare = rules.filter((rule) => tests.get(rule) === 0);
  if (bare.length > 0) {
    console.error(`no test quotes ${bare.join(', ')}: name one like it('${bare[0]}: …')`);
    process.exitCode = 1;
    return;
  }
  console.log(`rules: ${rules.length} in docs/rules.md, each quoted by a test (${specs.length} spec files)`);
}

if (process.argv[1]?.endsWith('rule-coverage.js')) main();
