import { Injectable } from '@nestjs/common';
import {
  ArchiveRepository,
  BalanceReadingRepository,
  Database,
  DaySummaryRepository,
  RewardHistoryRepository,
  type ArchiveSubject,
  type DaySummaryRow,
  type ReleasedRewardRow,
  type RewardRow,
} from '@app/database';
import {
  atoms,
  creditId,
  explainReward,
  limitsInForce,
  utcDay,
  ZERO_ATOMS,
  type Atoms,
  type ExplainedChainReward,
  type PoolInput,
  type UtcDay,
} from '@app/staking-core';
import type { DatedRules, ListedToken } from '../tokens/token-catalogue.js';
import { TokenService } from '../tokens/token.service.js';
import { countedDay } from './logged-day.js';
import { TakingPartReader } from './taking-part.reader.js';

export type ExplainOutcome =
  | { readonly kind: 'explained'; readonly explanation: object }
  | { readonly kind: 'user-unknown' }
  | { readonly kind: 'token-unknown'; readonly known: readonly string[] }
  | { readonly kind: 'not-settled'; readonly state: string }
  /** What it would be computed from lies in an archive; `day` is the first day that is missing. */
  | { readonly kind: 'archived'; readonly subject: ArchiveSubject; readonly day: string };

type SplitDay = { readonly [K in keyof DaySummaryRow]: NonNullable<DaySummaryRow[K]> };

/** R33: one answer from which a reward can be recomputed by hand, and recomputed here from the log to be compared. */
@Injectable()
export class ExplainService {
  private readonly rewards: RewardHistoryRepository;
  private readonly balances: BalanceReadingRepository;
  private readonly archives = new ArchiveRepository();

  constructor(
    private readonly db: Database,
    private readonly days: DaySummaryRepository,
    private readonly tokens: TokenService,
    private readonly taking: TakingPartReader,
  ) {
    this.rewards = new RewardHistoryRepository(db);
    this.balances = new BalanceReadingRepository(db);
  }

  async explain(user: string, name: string, dayText: string): Promise<ExplainOutcome> {
    const found = await this.tokens.find(name);
    if ('known' in found) return { kind: 'token-unknown', known: found.known };
    const { token } = found;
    const day = utcDay(dayText);
    const [taking, summary] = await Promise.all([this.taking.of(user, day), this.days.ofToken(day, token.symbol)]);
    if (!taking) return { kind: 'user-unknown' };
    const inForce = limitsInForce(token.rules, day);
    if (!inForce.ok || !summary || summary.pool === null)
      return { kind: 'not-settled', state: summary?.state ?? 'open' };
    const [stored, [logged], ownerAverage] = await Promise.all([
      this.rewards.one(user, token.symbol, day),
      this.balances.loggedDays(user, [token.symbol], day),
      taking.owner === null ? undefined : this.rewards.ownerAverage(day, token.symbol, taking.owner),
    ]);
    const explanation = explainReward({
      user,
      day,
      rules: inForce.rules,
      ...countedDay(logged, day, inForce.rules),
      taking: taking.of(token, logged),
      ownerAverageAtoms: ownerAverage === undefined ? null : atoms(BigInt(ownerAverage)),
      pool: poolInput(summary as SplitDay, inForce.rules),
      leftoverAtoms: atoms(BigInt(summary.leftover ?? '0')),
      chainRewards: summary.chainRewards.map(chainReward),
      stored: storedAtoms(stored),
      receipt: receiptOf(stored, user, token, day),
    });
    // Asked last: a day that left while it was read is missing by now, and numbers without it would be wrong.
    const archived = await this.archivedOf(day);
    if (archived) return archived;
    const state = { settlement: summary.state, rules: summary.rulesVersion };
    // No row: the user had no weight, and nothing is what the computation has to give.
    if (!stored)
      return {
        kind: 'explained',
        explanation: { ...explanation, ...state, stored: null, agrees: explanation.reward === '0' },
      };
    return { kind: 'explained', explanation: { ...explanation, ...state } };
  }

  /** A balance is told by the user's next line, which may lie in any day since: the log of all of them is needed. */
  private async archivedOf(day: UtcDay): Promise<Extract<ExplainOutcome, { kind: 'archived' }> | undefined> {
    const { log, rewards } = await this.archives.missingSince(this.db, day);
    if (log !== undefined) return { kind: 'archived', subject: 'log', day: log };
    return rewards === day ? { kind: 'archived', subject: 'rewards', day } : undefined;
  }
}

function chainReward(row: ReleasedRewardRow): ExplainedChainReward {
  return {
    key: row.key,
    validator: row.validator,
    period: row.period,
    amountAtoms: atoms(BigInt(row.amount)),
    part: row.part,
    parts: row.parts,
    releasedAtoms: atoms(BigInt(row.released)),
    block: { height: BigInt(row.height), hash: row.hash },
  };
}

function poolInput(day: SplitDay, rules: DatedRules): PoolInput {
  const of = (text: string | null): Atoms => (text === null ? ZERO_ATOMS : atoms(BigInt(text)));
  return {
    releasedAtoms: of(day.released),
    qualifyingAtoms: of(day.qualifying),
    stakeAtoms: of(day.stake),
    feeBps: rules.feeBps,
    leftoverBeforeAtoms: of(day.leftoverBefore),
    boostAtoms: of(day.boosts),
  };
}

function storedAtoms(row: RewardRow | undefined) {
  return {
    averageAtoms: atoms(BigInt(row?.average ?? '0')),
    weightAtoms: atoms(BigInt(row?.weight ?? '0')),
    rewardAtoms: atoms(BigInt(row?.amount ?? '0')),
  };
}

function receiptOf(row: RewardRow | undefined, user: string, token: ListedToken, day: UtcDay) {
  if (!row || row.amount === '0') return null;
  return {
    creditId: creditId({ day, token: token.symbol, kind: 'reward', user }),
    state: row.state,
    creditedAtMs: row.creditedMs === null ? null : BigInt(row.creditedMs),
  };
}
