import { Injectable } from '@nestjs/common';
import {
  AccountRepository,
  Database,
  ParticipationRepository,
  type AccountRow,
  type BeforeSwitch,
  type Transaction,
} from '@app/database';
import {
  countsFrom,
  dayOf,
  formatInstant,
  switchParticipation,
  type ParticipationState,
  type SwitchOutcome,
  type SwitchRefusalCode,
} from '@app/staking-core';
import { Clock } from '../clock.js';
import { effectiveAt, effectiveMs } from './open-day.js';

export interface SwitchCommand {
  readonly user: string;
  readonly active: boolean;
  readonly atMs: bigint;
  readonly termsVersion: string | null;
  readonly evidence: unknown;
}

export type SwitchAnswer =
  | { readonly kind: 'done'; readonly changed: boolean }
  | { readonly kind: 'user-unknown' }
  | { readonly kind: 'at-refused'; readonly code: 'AT_FUTURE' | 'AT_TOO_OLD'; readonly detail: string }
  | { readonly kind: 'refused'; readonly code: SwitchRefusalCode | 'SWITCH_CONFLICT'; readonly detail: string };

/** Two machines' clocks may differ by so much before a time counts as one of the future. */
const SKEW_MS = 5_000n;
const OLDEST_MS = 86_400_000n;

@Injectable()
export class ParticipationService {
  constructor(
    private readonly db: Database,
    private readonly accounts: AccountRepository,
    private readonly participation: ParticipationRepository,
    private readonly clock: Clock,
  ) {}

  /** R3-R5. The account's row is locked, so that two switches of one user follow each other. */
  async switch(command: SwitchCommand): Promise<SwitchAnswer> {
    const late = this.checkTime(command, BigInt((await this.clock.now()).getTime()));
    if (late) return late;
    return this.db.transactionAgain(async (tx) => {
      const closedThrough = await this.participation.closedThrough(tx);
      const account = await this.accounts.lock(tx, command.user);
      if (!account) return { kind: 'user-unknown' };
      const before = await this.participation.beforeSwitch(tx, command.user, formatInstant(command.atMs));
      if (before.said) return repeated(before.said.active, command);
      const outcome = await this.decide(tx, account, before, command);
      if (outcome.kind === 'refused') return outcome;
      await this.store(tx, command, outcome, closedThrough);
      return { kind: 'done', changed: outcome.kind !== 'unchanged' };
    });
  }

  private checkTime(command: SwitchCommand, nowMs: bigint): SwitchAnswer | null {
    if (command.atMs > nowMs + SKEW_MS) {
      return { kind: 'at-refused', code: 'AT_FUTURE', detail: `it is ${formatInstant(nowMs)} here` };
    }
    // Leaving is never refused for being told late; joining would rewrite a day that may be settled.
    if (command.active && command.atMs < nowMs - OLDEST_MS) {
      return { kind: 'at-refused', code: 'AT_TOO_OLD', detail: 'switching on is told within 24 hours' };
    }
    return null;
  }

  private async decide(
    tx: Transaction,
    account: AccountRow,
    before: BeforeSwitch,
    command: SwitchCommand,
  ): Promise<SwitchOutcome> {
    const at = formatInstant(command.atMs);
    const { terms, allowed } = await this.accounts.offerTo(tx, account.region, dayOf(command.atMs), at);
    const facts = {
      // No terms at all: nothing to accept, so nobody can switch on.
      currentTermsVersion: terms ?? '(none)',
      regionAllowed: allowed,
      userStatus: account.status,
      // Leaving the region closes the period at once (see UsersService), so an open one stands.
      consentLapsed: false,
    };
    const request = {
      active: command.active,
      atMs: command.atMs,
      termsVersion: terms === null ? null : command.termsVersion,
    };
    return switchParticipation(stateOf(before), request, facts);
  }

  private async store(
    tx: Transaction,
    command: SwitchCommand,
    outcome: Exclude<SwitchOutcome, { kind: 'refused' }>,
    closedThrough: string | null,
  ): Promise<void> {
    if (outcome.kind === 'unchanged') return;
    const at = formatInstant(command.atMs);
    const { user, active, termsVersion, evidence } = command;
    await this.participation.addConsent(tx, { user, at, active, termsVersion, evidence });
    switch (outcome.kind) {
      case 'switched-on': {
        const startsAt = formatInstant(effectiveMs(countsFrom(command.atMs), closedThrough));
        await this.participation.openNewPeriod(tx, {
          user,
          startsAt,
          since: at,
          termsVersion: outcome.state.termsVersion,
        });
        return;
      }
      case 'terms-accepted':
        await this.participation.acceptTerms(tx, user, outcome.state.termsVersion);
        await this.participation.closeCuts(tx, user, '*', ['TERMS'], effectiveAt(command.atMs, closedThrough));
        return;
      case 'switched-off':
        await this.participation.closePeriod(tx, user, effectiveAt(command.atMs, closedThrough), 'SWITCHED_OFF');
    }
  }
}

function stateOf({ open, last }: BeforeSwitch): ParticipationState {
  if (open) {
    return {
      kind: 'on',
      sinceMs: BigInt(open.since.getTime()),
      countsFromMs: BigInt(open.startsAt.getTime()),
      termsVersion: open.termsVersion,
    };
  }
  return last ? { kind: 'off', sinceMs: BigInt(last.at.getTime()) } : { kind: 'never' };
}

/** The same statement again, for example after a lost answer. */
function repeated(active: boolean, command: SwitchCommand): SwitchAnswer {
  if (active === command.active) return { kind: 'done', changed: false };
  return { kind: 'refused', code: 'SWITCH_CONFLICT', detail: 'the opposite was said for this very millisecond' };
}
