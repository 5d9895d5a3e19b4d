import type { CreditDifference, CreditItem, ReconciliationResult, SettlementState, TokenDay } from '@app/database';
import { atoms, creditId, parseCreditId } from '@app/staking-core';
import type { Credit } from '../core/core-client.js';
import type { SettlementTools } from '../settlement-tools.js';
import { rulesOf, step, type StepResult } from './step.js';

const SHOWN_DIFFERENCES = 50;
/** Accounts that must be empty when the day is over (R25). */
const CLEARING = ['released', 'pool', 'credits-sent'];

/**
 * Step 7 (R21, R25): every credit of ours is in the core's books and every credit of the core's is ours, by id and
 * amount, and nothing is left under way. Only then is the day paid.
 */
export async function reconcileWithCore(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  tools.reach('settlement.reconcile.before-list');
  const compared = await compareBooks(unit, tools);
  tools.reach('settlement.reconcile.listed');
  if (compared.kind === 'unknown') {
    await tools.settlements.wait(tools.db, unit, `the core's books: ${compared.why}`);
    return 'credited';
  }
  const { result } = compared;
  const now = await tools.clock.now();
  const move = {
    from: 'credited',
    to: 'paid',
    beforeCommit: 'settlement.reconcile.before-commit',
    committed: 'settlement.reconcile.committed',
  } as const;
  return step(unit, tools, move, async (tx): Promise<StepResult> => {
    await tools.books.save(tx, unit, result);
    const agrees =
      result.differences.length === 0 &&
      result.ours.count === result.core.count &&
      result.ours.total === result.core.total;
    if (!agrees) return { kind: 'held', reason: { code: 'BOOKS_DIFFER', differences: result.differences } };
    const balances = await tools.journal.dayBalances(tx, unit);
    const left = CLEARING.filter((account) => (balances.get(account) ?? 0n) !== 0n);
    if (left.length > 0) return { kind: 'held', reason: { code: 'CLEARING_NOT_ZERO', accounts: left } };
    return { kind: 'done', figures: { paid_at: now } };
  });
}

type Compared =
  | { readonly kind: 'known'; readonly result: ReconciliationResult }
  | { readonly kind: 'unknown'; readonly why: string };

/** Page by page: the core lists by id, so a page covers a range of users, and our rows of that range must be the same. */
async function compareBooks(unit: TokenDay, tools: SettlementTools): Promise<Compared> {
  const { decimals } = await tools.db.transaction((tx) => rulesOf(tx, unit, tools));
  const differences: CreditDifference[] = [];
  let after = '';
  let cursor: string | null = null;
  let count = 0;
  let total = 0n;
  do {
    const page = await tools.core.page(unit.day, unit.token, decimals, cursor);
    if (page.kind === 'unknown') return page;
    const { items, next } = page.value;
    if (next !== null && (items.length === 0 || next === cursor))
      return { kind: 'unknown', why: 'its pages do not advance' };
    const upTo = next === null ? null : (userOf(unit, items.at(-1)) ?? after);
    const ours = await tools.books.confirmedBetween(tools.db, unit, after, upTo);
    differences.push(...differencesOf(unit, ours, items).slice(0, SHOWN_DIFFERENCES - differences.length));
    count += items.length;
    total += items.reduce((sum, item) => sum + item.amount, 0n);
    after = upTo ?? after;
    cursor = next;
  } while (cursor !== null);
  const ours = await tools.books.confirmedSums(tools.db, unit);
  return { kind: 'known', result: { ours, core: { count, total: atoms(total) }, differences } };
}

/** Both ways: what is on one side only, or with another amount or user. */
export function differencesOf(
  unit: TokenDay,
  ours: readonly CreditItem[],
  core: readonly Credit[],
): CreditDifference[] {
  const left = new Map(ours.map((item) => [creditId({ ...unit, kind: 'reward', user: item.user }), item]));
  const differences: CreditDifference[] = [];
  for (const item of core) {
    const mine = left.get(item.id);
    left.delete(item.id);
    const same = mine !== undefined && mine.amount === item.amount && mine.user === item.user && item.kind === 'reward';
    if (!same) differences.push({ id: item.id, ours: mine?.amount.toString() ?? null, core: item.amount.toString() });
  }
  for (const [id, item] of left) differences.push({ id, ours: item.amount.toString(), core: null });
  return differences;
}

function userOf(unit: TokenDay, last: Credit | undefined): string | null {
  const name = last === undefined ? null : parseCreditId(last.id);
  return name !== null && name.day === unit.day && name.token === unit.token && name.kind === 'reward'
    ? name.user
    : null;
}
