import {
  checkBalanceChain,
  dayEndMs,
  dayOf,
  daysBetween,
  formatInstant,
  nextDay,
  signedAtoms,
  utcDay,
  type SpotBalance,
  type UtcDay,
} from '@app/staking-core';
import type {
  DayChange,
  FeedMark,
  FeedShard,
  KnownBalance,
  LateEvent,
  LoggedEvent,
  NewBalance,
  QuarantinedDay,
} from '@app/database';
import { msOfDay, refuser, type EndOfDay, type SpotEvent, type SpotLine } from './spot-line.js';

/** Everything one batch writes; nothing else is written. */
export interface FoldedBatch {
  readonly log: readonly LoggedEvent[];
  readonly newBalances: readonly NewBalance[];
  readonly changes: readonly DayChange[];
  readonly late: readonly LateEvent[];
  readonly quarantined: readonly QuarantinedDay[];
  readonly marks: readonly FeedMark[];
  readonly shards: readonly FeedShard[];
}

/** A shard may be this many days ahead of what it has closed: today, and lines of tomorrow around midnight. */
const DAYS_AHEAD = 2n;
/** Before the first mark there is no closed day to hold on to: lines may not lie further apart than this. */
const DAYS_BEHIND = 7n;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Account {
  readonly shard: number;
  /** When its balance last moved, or became known. */
  lastMs: bigint;
  balance: SpotBalance | null;
  lastCause: string;
}

/**
 * R26: takes accepted lines in their order and works out what they do. The stated balance is always adopted; where it
 * contradicts what was known the account's day is quarantined. A line about a day that its shard has closed moves the
 * balance at 00:00 of the open day and is kept as late (R27). Pure: balances and shards are given.
 * @throws LineRefused 422 for a mark out of order, a day out of reach, an account of another shard
 */
export function foldLines(
  lines: readonly SpotLine[],
  shards: readonly FeedShard[],
  known: readonly KnownBalance[],
): FoldedBatch {
  const fold = new Fold(shards, known);
  for (const line of lines) {
    if (line.kind === 'mark') fold.closeDay(line);
    else fold.take(line);
  }
  return fold.result();
}

class Fold {
  private readonly shards: Map<number, FeedShard>;
  private readonly accounts = new Map<string, Account>();
  private readonly changes = new Map<string, Mutable<Omit<DayChange, 'cause'>>>();
  private readonly log: LoggedEvent[] = [];
  private readonly newBalances: NewBalance[] = [];
  private readonly late: LateEvent[] = [];
  private readonly quarantined: QuarantinedDay[] = [];
  private readonly marks: FeedMark[] = [];

  constructor(shards: readonly FeedShard[], known: readonly KnownBalance[]) {
    this.shards = new Map(shards.map((shard) => [shard.shard, shard]));
    for (const { user, token, shard, lastAt, free, locked } of known) {
      const balance = { freeAtoms: free, lockedAtoms: locked } as SpotBalance;
      this.accounts.set(`${user}\n${token}`, {
        shard,
        lastMs: BigInt(lastAt.getTime()),
        balance,
        lastCause: '',
      });
    }
  }

  closeDay(mark: EndOfDay): void {
    const shard = this.shards.get(mark.shard)!;
    const next = shard.closedThrough === null ? mark.day : nextDay(utcDay(shard.closedThrough));
    if (mark.day !== next) {
      const detail = `shard ${mark.shard} has closed ${shard.closedThrough}: the next to close is ${next}`;
      throw refuser(mark.line)(422, 'MARK_ORDER', 'endOfDay', detail);
    }
    this.marks.push({ shard: mark.shard, seq: mark.seq, day: mark.day });
    this.shards.set(mark.shard, { ...shard, seq: mark.seq, closedThrough: mark.day });
  }

  take(event: SpotEvent): void {
    const shard = this.shards.get(event.shard)!;
    checkReach(event, shard);
    const closed = shard.closedThrough === null ? null : utcDay(shard.closedThrough);
    const late = closed !== null && event.day <= closed;
    const account = this.account(event, late ? dayEndMs(closed) : event.atMs);
    // R9: the core's sequence is the order. A line that names an earlier time than the line before it takes effect with
    // that line, so no balance is ever below zero for a stretch; nor does it move before it was known (R26).
    const atMs = latest(late ? dayEndMs(closed) : event.atMs, account.lastMs);
    account.lastMs = atMs;
    const day = dayOf(atMs);
    const applied = this.apply(event, account, day);
    this.log.push({
      day,
      user: event.user,
      token: event.token,
      shard: event.shard,
      seq: event.seq,
      msOfDay: msOfDay(atMs),
      ...applied,
      free: event.freeAtoms,
      locked: event.lockedAtoms,
      cause: event.cause,
      statedDelta: event.deltaAtoms === null || event.deltaAtoms === applied.freeDelta ? null : event.deltaAtoms,
    });
    if (atMs !== event.atMs) {
      const state = late ? 'open' : 'written-off';
      this.late.push({ ...keyOf(event), day: event.day, msOfDay: msOfDay(event.atMs), ...applied, state });
    }
    this.addChange(event, atMs, applied);
    const newestDay = shard.newestDay === null || day > shard.newestDay ? day : shard.newestDay;
    this.shards.set(event.shard, { ...shard, seq: event.seq, newestDay });
  }

  result(): FoldedBatch {
    const { log, newBalances, late, quarantined, marks } = this;
    const shards = [...this.shards.values()];
    const changes = [...this.changes.values()].map((change) => ({
      ...change,
      cause: this.accounts.get(`${change.user}\n${change.token}`)!.lastCause,
    }));
    return { log, newBalances, changes, late, quarantined, marks, shards };
  }

  private account(event: SpotEvent, atMs: bigint): Account {
    const key = `${event.user}\n${event.token}`;
    let account = this.accounts.get(key);
    if (!account) {
      const { user, token, shard } = event;
      account = { shard, lastMs: atMs, balance: null, lastCause: event.cause };
      this.accounts.set(key, account);
      this.newBalances.push({ user, token, shard, knownFrom: formatInstant(atMs), day: dayOf(atMs) });
    }
    if (account.shard !== event.shard) {
      const detail = `this account's ${event.token} is fed by shard ${account.shard}: only one shard can order its lines`;
      throw refuser(event.line)(422, 'ACCOUNT_SHARD', 'shard', detail);
    }
    return account;
  }

  private apply(event: SpotEvent, account: Account, day: UtcDay): { freeDelta: bigint; lockedDelta: bigint } {
    const link = checkBalanceChain(account.balance, event);
    if (!link.ok) {
      this.quarantined.push({
        ...keyOf(event),
        day,
        reason: link.code === 'BALANCE_UNKNOWN' ? 'NO_SNAPSHOT' : 'MISMATCH',
        expected: link.expectedFreeAtoms,
        got: link.statedFreeAtoms,
      });
    }
    const before = account.balance;
    account.balance = { freeAtoms: event.freeAtoms, lockedAtoms: event.lockedAtoms };
    account.lastCause = event.cause;
    return {
      freeDelta: signedAtoms(event.freeAtoms - (before?.freeAtoms ?? 0n)),
      lockedDelta: signedAtoms(event.lockedAtoms - (before?.lockedAtoms ?? 0n)),
    };
  }

  private addChange(event: SpotEvent, atMs: bigint, applied: { freeDelta: bigint; lockedDelta: bigint }) {
    const day = dayOf(atMs);
    const restMs = dayEndMs(day) - atMs;
    const lastAt = formatInstant(atMs);
    const key = `${event.user}\n${event.token}\n${day}`;
    let change = this.changes.get(key);
    if (!change) {
      change = {
        user: event.user,
        token: event.token,
        day,
        free: 0n,
        locked: 0n,
        freeRest: 0n,
        lockedRest: 0n,
        lastAt,
      };
      this.changes.set(key, change);
    }
    change.lastAt = lastAt;
    change.free += applied.freeDelta;
    change.locked += applied.lockedDelta;
    change.freeRest += applied.freeDelta * restMs;
    change.lockedRest += applied.lockedDelta * restMs;
  }
}

function latest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function keyOf({ user, token, shard, seq }: SpotEvent) {
  return { user, token, shard, seq };
}

function checkReach(event: SpotEvent, shard: FeedShard): void {
  const anchor = shard.closedThrough ?? shard.newestDay;
  if (anchor === null) return;
  const ahead = daysBetween(utcDay(anchor), event.day);
  if (ahead > DAYS_AHEAD) {
    const detail = `${event.day} lies ahead of ${anchor}: close the days before it first`;
    throw refuser(event.line)(422, 'DAY_AHEAD', 'at', detail);
  }
  if (shard.closedThrough === null && ahead < -DAYS_BEHIND) {
    throw refuser(event.line)(422, 'DAY_BEHIND', 'at', `${event.day} lies long before ${anchor}`);
  }
}
