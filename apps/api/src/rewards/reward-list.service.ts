import { Injectable } from '@nestjs/common';
import { AccountRepository, RewardHistoryRepository, type RewardRow } from '@app/database';
import { addDays, atoms, dayOf, formatAmount, utcDay } from '@app/staking-core';
import { Clock } from '../clock.js';
import { decodeCursor, encodeCursor, cursorInvalid } from '../http/cursor.js';
import { parseUtcDay } from '@app/staking-core';
import type { ListedToken } from '../tokens/token-catalogue.js';
import { TokenService } from '../tokens/token.service.js';

export interface RewardListQuery {
  readonly user: string;
  readonly token: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly cursor: string | undefined;
  readonly limit: number;
}

export type RewardListOutcome =
  | { readonly kind: 'page'; readonly items: readonly object[]; readonly next: string | null }
  | { readonly kind: 'user-unknown' }
  | { readonly kind: 'token-unknown'; readonly known: readonly string[] };

const DEFAULT_DAYS = 92;

@Injectable()
export class RewardListService {
  constructor(
    private readonly rewards: RewardHistoryRepository,
    private readonly accounts: AccountRepository,
    private readonly tokens: TokenService,
    private readonly clock: Clock,
  ) {}

  async page(query: RewardListQuery): Promise<RewardListOutcome> {
    const found = query.token === undefined ? undefined : await this.tokens.find(query.token);
    if (found && 'known' in found) return { kind: 'token-unknown', known: found.known };
    const token = found?.token;
    const [listed, account, now] = await Promise.all([
      this.tokens.listed(),
      this.accounts.find(query.user),
      this.clock.now(),
    ]);
    if (!account) return { kind: 'user-unknown' };
    const today = dayOf(BigInt(now.getTime()));
    const to = query.to === undefined ? today : utcDay(query.to);
    const from = query.from === undefined ? addDays(to, -DEFAULT_DAYS) : utcDay(query.from);
    const scope = ['rewards', query.user, token?.symbol, query.from, query.to];
    const { rows, more } = await this.rewards.page({
      user: query.user,
      token: token?.symbol ?? null,
      from,
      to,
      after: placeOf(scope, query.cursor),
      limit: query.limit,
    });
    const last = more ? rows.at(-1) : undefined;
    return {
      kind: 'page',
      items: rows.map((row) => shownReward(row, listed)),
      next: last ? encodeCursor(scope, [last.day, last.token]) : null,
    };
  }
}

function placeOf(scope: readonly (string | undefined)[], cursor: string | undefined) {
  if (cursor === undefined) return null;
  const [dayText = '', token = ''] = decodeCursor(scope, cursor, 2);
  const day = parseUtcDay(dayText);
  if (!day.ok) throw cursorInvalid();
  return { day: day.day, token };
}

function shownReward(row: RewardRow, listed: readonly ListedToken[]) {
  const decimals = listed.find((token) => token.symbol === row.token)?.decimals ?? 0;
  const amount = (text: string) => formatAmount(atoms(BigInt(text)), decimals);
  return {
    token: row.token,
    day: row.day,
    rewards: amount(row.amount),
    averageBalance: amount(row.average),
    weight: amount(row.weight),
    state: row.state,
    creditedAt: row.creditedMs === null ? null : new Date(row.creditedMs).toISOString(),
  };
}
