import { invariant } from '../money/invariant.js';
import { dayOf, dayStartMs, nextDay } from '../time/utc-day.js';
import type { UtcDay } from '../time/utc-day.js';

/** A row that holds from 00:00 of `validFrom` until a later row takes over. */
export interface EffectiveDated {
  readonly validFrom: UtcDay;
}

export type InForce<Row> =
  | { readonly ok: true; readonly rules: Row }
  | { readonly ok: false; readonly code: 'NO_RULES_IN_FORCE'; readonly detail: string };

/** R10, R29: the row in force at 00:00 of `day`, which then holds all day. There is no silent default: a day before
 *  the first row has no rules. `rows` are those of one token, in any order.
 *  @throws InvariantViolation when two rows start on the same day. */
export function limitsInForce<Row extends EffectiveDated>(rows: readonly Row[], day: UtcDay): InForce<Row> {
  let best: Row | null = null;
  const starts = new Set<UtcDay>();
  for (const row of rows) {
    invariant(!starts.has(row.validFrom), 'two rules of one token start on the same day', {
      validFrom: row.validFrom,
    });
    starts.add(row.validFrom);
    if (row.validFrom <= day && (best === null || row.validFrom > best.validFrom)) best = row;
  }
  if (best !== null) return { ok: true, rules: best };
  return { ok: false, code: 'NO_RULES_IN_FORCE', detail: `no rules are in force on ${day}` };
}

export interface ProposedChange {
  readonly madeBy: string;
  readonly approvedBy: string;
  readonly approvedAtMs: bigint;
  readonly validFrom: UtcDay;
}

export type ChangeVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'CHANGE_TOO_EARLY' | 'CHANGE_SAME_PERSON'; readonly detail: string };

/** R29: a change starts at the next 00:00 at the earliest and takes two different people. */
export function checkDatedChange(change: ProposedChange): ChangeVerdict {
  if (change.madeBy === change.approvedBy) {
    return { ok: false, code: 'CHANGE_SAME_PERSON', detail: 'a change is approved by somebody other than its maker' };
  }
  const earliest = nextDay(dayOf(change.approvedAtMs));
  if (dayStartMs(change.validFrom) < dayStartMs(earliest)) {
    return {
      ok: false,
      code: 'CHANGE_TOO_EARLY',
      detail: `a change approved now starts on ${earliest} at the earliest`,
    };
  }
  return { ok: true };
}
