import { formatAmount } from '../money/format-amount.js';
import { atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import { formatInstant } from '../time/instant.js';
import type { TokenRules } from '../tokens/token-rules.js';
import type { CutReason } from './counting-intervals.js';

/** R32: stable codes; texts may change, codes may not. */
export type StatusReasonCode =
  CutReason | 'NOT_ACTIVE' | 'STARTS_LATER' | 'BALANCE_UNKNOWN' | 'AUTO_SUBSCRIBE' | 'BELOW_MINIMUM' | 'CAPPED';

export interface StatusReason {
  readonly code: StatusReasonCode;
  /** One plain sentence. */
  readonly detail: string;
  /** What is missing to the minimum, or what lies above the cap. */
  readonly amountAtoms?: Atoms;
}

export interface StandingOfToken {
  readonly active: boolean;
  /** R4; null when not active. */
  readonly countsFromMs: bigint | null;
  readonly nowMs: bigint;
  /** Cuts that hold now (R6), a single token switched off (R3) among them. */
  readonly cuts: readonly CutReason[];
  /** Current counted balance (R7); null: no snapshot line yet (R26). */
  readonly countedAtoms: Atoms | null;
  /** R11: the core's last event moved the balance out of Spot by Auto-Subscribe. */
  readonly movedByAutoSubscribe: boolean;
  readonly rules: Pick<TokenRules, 'minAtoms' | 'capAtoms' | 'decimals' | 'token'>;
}

export interface TokenStatus {
  /** counting: earns now; waiting: earns from the next 00:00; not-counting: see reasons. */
  readonly status: 'counting' | 'waiting' | 'not-counting';
  readonly reasons: readonly StatusReason[];
}

const CUT_TEXT: Readonly<Record<CutReason, string>> = {
  TOKEN_OFF: 'The token is switched off for this user.',
  TERMS: 'The current terms are not accepted.',
  REGION: 'The product is not offered in your region.',
  BANNED: 'The account is banned.',
  CLOSED: 'The account is closed.',
  PAUSED: 'The token is paused.',
  DELISTED: 'The token is no longer part of the product.',
  QUARANTINED: 'The balance history has a gap that is being checked.',
};

/** R32: why a token does not earn (or not all of it), machine-readable, in a fixed order. */
export function statusReasons(standing: StandingOfToken): TokenStatus {
  const reasons: StatusReason[] = [];
  if (!standing.active) reasons.push({ code: 'NOT_ACTIVE', detail: 'Soft staking is switched off.' });
  for (const cut of [...new Set(standing.cuts)].sort()) reasons.push({ code: cut, detail: CUT_TEXT[cut] });
  reasons.push(...balanceReasons(standing));
  const blocked = reasons.some((reason) => reason.code !== 'CAPPED' && reason.code !== 'AUTO_SUBSCRIBE');
  const waits = standing.active && standing.countsFromMs !== null && standing.nowMs < standing.countsFromMs;
  if (waits && standing.countsFromMs !== null) {
    reasons.push({ code: 'STARTS_LATER', detail: `Counts from ${formatInstant(standing.countsFromMs)}.` });
  }
  if (blocked) return { status: 'not-counting', reasons };
  return { status: waits ? 'waiting' : 'counting', reasons };
}

/** R31: what counts of a current balance: capped, and nothing below the minimum. */
export function stakedAmount(countedAtoms: Atoms, rules: Pick<TokenRules, 'minAtoms' | 'capAtoms'>): Atoms {
  if (countedAtoms < rules.minAtoms) return atoms(0n);
  return countedAtoms > rules.capAtoms ? rules.capAtoms : countedAtoms;
}

function balanceReasons(standing: StandingOfToken): StatusReason[] {
  const { countedAtoms, rules } = standing;
  if (countedAtoms === null) {
    return [{ code: 'BALANCE_UNKNOWN', detail: 'The exchange has not reported a balance yet.' }];
  }
  const reasons: StatusReason[] = [];
  if (countedAtoms < rules.minAtoms) {
    const missing = atoms(rules.minAtoms - countedAtoms);
    const text = formatAmount(missing, rules.decimals);
    reasons.push({
      code: 'BELOW_MINIMUM',
      detail: `${text} ${rules.token} short of the minimum.`,
      amountAtoms: missing,
    });
    if (standing.movedByAutoSubscribe) {
      reasons.push({ code: 'AUTO_SUBSCRIBE', detail: 'Auto-Subscribe moved the balance out of Spot.' });
    }
  }
  if (countedAtoms > rules.capAtoms) {
    const above = atoms(countedAtoms - rules.capAtoms);
    const text = formatAmount(above, rules.decimals);
    reasons.push({ code: 'CAPPED', detail: `${text} ${rules.token} above the cap do not count.`, amountAtoms: above });
  }
  return reasons;
}
