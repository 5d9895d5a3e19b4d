import type { SettlementState, TokenDay } from '@app/database';
import { payoutWindowState } from '@app/platform';
import { InvariantViolation } from '@app/staking-core';
import { settleDay } from './daily-settlement.js';
import { foldPaidDays } from './retention/fold-paid-days.js';
import { indexPaidLogs } from './retention/index-paid-logs.js';
import type { SettlementTools } from './settlement-tools.js';

export interface TickReport {
  /** Where each unit that was looked at has come to. */
  readonly units: readonly (TokenDay & { readonly state: SettlementState | null; readonly error?: string })[];
}

/** SQLSTATEs that only say that somebody else was faster: serialization, deadlock, lock timeout. */
const BUSY = new Set(['40001', '40P01', '55P03']);

/**
 * Which days are due, and in what order: every token from its first unfinished day on, one after the other; tokens side
 * by side, so that one that fails or waits delays itself alone. Any number of workers may run this at once: a day in
 * another's hands is passed over, and every move is a compare-and-set.
 */
export class SettlementRun {
  private readonly alarmed = new Set<string>();
  /** Days may have been paid since it was done last; at the start of a process nobody knows. */
  private mayIndex = true;
  private mayFold = true;

  constructor(private readonly tools: SettlementTools) {}

  /** Settles all that can be settled now. Never throws for one token's failure; throws when the database is gone. */
  async tick(signal?: AbortSignal): Promise<TickReport> {
    const units: TickReport['units'][number][] = [];
    let due = await this.due();
    // A token whose day was paid may have its next day due at once: past days are caught up in one tick.
    while (due.length > 0 && !signal?.aborted) {
      const reports = await Promise.all(due.map((unit) => this.settle(unit)));
      units.push(...reports);
      const paid = new Set(reports.filter((report) => report.state === 'paid').map((report) => report.token));
      if (paid.size > 0) this.mayIndex = this.mayFold = true;
      due = paid.size === 0 ? [] : (await this.due()).filter((unit) => paid.has(unit.token));
    }
    await this.raiseAlarms(await this.tools.settlements.unfinished(this.tools.db));
    if (this.mayIndex && !signal?.aborted) await this.indexLogs(signal);
    if (this.mayFold && !signal?.aborted) await this.fold(signal);
    if (!signal?.aborted) await this.keepDays(signal);
    return { units };
  }

  /** What begins and what is long over: a failure delays nobody's money, and the next tick tries again. */
  private async keepDays(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.tools.keepDays?.(signal);
    } catch (error) {
      this.tools.log.error({ err: error }, 'leaves are not made ahead, or old days not archived');
    }
  }

  /** Only how fast they are found: a failure delays nobody's money, and the next paid day tries again. */
  private async indexLogs(signal: AbortSignal | undefined): Promise<void> {
    this.mayIndex = false;
    try {
      this.mayIndex = !(await indexPaidLogs(this.tools, signal));
    } catch (error) {
      this.tools.log.error({ err: error }, 'logs of paid days have no index yet');
    }
  }

  /** Only where rows lie: a failure delays nobody's money, and the next paid day tries again. */
  private async fold(signal: AbortSignal | undefined): Promise<void> {
    this.mayFold = false;
    try {
      this.mayFold = !(await foldPaidDays(this.tools, signal));
    } catch (error) {
      this.tools.log.error({ err: error }, 'leaves of paid days are not folded');
    }
  }

  private async due(): Promise<TokenDay[]> {
    await this.tools.settlements.openDueDays(this.tools.db);
    return this.tools.settlements.unfinished(this.tools.db);
  }

  /** One unit, as far as it goes now. Never throws for what the unit or the outside does wrong. */
  async settle(unit: TokenDay): Promise<TickReport['units'][number]> {
    try {
      return { ...unit, state: await settleDay(unit, this.tools) };
    } catch (error) {
      return { ...unit, state: await this.afterFailure(unit, error), error: messageOf(error) };
    }
  }

  /** R22: when we are wrong, the day is held and nobody is paid. What the outside does wrong is tried again. */
  private async afterFailure(unit: TokenDay, error: unknown): Promise<SettlementState | null> {
    const state = (await this.tools.settlements.find(this.tools.db, unit))?.state ?? null;
    if (error instanceof InvariantViolation && state !== null && state !== 'paid' && state !== 'held') {
      const reason = { code: error.code, detail: error.message, facts: error.facts };
      this.tools.log.error({ ...unit, ...reason }, 'the day is held for two people');
      await this.tools.settlements.hold(this.tools.db, unit, state, reason);
      return 'held';
    }
    const busy =
      BUSY.has(String((error as { code?: unknown }).code)) || (error as { retryable?: unknown }).retryable === true;
    this.tools.log[busy ? 'debug' : 'error']({ ...unit, err: error }, 'the day is tried again later');
    return state;
  }

  /** R24: credits that are not out at 06:00 and at 08:00 of the day after. Each alarm is raised once a process. */
  private async raiseAlarms(units: readonly TokenDay[]): Promise<void> {
    if (units.length === 0) return;
    const now = await this.tools.clock.now();
    for (const unit of units) {
      const window = payoutWindowState(unit.day, now);
      const name = `${unit.day} ${unit.token} ${window}`;
      if ((window !== 'closing' && window !== 'late') || this.alarmed.has(name)) continue;
      this.alarmed.add(name);
      this.tools.log[window === 'late' ? 'error' : 'warn'](
        unit,
        `credits are not out yet: the payout window is ${window}`,
      );
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
