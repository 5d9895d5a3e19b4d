import { createHash } from 'node:crypto';
import type { Check, SettledToken } from './day-table.js';
import { callJson } from './http-json.js';
import type { LocalApps } from './local-apps.js';

interface Books {
  readonly token: Readonly<Record<string, { readonly count: number; readonly total: string; readonly digest: string }>>;
  readonly invariants: { readonly checks: Readonly<Record<string, string>> };
}

interface CreditPage {
  readonly items: readonly { readonly id: string; readonly amount: string; readonly state: string }[];
  readonly next: string | null;
}

/**
 * The checks of one lived day: those that the settlement made before it paid, the core's own ledger, and the two sets
 * of books against each other, credit by credit, by id and amount.
 */
export async function compareBooks(
  { apiUrl, coreUrl }: Pick<LocalApps, 'apiUrl' | 'coreUrl'>,
  day: string,
  tokens: Readonly<Record<string, SettledToken>>,
): Promise<Check[]> {
  const books = await callJson<Books>('GET', `${coreUrl}/dev/books?day=${day}`);
  const checks = Object.entries(books.invariants.checks).map(([name, state]): Check => ({
    name: `core: ${name}`,
    passed: state === 'held',
    detail: state,
  }));
  for (const [token, settled] of Object.entries(tokens)) {
    const credits = await creditedBy(apiUrl, day, token);
    const core = books.token[token];
    const same = core?.digest === digestOf(credits);
    checks.push(...(settled.checks ?? []).map((check) => ({ ...check, token })));
    checks.push({ token, name: 'the day is paid', passed: settled.state === 'paid', detail: settled.state });
    checks.push({
      token,
      name: 'both books name the same credits',
      passed: same,
      detail: `the core credited ${core?.count ?? 0} (${core?.total ?? '0'}), we say ${credits.length}`,
    });
  }
  return checks;
}

async function creditedBy(apiUrl: string, day: string, token: string): Promise<CreditPage['items']> {
  const items: CreditPage['items'][number][] = [];
  let cursor = '';
  for (;;) {
    const page = await callJson<CreditPage>(
      'GET',
      `${apiUrl}/v1/credits?day=${day}&token=${token}&state=credited&limit=500${cursor}`,
    );
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

/** The core's digest, made from our list: SHA-256 over `id:amount` lines sorted by id. */
function digestOf(credits: CreditPage['items']): string {
  const hash = createHash('sha256');
  const byId = [...credits].sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  for (const { id, amount } of byId) hash.update(`${id}:${amount}\n`);
  return hash.digest('hex');
}
