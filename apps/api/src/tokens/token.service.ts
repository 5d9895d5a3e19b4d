import { Injectable } from '@nestjs/common';
import { DaySummaryRepository, TokenRepository, type PaidDayRow } from '@app/database';
import { Clock } from '../clock.js';
import { addDays, aprOf, atoms, dayOf, formatAmount, limitsInForce, utcDay, type UtcDay } from '@app/staking-core';
import type { TokenNames } from '../spot-events/spot-line.js';
import { APR_DAYS, paidDay, PaidRates, type PaidRate } from './paid-rates.js';
import { TokenCatalogue, type FoundToken, type ListedToken } from './token-catalogue.js';

@Injectable()
export class TokenService {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly known: TokenCatalogue,
    private readonly paid: PaidRates,
    private readonly days: DaySummaryRepository,
    private readonly clock: Clock,
  ) {}

  /** As of a moment ago at most. */
  listed(): Promise<readonly ListedToken[]> {
    return this.known.listed();
  }

  find(name: string): Promise<FoundToken> {
    return this.known.find(name);
  }

  /** What each token paid last, as of a moment ago at most. */
  rates(): Promise<ReadonlyMap<string, PaidRate>> {
    return this.paid.byToken();
  }

  /**
   * Every name a token may be written by: its symbol and its aliases (TON is also GRAM). Exact, no guessing. Always as
   * it is stored now: the lines of a whole request are read by it one after the other, so there is no looking again for
   * one that it lacks, and a token listed a moment ago must not be refused; beside storing the lines it costs nothing.
   */
  async names(): Promise<TokenNames> {
    const tokens = await this.tokens.tokens();
    return new Map(tokens.flatMap((token) => [token.symbol, ...token.aliases].map((name) => [name, token] as const)));
  }

  /** `GET /v1/tokens`: limits in force today, the rate of the last seven paid days, status (R30). */
  async catalogue() {
    const [now, listed, rates] = await Promise.all([this.clock.now(), this.listed(), this.rates()]);
    const today = dayOf(BigInt(now.getTime()));
    const items = listed.map((token) => {
      return { ...shownToken(token, today, now), apr: rates.get(token.symbol)?.apr ?? null };
    });
    return { items, next: null };
  }

  /** R30: what was paid, day by day and over the seven days up to each. */
  async apr(token: ListedToken, from: UtcDay | null, to: UtcDay | null) {
    const [now, rates] = await Promise.all([this.clock.now(), this.rates()]);
    const until = to ?? rates.get(token.symbol)?.day ?? dayOf(BigInt(now.getTime()));
    const since = from ?? addDays(until, 1 - APR_DAYS);
    const paid = await this.days.paidDays(token.symbol, addDays(since, 1 - APR_DAYS), until);
    const items = paid.filter((one) => one.day >= since).map((one) => aprItem(token, one, paid));
    return { token: token.symbol, from: since, to: until, items, next: null };
  }
}

function aprItem(token: ListedToken, one: PaidDayRow, paid: readonly PaidDayRow[]) {
  const first = addDays(utcDay(one.day), 1 - APR_DAYS);
  const trailing = paid.filter((other) => other.day >= first && other.day <= one.day);
  return {
    day: one.day,
    apr: aprOf([paidDay(one)])?.text ?? null,
    apr7d: aprOf(trailing.map(paidDay))?.text ?? null,
    paid: formatAmount(atoms(BigInt(one.paid)), token.decimals),
    qualifying: formatAmount(atoms(BigInt(one.qualifying)), token.decimals),
  };
}

function shownToken(token: ListedToken, today: UtcDay, now: Date) {
  const inForce = limitsInForce(token.rules, today);
  const rules = inForce.ok ? inForce.rules : null;
  return {
    token: token.symbol,
    name: token.name,
    aliases: token.aliases,
    chain: token.chain,
    decimals: token.decimals,
    payoutDecimals: token.payoutDecimals,
    status: statusOf(token, today, now),
    minimum: rules ? formatAmount(rules.minAtoms, token.decimals) : null,
    cap: rules ? formatAmount(rules.capAtoms, token.decimals) : null,
    countedBalance: rules?.countedBalance ?? null,
    releaseDays: rules?.releaseDays ?? null,
    feeBps: rules?.feeBps ?? null,
    rulesVersion: rules?.rulesVersion ?? null,
  };
}

function statusOf(token: ListedToken, today: UtcDay, now: Date): 'upcoming' | 'listed' | 'paused' | 'delisted' {
  if (today < token.listedFrom) return 'upcoming';
  if (token.delistedFrom !== null && today >= token.delistedFrom) return 'delisted';
  const paused = token.pauses.some((pause) => pause.startsAt <= now && (pause.endsAt === null || pause.endsAt > now));
  return paused ? 'paused' : 'listed';
}
