import { Injectable } from '@nestjs/common';
import { BalanceReadingRepository, ParticipationRepository } from '@app/database';
import {
  countingIntervals,
  dayEndMs,
  dayStartMs,
  formatInstant,
  type CountingDay,
  type Cut,
  type OpenInterval,
  type UtcDay,
} from '@app/staking-core';
import type { ListedToken } from '../tokens/token.service.js';

/** R3-R6: reads what is stored about one user's day and lets staking-core say which part of it counts. */
@Injectable()
export class TakingPartReader {
  constructor(
    private readonly participation: ParticipationRepository,
    private readonly balances: BalanceReadingRepository,
  ) {}

  async of(user: string, token: ListedToken, day: UtcDay): Promise<CountingDay> {
    const from = formatInstant(dayStartMs(day));
    const to = formatInstant(dayEndMs(day));
    const [periods, cuts, rows, quarantined] = await Promise.all([
      this.participation.periods(user, from, to),
      this.participation.cuts(user, from, to),
      this.balances.balances(user),
      this.balances.quarantined(user, day),
    ]);
    const known = rows.find((row) => row.token === token.symbol)?.knownFrom;
    return countingIntervals({
      day,
      periods: periods.filter((one) => one.endsAt === null || one.endsAt > one.startsAt).map(openInterval),
      cuts: [
        ...cuts
          .filter((cut) => cut.token === '*' || cut.token === token.symbol)
          .map((cut): Cut => ({ ...openInterval(cut), reason: cut.reason })),
        ...token.pauses.map((pause): Cut => ({ ...openInterval(pause), reason: 'PAUSED' })),
        ...(quarantined.includes(token.symbol) ? [wholeDay(day)] : []),
      ],
      balanceKnownFromMs: known ? BigInt(known.getTime()) : null,
    });
  }
}

function openInterval(of: { readonly startsAt: Date; readonly endsAt: Date | null }): OpenInterval {
  return {
    startMs: BigInt(of.startsAt.getTime()),
    endMs: of.endsAt === null ? null : BigInt(of.endsAt.getTime()),
  };
}

function wholeDay(day: UtcDay): Cut {
  return { startMs: dayStartMs(day), endMs: dayEndMs(day), reason: 'QUARANTINED' };
}
