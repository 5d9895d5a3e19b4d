import { Injectable } from '@nestjs/common';
import { BalanceReadingRepository, type BalanceRow, type LoggedDay } from '@app/database';
import {
  atoms,
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
import type { DatedRules, ListedToken } from '../tokens/token-catalogue.js';
import { TokenService } from '../tokens/token.service.js';
import { countedDay } from './logged-day.js';
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
    private readonly balances: BalanceReadingRepository,
    private readonly tokens: TokenService,
    private readonly world: PendingWorld,
  ) {}

  /** Undefined: no such user. */
  async of(user: string) {
    const now = await this.world.clock.now();
    const today = dayOf(BigInt(now.getTime()));
    const [rows, listed, rates, taking] = await Promise.all([
      this.balances.balances(user),
      this.tokens.listed(),
      this.tokens.rates(),
      this.world.taking.of(user, today),
    ]);
    if (!taking) return undefined;
    const held = rows.flatMap((row): Held[] => {
      const token = listed.find((one) => one.symbol === row.token);
      const inForce = token && limitsInForce(token.rules, today);
      return token && inForce?.ok ? [{ token, rules: inForce.rules, row, counting: taking.of(token, row) }] : [];
    });
    const logged = await this.logged(user, today, held);
    const items = held.map((one) => {
      const last = rates.get(one.token.symbol);
      const integrals = integralsOf(one, logged, { today, nowMs: BigInt(now.getTime()) });
      const pending = pendingToday({ ...integrals, rules: one.rules, lastPaid: last?.paid ?? null });
      const amount = (value: bigint) => formatAmount(atoms(value), one.token.decimals);
      return {
        token: one.token.symbol,
        day: today,
        averageSoFar: amount(pending.averageSoFarAtoms),
        averageIfUnchanged: amount(pending.averageProjectedAtoms),
        estimate: pending.estimateAtoms === null ? null : amount(pending.estimateAtoms),
        rateOf: last?.day ?? null,
      };
    });
    return { user, asOf: now.toISOString(), items };
  }

  /** The log is read for those alone of whom the running balance does not say enough, and for all of them at once. */
  private async logged(user: string, today: UtcDay, held: readonly Held[]): Promise<readonly LoggedDay[]> {
    const tokens = held.filter((one) => sourceOf(one, today) === 'log').map((one) => one.token.symbol);
    return tokens.length === 0 ? [] : this.balances.loggedDays(user, tokens, today);
  }
}

/** A balance of a listed token, and which part of today counts of it. */
interface Held {
  readonly token: ListedToken;
  readonly rules: DatedRules;
  readonly row: BalanceRow;
  readonly counting: CountingDay;
}

interface Instant {
  readonly today: UtcDay;
  readonly nowMs: bigint;
}

/** A day that counts in part only is integrated from its own log. */
function sourceOf({ row, counting }: Held, today: UtcDay): 'none' | 'running-balance' | 'log' {
  if (counting.counting.length === 0) return 'none';
  return countsWholeDay(counting) && row.day <= today ? 'running-balance' : 'log';
}

function integralsOf(held: Held, logged: readonly LoggedDay[], at: Instant) {
  switch (sourceOf(held, at.today)) {
    case 'none':
      return { integralSoFar: 0n, integralProjected: 0n };
    case 'running-balance':
      return wholeDay(held, at);
    case 'log':
      return fromLog(held, logged, at);
  }
}

function fromLog({ token, rules, counting }: Held, logged: readonly LoggedDay[], { today, nowMs }: Instant) {
  const day = countedDay(
    logged.find((one) => one.token === token.symbol),
    today,
    rules,
  );
  const segments = balanceSegments(today, day.openingAtoms, day.changes);
  const soFar = intersect(counting.counting, [{ startMs: dayInterval(today).startMs, endMs: nowMs }]);
  return {
    integralSoFar: countedIntegral(segments, soFar),
    integralProjected: countedIntegral(segments, counting.counting),
  };
}

function wholeDay({ row, rules }: Held, { today, nowMs }: Instant) {
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
