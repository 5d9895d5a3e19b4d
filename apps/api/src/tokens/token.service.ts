import { Injectable } from '@nestjs/common';
import {
  DaySummaryRepository,
  TokenRepository,
  type PaidDayRow,
  type TokenPauseRow,
  type TokenRow,
} from '@app/database';
import { Clock } from '../clock.js';
import {
  addDays,
  aprOf,
  atoms,
  dayOf,
  formatAmount,
  limitsInForce,
  utcDay,
  type EffectiveDated,
  type PaidDay,
  type TokenRules,
  type UtcDay,
} from '@app/staking-core';
import type { TokenNames } from '../spot-events/spot-line.js';

export type DatedRules = TokenRules & EffectiveDated;

/** A listed token with all its dated rules. */
export interface ListedToken extends TokenRow {
  readonly rules: readonly DatedRules[];
  readonly pauses: readonly TokenPauseRow[];
}

const APR_DAYS = 7;

@Injectable()
export class TokenService {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly days: DaySummaryRepository,
    private readonly clock: Clock,
  ) {}

  async listed(): Promise<readonly ListedToken[]> {
    const [tokens, rules, pauses] = await Promise.all([
      this.tokens.tokens(),
      this.tokens.rules(),
      this.tokens.pauses(),
    ]);
    return tokens.map((token) => ({
      ...token,
      rules: rules.filter((rule) => rule.token === token.symbol).map((rule) => rulesOf(rule, token)),
      pauses: pauses.filter((pause) => pause.token === token.symbol),
    }));
  }

  /** Every name a token may be written by: its symbol and its aliases (TON is also GRAM). Exact, no guessing. */
  async names(): Promise<TokenNames> {
    const tokens = await this.tokens.tokens();
    return new Map(tokens.flatMap((token) => [token.symbol, ...token.aliases].map((name) => [name, token] as const)));
  }

  /** The token behind a name, or the symbols that there are. */
  async find(name: string): Promise<{ readonly token: ListedToken } | { readonly known: readonly string[] }> {
    const listed = await this.listed();
    const token = listed.find((one) => one.symbol === name || one.aliases.includes(name));
    return token ? { token } : { known: listed.map((one) => one.symbol) };
  }

  /** `GET /v1/tokens`: limits in force today, the rate of the last seven paid days, status (R30). */
  async catalogue() {
    const now = await this.clock.now();
    const today = dayOf(BigInt(now.getTime()));
    const [listed, lastPaid] = await Promise.all([this.listed(), this.days.lastPaid()]);
    const items = listed.map(async (token) => {
      const last = lastPaid.find((one) => one.token === token.symbol);
      const trailing = last ? await this.trailing(token.symbol, utcDay(last.day)) : [];
      return { ...shownToken(token, today, now), apr: aprOf(trailing.map(paidDay))?.text ?? null };
    });
    return { items: await Promise.all(items), next: null };
  }

  /** R30: what was paid, day by day and over the seven days up to each. */
  async apr(token: ListedToken, from: UtcDay | null, to: UtcDay | null) {
    const last = (await this.days.lastPaid()).find((one) => one.token === token.symbol);
    const today = dayOf(BigInt((await this.clock.now()).getTime()));
    const until = to ?? (last ? utcDay(last.day) : today);
    const since = from ?? addDays(until, 1 - APR_DAYS);
    const paid = await this.days.paidDays(token.symbol, addDays(since, 1 - APR_DAYS), until);
    const items = paid.filter((one) => one.day >= since).map((one) => aprItem(token, one, paid));
    return { token: token.symbol, from: since, to: until, items, next: null };
  }

  private trailing(token: string, last: UtcDay): Promise<PaidDayRow[]> {
    return this.days.paidDays(token, addDays(last, 1 - APR_DAYS), last);
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

export function paidDay(row: PaidDayRow): PaidDay {
  return { paidAtoms: atoms(BigInt(row.paid)), qualifyingAtoms: atoms(BigInt(row.qualifying)) };
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

function rulesOf(
  row: Awaited<ReturnType<TokenRepository['rules']>>[number],
  token: Pick<TokenRow, 'decimals' | 'payoutDecimals'>,
): DatedRules {
  return {
    token: row.token,
    validFrom: utcDay(row.validFrom),
    decimals: token.decimals,
    payoutDecimals: token.payoutDecimals,
    minAtoms: atoms(BigInt(row.minAtoms)),
    capAtoms: atoms(BigInt(row.capAtoms)),
    releaseDays: row.releaseDays,
    feeBps: row.feeBps,
    countedBalance: row.countedBalance,
    maxDailyRatePpb: BigInt(row.maxDailyRatePpb),
    trendMultiple: row.trendMultiple,
    rulesVersion: row.rulesVersion,
  };
}
