import { Injectable } from '@nestjs/common';
import { DaySummaryRepository, type DayCheckRow, type DaySummaryRow } from '@app/database';
import { atoms, dayOf, formatAmount, type UtcDay } from '@app/staking-core';
import { Clock } from '../clock.js';
import type { ListedToken } from '../tokens/token-catalogue.js';
import { TokenService } from '../tokens/token.service.js';

export type DayOutcome =
  | { readonly kind: 'day'; readonly day: string; readonly tokens: Readonly<Record<string, object>> }
  | { readonly kind: 'out-of-range'; readonly first: string; readonly last: string };

@Injectable()
export class DaysService {
  constructor(
    private readonly days: DaySummaryRepository,
    private readonly tokens: TokenService,
    private readonly clock: Clock,
  ) {}

  /** Per token listed on that day; what is not known yet is null, never zero (R19). */
  async day(day: UtcDay): Promise<DayOutcome> {
    const [listed, now] = await Promise.all([this.tokens.listed(), this.clock.now()]);
    const last = dayOf(BigInt(now.getTime()));
    const first = listed.map((token) => token.listedFrom).sort()[0] ?? last;
    if (day < first || day > last) return { kind: 'out-of-range', first, last };
    const [rows, checks] = await Promise.all([this.days.ofDay(day), this.days.checksOf(day)]);
    const shown = listed
      .filter((token) => token.listedFrom <= day)
      .map((token) => {
        const row = rows.find((one) => one.token === token.symbol);
        const ofToken = checks.filter((check) => check.token === token.symbol);
        return [token.symbol, shownDay(token, row, ofToken)] as const;
      });
    return { kind: 'day', day, tokens: Object.fromEntries(shown) };
  }
}

function shownDay(
  token: Pick<ListedToken, 'decimals'>,
  row: DaySummaryRow | undefined,
  checks: readonly DayCheckRow[],
) {
  const amount = (text: string | null | undefined) =>
    text === null || text === undefined ? null : formatAmount(atoms(BigInt(text)), token.decimals);
  return {
    state: row?.state ?? 'open',
    observed: amount(row?.observed),
    released: amount(row?.released),
    stake: amount(row?.stake),
    qualifying: amount(row?.qualifying),
    pool: amount(row?.pool),
    poolPart: amount(row?.poolPart),
    treasuryPart: amount(row?.treasuryPart),
    fee: amount(row?.fee),
    leftoverBefore: amount(row?.leftoverBefore),
    paid: amount(row?.paid),
    leftover: amount(row?.leftover),
    users: row?.users ?? null,
    root: null,
    rulesVersion: row?.rulesVersion ?? null,
    paidAt: row?.paidAt?.toISOString() ?? null,
    late: row?.late ?? false,
    checks: checks.map(({ name, passed, detail }) => ({ name, passed, detail })),
    ...(row?.waitingFor ? { waitingFor: row.waitingFor } : {}),
    ...(row?.held ? { held: row.held } : {}),
  };
}
