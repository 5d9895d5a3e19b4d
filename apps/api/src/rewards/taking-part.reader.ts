import { Injectable } from '@nestjs/common';
import { TakingPartRepository, type BalanceRow, type TakingPartRows } from '@app/database';
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
import type { ListedToken } from '../tokens/token-catalogue.js';

/** Of a balance, what decides whether it counts; undefined: never heard of. */
export type CountedRow = Pick<BalanceRow, 'shard' | 'knownFrom'> | undefined;

/** R3-R6: what is stored about one user's day; which part of it counts is said token by token. */
export class TakingPart {
  readonly owner: string | null;
  private readonly periods: readonly OpenInterval[];

  constructor(
    private readonly day: UtcDay,
    private readonly stored: TakingPartRows,
  ) {
    this.owner = stored.owner;
    this.periods = stored.periods
      .filter((one) => one.endsAt === null || one.endsAt > one.startsAt)
      .map((one) => openInterval(one));
  }

  of(token: ListedToken, balance: CountedRow): CountingDay {
    const { day, stored } = this;
    const isBroken = balance !== undefined && stored.brokenShards.includes(balance.shard);
    return countingIntervals({
      day,
      periods: this.periods,
      cuts: [
        ...stored.cuts
          .filter((cut) => cut.token === '*' || cut.token === token.symbol)
          .map((cut): Cut => ({ ...openInterval(cut), reason: cut.reason })),
        ...token.pauses.map((pause): Cut => ({ ...openInterval(pause), reason: 'PAUSED' })),
        ...(isBroken || stored.quarantined.includes(token.symbol) ? [wholeDay(day)] : []),
      ],
      balanceKnownFromMs: balance ? BigInt(balance.knownFrom.getTime()) : null,
    });
  }
}

/** Reads once for all tokens of the user: they differ by their balances and pauses, which the caller has. */
@Injectable()
export class TakingPartReader {
  constructor(private readonly repository: TakingPartRepository) {}

  /** Undefined: no such user. */
  async of(user: string, day: UtcDay): Promise<TakingPart | undefined> {
    const [from, to] = [formatInstant(dayStartMs(day)), formatInstant(dayEndMs(day))];
    const stored = await this.repository.during(user, day, from, to);
    return stored && new TakingPart(day, stored);
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
