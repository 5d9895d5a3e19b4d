import { invariant } from '../money/invariant.js';
import { isWholeNumber } from '../money/whole-number.js';
import { parseUtcDay } from '../time/utc-day.js';
import type { UtcDay } from '../time/utc-day.js';

export type CreditKind = 'reward' | 'adjustment' | 'boost';

export const CREDIT_KINDS: readonly CreditKind[] = ['reward', 'adjustment', 'boost'];

export interface CreditName {
  readonly day: UtcDay;
  readonly token: string;
  readonly kind: CreditKind;
  readonly user: string;
}

/** R23: the permanent id of one credit, f(day, token, kind, user): `2026-11-19.BNB.reward.u1`. The same credit has the
 *  same id in every attempt for ever, so the core can refuse to pay it twice. */
export function creditId(name: CreditName): string {
  assertPart('token', name.token);
  invariant(name.user !== '', 'a credit has a user');
  return `${name.day}.${name.token}.${name.kind}.${name.user}`;
}

/** Inverse of `creditId`; null: not one of ours. Only the user may contain dots. */
export function parseCreditId(id: string): CreditName | null {
  const match = /^([^.]+)\.([^.]+)\.([^.]+)\.(.+)$/s.exec(id);
  if (match === null) return null;
  const [, dayText, token = '', kindText, user = ''] = match;
  const day = parseUtcDay(dayText);
  const kind = CREDIT_KINDS.find((one) => one === kindText);
  return day.ok && kind !== undefined ? { day: day.day, token, kind, user } : null;
}

/** Id of the n-th batch of a token's day: `2026-11-19.BNB.reward.b1`. Batches have a name space of their own. */
export function batchId(day: UtcDay, token: string, kind: CreditKind, number: number): string {
  assertPart('token', token);
  invariant(isWholeNumber(number, 0, 1_000_000_000), 'a batch number is a whole number', { number });
  return `${day}.${token}.${kind}.b${number}`;
}

function assertPart(name: string, value: string): void {
  invariant(/^[A-Za-z0-9]+$/.test(value), `a ${name} in an id is letters and digits`, { [name]: value });
}
