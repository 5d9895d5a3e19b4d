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
      await this.cut(tx, told, effectiveAt(instant(told.at), closedThrough));
      return { kind: 'stored', user: told, isNew };
    });
  }

  /** R6: a cut opens while its reason holds. Leaving the region or closing ends the consent too: back takes a new one. */
  private async cut(tx: Transaction, told: ToldUser, at: string): Promise<void> {
    const allowed = await this.accounts.regionAllowed(tx, told.region, dayOf(instant(told.at)));
    const standing = [
      ['REGION', !allowed],
      ['CLOSED', told.status === 'closed'],
      ['BANNED', told.status === 'banned'],
    ] as const;
    for (const [reason, holds] of standing) {
      if (holds) await this.participation.openCut(tx, told.user, '*', reason, at);
      else await this.participation.closeCut(tx, told.user, '*', reason, at);
      if (holds && reason !== 'BANNED') await this.participation.closePeriod(tx, told.user, at, reason);
    }
  }
}

function isOutdated(before: AccountRow, told: ToldUser): boolean {
  const same = before.region === told.region && before.owner === told.owner && before.status === told.status;
  const at = new Date(told.at);
  return before.toldAt > at || (before.toldAt.getTime() === at.getTime() && !same);
}
