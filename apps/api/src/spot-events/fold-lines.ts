import {
  checkBalanceChain,
  dayEndMs,
  dayOf,
  daysBetween,
  formatInstant,
  nextDay,
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
import { refuser, type EndOfDay, type SpotEvent, type SpotLine } from './spot-line.js';

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

const DAY_LENGTH_MS = 86_400_000;

/** An account in a batch: one object a batch, found once a line, so that a busy account costs no more than a quiet one. */
export class BatchAccount {
  balance: SpotBalance | null = null;
  /** The shard that orders its lines. */
  shard = -1;
  /** When its balance last moved, or became known. */
  lastMs = 0;
  lastCause = '';
  readonly changes: OpenChange[] = [];
  /** Nothing was known of it before the batch: from when it is known. */
  knownFromMs: number | undefined;

  constructor(
    readonly user: string,
    readonly token: string,
  ) {}

  /** As stored before the batch. */
  know(known: KnownBalance): void {
    this.shard = known.shard;
    this.lastMs = known.lastMs;
    this.balance = { freeAtoms: known.free, lockedAtoms: known.locked } as SpotBalance;
  }
}

interface OpenChange {
  readonly day: UtcDay;
  free: bigint;
  locked: bigint;
  freeRest: bigint;
  lockedRest: bigint;
  readonly firstMs: number;
  lastMs: number;
}

/** The accounts of a batch in the order of the key (their rows lie near each other), and which one each line is about. */
export interface BatchAccounts {
  readonly accounts: readonly BatchAccount[];
  /** By the line's place in the batch; undefined for a mark. */
  readonly ofLine: readonly (BatchAccount | undefined)[];
}

export function accountsOf(lines: readonly SpotLine[]): BatchAccounts {
  const byToken = new Map<string, Map<string, BatchAccount>>();
  const accounts: BatchAccount[] = [];
  const ofLine = lines.map((line) => {
    if (line.kind === 'mark') return undefined;
    let byUser = byToken.get(line.token);
    if (!byUser) byToken.set(line.token, (byUser = new Map()));
    let account = byUser.get(line.user);
    if (!account) {
      account = new BatchAccount(line.user, line.token);
      byUser.set(line.user, account);
      accounts.push(account);
    }
    return account;
  });
  accounts.sort((a, b) => (a.user < b.user ? -1 : a.user > b.user ? 1 : a.token < b.token ? -1 : 1));
  return { accounts, ofLine };
}

/**
 * R26: takes accepted lines in their order and works out what they do. The stated balance is always adopted; where it
 * contradicts what was known the account's day is quarantined. A line about a day that its shard has closed moves the
 * balance at 00:00 of the open day and is kept as late (R27). Shards are given, and what is known of the accounts.
 * @throws LineRefused 422 for a mark out of order, a day out of reach, an account of another shard
 */
export function foldLines(
  lines: readonly SpotLine[],
  shards: readonly FeedShard[],
  { accounts, ofLine }: BatchAccounts,
): FoldedBatch {
  const fold = new Fold(shards);
  for (let place = 0; place < lines.length; place += 1) {
    const line = lines[place]!;
    if (line.kind === 'mark') fold.closeDay(line);
    else fold.take(line, ofLine[place]!);
  }
  return fold.result(accounts);
}

/** A shard while its lines are taken. */
interface OpenShard {
  readonly before: FeedShard;
  seq: number;
  closedThrough: UtcDay | null;
  /** First millisecond after the closed days; 0 before the first mark. */
  openMs: number;
  newestDay: string | null;
  /** The last day that was found to lie within reach. */
  reachedDay: string | null;
}

class Fold {
  private readonly shards: Map<number, OpenShard>;
  private readonly log: LoggedEvent[] = [];
  private readonly late: LateEvent[] = [];
  private readonly quarantined: QuarantinedDay[] = [];
  private readonly marks: FeedMark[] = [];

  constructor(shards: readonly FeedShard[]) {
    this.shards = new Map(shards.map((shard) => [shard.shard, openShard(shard)]));
  }

  closeDay(mark: EndOfDay): void {
    const shard = this.shards.get(mark.shard)!;
    const next = shard.closedThrough === null ? mark.day : nextDay(shard.closedThrough);
    if (mark.day !== next) {
      const detail = `shard ${mark.shard} has closed ${shard.closedThrough}: the next to close is ${next}`;
      throw refuser(mark.line)(422, 'MARK_ORDER', 'endOfDay', detail);
    }
    this.marks.push({ shard: mark.shard, seq: BigInt(mark.seq), day: mark.day });
    shard.seq = mark.seq;
    shard.closedThrough = mark.day;
    shard.openMs = Number(dayEndMs(mark.day));
    shard.reachedDay = null;
  }

  take(event: SpotEvent, account: BatchAccount): void {
    const shard = this.shards.get(event.shard)!;
    if (event.day !== shard.reachedDay) {
      checkReach(event, shard);
      shard.reachedDay = event.day;
    }
    const late = event.atMs < shard.openMs;
    const earliest = late ? shard.openMs : event.atMs;
    this.meet(event, account, earliest);
    // R9: the core's sequence is the order. A line that names an earlier time than the line before it takes effect with
    // that line, so no balance is ever below zero for a stretch; nor does it move before it was known (R26).
    const atMs = earliest < account.lastMs ? account.lastMs : earliest;
    account.lastMs = atMs;
    const onTime = atMs === event.atMs;
    const day = onTime ? event.day : dayOf(BigInt(atMs));
    const msOfDay = onTime ? event.msOfDay : atMs % DAY_LENGTH_MS;
    const before = account.balance;
    this.checkChain(event, account, day);
    const freeDelta = event.freeAtoms - (before?.freeAtoms ?? 0n);
    const lockedDelta = event.lockedAtoms - (before?.lockedAtoms ?? 0n);
    this.log.push(logged(event, { day, msOfDay, freeDelta, lockedDelta }));
    if (!onTime) {
      const state = late ? 'open' : 'written-off';
      const said = { day: event.day, msOfDay: event.msOfDay, freeDelta, lockedDelta, state } as const;
      this.late.push({ ...keyOf(event), ...said });
    }
    addChange(account, { day, atMs, restMs: DAY_LENGTH_MS - msOfDay, freeDelta, lockedDelta });
    if (shard.newestDay === null || day > shard.newestDay) shard.newestDay = day;
    shard.seq = event.seq;
  }

  result(accounts: readonly BatchAccount[]): FoldedBatch {
    const { log, late, quarantined, marks } = this;
    const shards = [...this.shards.values()].map(({ before, seq, closedThrough, newestDay }) => ({
      ...before,
      seq: BigInt(seq),
      closedThrough,
      newestDay,
    }));
    return { log, ...movesOf(accounts), late, quarantined, marks, shards };
  }

  private meet(event: SpotEvent, account: BatchAccount, atMs: number): void {
    if (account.shard < 0) {
      account.shard = event.shard;
      account.lastMs = atMs;
      account.knownFromMs = atMs;
    }
    if (account.shard !== event.shard) {
      const detail = `this account's ${event.token} is fed by shard ${account.shard}: only one shard can order its lines`;
      throw refuser(event.line)(422, 'ACCOUNT_SHARD', 'shard', detail);
    }
  }

  private checkChain(event: SpotEvent, account: BatchAccount, day: UtcDay): void {
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
    account.balance = event;
    account.lastCause = event.cause;
  }
}

function openShard(before: FeedShard): OpenShard {
  const closedThrough = before.closedThrough === null ? null : utcDay(before.closedThrough);
  const openMs = closedThrough === null ? 0 : Number(dayEndMs(closedThrough));
  return { before, seq: Number(before.seq), closedThrough, openMs, newestDay: before.newestDay, reachedDay: null };
}

function logged(
  event: SpotEvent,
  applied: Pick<LoggedEvent, 'day' | 'msOfDay' | 'freeDelta' | 'lockedDelta'>,
): LoggedEvent {
  return {
    day: applied.day,
    user: event.user,
    token: event.token,
    shard: event.shard,
    seq: event.seq,
    msOfDay: applied.msOfDay,
    freeDelta: applied.freeDelta,
    lockedDelta: applied.lockedDelta,
    free: event.freeAtoms,
    locked: event.lockedAtoms,
    cause: event.cause,
    statedDelta: event.deltaAtoms === null || event.deltaAtoms === applied.freeDelta ? null : event.deltaAtoms,
  };
}

interface AppliedChange {
  readonly day: UtcDay;
  readonly atMs: number;
  readonly restMs: number;
  readonly freeDelta: bigint;
  readonly lockedDelta: bigint;
}

/** Sums of the account's day so far. An account's lines are in order of time, so its days come one after the other. */
function addChange(account: BatchAccount, { day, atMs, restMs, freeDelta, lockedDelta }: AppliedChange): void {
  let change = account.changes.at(-1);
  if (change?.day !== day) {
    change = { day, free: 0n, locked: 0n, freeRest: 0n, lockedRest: 0n, firstMs: atMs, lastMs: atMs };
    account.changes.push(change);
  }
  const rest = BigInt(restMs);
  change.lastMs = atMs;
  change.free += freeDelta;
  change.freeRest += freeDelta * rest;
  if (lockedDelta !== 0n) {
    change.locked += lockedDelta;
    change.lockedRest += lockedDelta * rest;
  }
}

/** A new account's first day is its row; what comes after it, and every day of a known account, are changes. */
function movesOf(accounts: readonly BatchAccount[]): Pick<FoldedBatch, 'newBalances' | 'changes'> {
  const newBalances: NewBalance[] = [];
  const changes: DayChange[] = [];
  for (const { user, token, shard, lastCause: cause, knownFromMs, changes: days } of accounts) {
    for (const [place, { day, firstMs, lastMs, free, locked, freeRest, lockedRest }] of days.entries()) {
      const times = { firstAt: timeText(firstMs), lastAt: timeText(lastMs) };
      const moved = { free, locked, freeRest, lockedRest, cause, ...times };
      if (place > 0 || knownFromMs === undefined) changes.push({ user, token, day, ...moved });
      else newBalances.push({ user, token, shard, knownFrom: timeText(knownFromMs), day, opening: moved });
    }
  }
  return { newBalances, changes };
}

function timeText(ms: number): string {
  return formatInstant(BigInt(ms));
}

function keyOf({ user, token, shard, seq }: SpotEvent) {
  return { user, token, shard, seq: BigInt(seq) };
}

function checkReach(event: SpotEvent, shard: OpenShard): void {
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
