import { Injectable } from '@nestjs/common';
import { CreditListRepository, type CreditRow } from '@app/database';
import { atoms, creditId, formatAmount, type UtcDay } from '@app/staking-core';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import type { ListedToken } from '../tokens/token-catalogue.js';
import { TokenService } from '../tokens/token.service.js';

export interface CreditQuery {
  readonly day: UtcDay;
  readonly token: string | undefined;
  readonly state: string | undefined;
  readonly cursor: string | undefined;
  readonly limit: number;
}

export type CreditOutcome =
  | { readonly kind: 'page'; readonly items: readonly object[]; readonly next: string | null }
  | { readonly kind: 'token-unknown'; readonly known: readonly string[] };

@Injectable()
export class CreditsService {
  constructor(
    private readonly credits: CreditListRepository,
    private readonly tokens: TokenService,
  ) {}

  async page(query: CreditQuery): Promise<CreditOutcome> {
    const found = query.token === undefined ? undefined : await this.tokens.find(query.token);
    if (found && 'known' in found) return { kind: 'token-unknown', known: found.known };
    const token = found?.token;
    const listed = await this.tokens.listed();
    const scope = ['credits', query.day, token?.symbol, query.state];
    const place = query.cursor === undefined ? null : decodeCursor(scope, query.cursor, 2);
    const rows = await this.credits.page({
      day: query.day,
      token: token?.symbol ?? null,
      state: query.state ?? null,
      after: place ? { token: place[0]!, user: place[1]! } : null,
      limit: query.limit + 1,
    });
    const shown = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? shown.at(-1) : undefined;
    return {
      kind: 'page',
      items: shown.map((row) => shownCredit(row, query.day, listed)),
      next: last ? encodeCursor(scope, [last.token, last.user]) : null,
    };
  }
}

function shownCredit(row: CreditRow, day: UtcDay, listed: readonly ListedToken[]) {
  const decimals = listed.find((token) => token.symbol === row.token)?.decimals ?? 0;
  return {
    id: creditId({ day, token: row.token, kind: 'reward', user: row.user }),
    user: row.user,
    token: row.token,
    amount: formatAmount(atoms(BigInt(row.amount)), decimals),
    kind: 'reward',
    state: row.state,
    batch: row.batch,
    creditedAt: row.creditedAt?.toISOString() ?? null,
    ...(row.reason ? { reason: row.reason } : {}),
  };
}
