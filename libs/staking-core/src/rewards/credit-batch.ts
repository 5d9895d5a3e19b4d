import type { Atoms } from '../money/atoms.js';

export interface SentCredit {
  readonly id: string;
  readonly amountAtoms: Atoms;
}

export interface BatchEcho {
  readonly count: bigint;
  readonly totalAtoms: bigint;
  readonly results: readonly {
    readonly id: string;
    readonly status: 'credited' | 'duplicate' | 'rejected';
    readonly reason?: string;
  }[];
}

export type CreditOutcome = 'credited' | 'rejected' | 'unknown';

export interface BatchReading {
  /** One for every credit that was sent. `duplicate` is `credited`: an earlier attempt arrived. */
  readonly outcomes: ReadonlyMap<string, { readonly outcome: CreditOutcome; readonly reason: string | null }>;
  /** Non-empty: the core's answer contradicts itself or us; stop and alarm. */
  readonly problems: readonly ('COUNT_MISMATCH' | 'TOTAL_MISMATCH' | 'FOREIGN_ID' | 'CONTRADICTION')[];
}

/** R23: reads the core's answer item by item. A credit the answer does not mention, or mentions in two ways, is
 *  `unknown`: it is asked for by id before it is sent again. Count and total that were sent must come back. */
export function readBatchEcho(sent: readonly SentCredit[], echo: BatchEcho): BatchReading {
  const outcomes = new Map<string, { outcome: CreditOutcome; reason: string | null }>();
  for (const { id } of sent) outcomes.set(id, { outcome: 'unknown', reason: null });
  const problems = new Set<BatchReading['problems'][number]>();
  const contradicted = new Set<string>();
  for (const { id, status, reason } of echo.results) {
    const known = outcomes.get(id);
    const outcome: CreditOutcome = status === 'rejected' ? 'rejected' : 'credited';
    if (known === undefined) problems.add('FOREIGN_ID');
    else if (known.outcome !== 'unknown' && known.outcome !== outcome) contradicted.add(id);
    else outcomes.set(id, { outcome, reason: reason ?? null });
  }
  for (const id of contradicted) {
    problems.add('CONTRADICTION');
    outcomes.set(id, { outcome: 'unknown', reason: null });
  }
  if (echo.count !== BigInt(sent.length)) problems.add('COUNT_MISMATCH');
  if (echo.totalAtoms !== sent.reduce((sum, one) => sum + one.amountAtoms, 0n)) problems.add('TOTAL_MISMATCH');
  return { outcomes, problems: [...problems].sort() };
}
