import type { DaySummaryRepository, PaidDayRow } from '@app/database';
import { addDays, aprOf, atoms, utcDay, type PaidDay, type UtcDay } from '@app/staking-core';
import { KeptReading } from './kept-reading.js';

export const APR_DAYS = 7;

/** What a token paid last. */
export interface PaidRate {
  readonly day: UtcDay;
  readonly paid: PaidDay;
  /** R30: of the seven days up to it; a day without a payout is none. */
  readonly apr: string | null;
}

/** Of each token that has paid, as it was a moment ago at most: it changes once a day. */
export class PaidRates {
  private readonly kept = new KeptReading(() => this.read());

  constructor(private readonly days: DaySummaryRepository) {}

  byToken(): Promise<ReadonlyMap<string, PaidRate>> {
    return this.kept.get();
  }

  private async read(): Promise<ReadonlyMap<string, PaidRate>> {
    const newestFirst = await this.days.lastSevenPaid();
    const tokens = new Set(newestFirst.map((row) => row.token));
    return new Map([...tokens].map((token) => [token, rateOf(newestFirst.filter((row) => row.token === token))]));
  }
}

function rateOf([last, ...before]: readonly PaidDayRow[]): PaidRate {
  const day = utcDay(last!.day);
  const first = addDays(day, 1 - APR_DAYS);
  const trailing = [last!, ...before].filter((row) => row.day >= first);
  return { day, paid: paidDay(last!), apr: aprOf(trailing.map(paidDay))?.text ?? null };
}

export function paidDay(row: PaidDayRow): PaidDay {
  return { paidAtoms: atoms(BigInt(row.paid)), qualifyingAtoms: atoms(BigInt(row.qualifying)) };
}
