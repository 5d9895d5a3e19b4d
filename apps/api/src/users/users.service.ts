import { Injectable } from '@nestjs/common';
import {
  AccountRepository,
  Database,
  ParticipationRepository,
  type AccountRow,
  type AccountStatus,
  type Transaction,
} from '@app/database';
import { dayOf, instant } from '@app/staking-core';
import { effectiveAt } from '../participation/open-day.js';

export interface ToldUser {
  readonly user: string;
  readonly region: string;
  readonly owner: string | null;
  readonly status: AccountStatus;
  readonly at: string;
}

export type UserOutcome =
  | { readonly kind: 'stored'; readonly user: ToldUser; readonly isNew: boolean }
  /** A newer statement is known: an old one that arrives late must not undo it. */
  | { readonly kind: 'outdated'; readonly toldAt: Date };

@Injectable()
export class UsersService {
  constructor(
    private readonly db: Database,
    private readonly accounts: AccountRepository,
    private readonly participation: ParticipationRepository,
  ) {}

  /** What the core says about a user, and the cuts that follow from it (R6, R28), in one transaction. */
  store(told: ToldUser): Promise<UserOutcome> {
    return this.db.transactionAgain(async (tx) => {
      const closedThrough = await this.participation.closedThrough(tx);
      const isNew = await this.accounts.add(tx, { ...told, toldAt: told.at });
      const before = isNew ? undefined : await this.accounts.lock(tx, told.user);
      if (before && isOutdated(before, told)) return { kind: 'outdated', toldAt: before.toldAt };
      if (before) await this.accounts.update(tx, { ...told, toldAt: told.at });
      await this.cut(tx, told, isNew, effectiveAt(instant(told.at), closedThrough));
      return { kind: 'stored', user: told, isNew };
    });
  }

  /** R6: a cut opens while its reason holds. Leaving the region or closing ends the consent too: back takes a new one. */
  private async cut(tx: Transaction, told: ToldUser, isNew: boolean, at: string): Promise<void> {
    const allowed = await this.accounts.regionAllowed(tx, told.region, dayOf(instant(told.at)));
    const holds = { REGION: !allowed, CLOSED: told.status === 'closed', BANNED: told.status === 'banned' };
    const reasons = ['REGION', 'CLOSED', 'BANNED'] as const;
    for (const reason of reasons.filter((one) => holds[one])) {
      await this.participation.openCut(tx, told.user, '*', reason, at);
      if (reason !== 'BANNED') await this.participation.closePeriod(tx, told.user, at, reason);
    }
    const over = reasons.filter((one) => !holds[one]);
    // Of somebody new nothing is open.
    if (!isNew) await this.participation.closeCuts(tx, told.user, '*', over, at);
  }
}

function isOutdated(before: AccountRow, told: ToldUser): boolean {
  const same = before.region === told.region && before.owner === told.owner && before.status === told.status;
  const at = new Date(told.at);
  return before.toldAt > at || (before.toldAt.getTime() === at.getTime() && !same);
}
