import { Injectable } from '@nestjs/common';
import { AccountRepository, BalanceReadingRepository, DaySummaryRepository, type BalanceRow } from '@app/database';
import {
  atoms,
  changesOf,
  balanceSegments,
  countedBalance,
  countedIntegral,
  countsWholeDay,
  DAY_MS,
  dayInterval,
  dayOf,
  dayStartMs,
  formatAmount,
  intersect,
  limitsInForce,
  pendingToday,
  rollTo,
  utcDay,
  type Accumulator,
  type CountingDay,
  type UtcDay,
} from '@app/staking-core';
import { Clock } from '../clock.js';
import { paidDay, TokenService, type DatedRules, type ListedToken } from '../tokens/token.service.js';
import { TakingPartReader } from './taking-part.reader.js';

/** What `now` and the user's day are read from. */
@Injectable()
export class PendingWorld {
  constructor(
    readonly clock: Clock,
    readonly taking: TakingPartReader,
  ) {}
}

/** R34: today so far, and what it would earn at the last paid rate. An estimate, and said to be one. */
@Injectable()
export class PendingService {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly balances: BalanceReadingRepository,
    private readonly days: DaySummaryRepository,
    private readonly tokens: TokenService,
    private readonly world: PendingWorld,
  ) {}

  /** Undefined: no such user. */
  async of(user: string) {
    if (!(await this.accounts.find(user))) return undefined;
    const [rows, listed, lastPaid] = await Promise.all([
      this.balances.balances(user),
      this.tokens.listed(),
      this.days.lastPaid(),
    ]);
    const now = await this.world.clock.now();
    const nowMs = BigInt(now.getTime());
    const today = dayOf(nowMs);
    const items = rows.map(async (row) => {
      const token = listed.find((one) => one.symbol === row.token);
      const inForce = token && limitsInForce(token.rules, today);
      if (!token || !inForce?.ok) return [];
      const last = lastPaid.find((one) => one.token === row.token);
      const integrals = await this.integrals(user, token, row, { today, nowMs, rules: inForce.rules });
      const pending = pendingToday({ ...integrals, rules: inForce.rules, lastPaid: last ? paidDay(last) : null });
      const amount = (value: bigint) => formatAmount(atoms(value), token.decimals);
      return [
        {
          token: token.symbol,
          day: today,
          averageSoFar: amount(pending.averageSoFarAtoms),
          averageIfUnchanged: amount(pending.averageProjectedAtoms),
          estimate: pending.estimateAtoms === null ? null : amount(pending.estimateAtoms),
          rateOf: last?.day ?? null,
        },
      ];
    });
    return { user, asOf: now.toISOString(), items: (await Promise.all(items)).flat() };
  }

  private async integrals(
    user: string,
    token: ListedToken,
    row: BalanceRow,
    at: { readonly today: UtcDay; readonly nowMs: bigint; readonly rules: DatedRules },
  ) {
    const taking = await this.world.taking.of(user, token, at.today);
    if (taking.counting.length === 0) return { integralSoFar: 0n, integralProjected: 0n };
    if (countsWholeDay(taking) && row.day <= at.today) return wholeDay(row, at);
    return this.fromLog(user, row, at, taking);
  }

  /** A day that counts in part only is integrated from its own log. */
  private async fromLog(
    user: string,
    row: BalanceRow,
    { today, nowMs, rules }: { readonly today: UtcDay; readonly nowMs: bigint; readonly rules: DatedRules },
    taking: CountingDay,
  ) {
    const opening = await this.balances.openingOf(user, row.token, today);
    const balance = {
      freeAtoms: atoms(BigInt(opening?.free ?? '0')),
      lockedAtoms: atoms(BigInt(opening?.locked ?? '0')),
    };
    const events = await this.balances.events(user, row.token, today);
    const changes = changesOf(
      balance,
      events.map((event) => ({
        atMs: dayStartMs(today) + BigInt(event.msOfDay),
        seq: BigInt(event.seq),
        freeAtoms: atoms(BigInt(event.free)),
        lockedAtoms: atoms(BigInt(event.locked)),
      })),
      rules.countedBalance,
    );
    const segments = balanceSegments(today, countedBalance(balance, rules.countedBalance), changes);
    const soFar = intersect(taking.counting, [{ startMs: dayInterval(today).startMs, endMs: nowMs }]);
    return {
      integralSoFar: countedIntegral(segments, soFar),
      integralProjected: countedIntegral(segments, taking.counting),
    };
  }
}

function wholeDay(row: BalanceRow, { today, nowMs, rules }: { today: UtcDay; nowMs: bigint; rules: DatedRules }) {
  const state = rollTo(accumulatorOf(row), today, rules.countedBalance);
  const rest = DAY_MS - (nowMs - dayStartMs(today));
  const soFar = state.acc - countedBalance(state, rules.countedBalance) * rest;
  // The feed may be ahead of the clock: then what it has said of the coming minutes is not "so far" yet.
  return { integralSoFar: soFar > 0n ? soFar : 0n, integralProjected: state.acc };
}

function accumulatorOf(row: BalanceRow): Accumulator {
  return {
    freeAtoms: atoms(BigInt(row.free)),
    lockedAtoms: atoms(BigInt(row.locked)),
    day: utcDay(row.day),
    acc: BigInt(row.integral),
    prevDay: row.prevDay === null ? null : utcDay(row.prevDay),
    prevAcc: BigInt(row.prevIntegral ?? '0'),
  };
}
