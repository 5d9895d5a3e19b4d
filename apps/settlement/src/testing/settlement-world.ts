import {
  bucketOf,
  Database,
  type DayChange,
  DayPartitionRepository,
  ParticipationRepository,
  SpotFeedRepository,
  type TokenDay,
  type Transactions,
} from '@app/database';
import { type Clock, createLogger, openTestDatabase, type TestDatabase } from '@app/platform';
import { DAY_MS, dayEndMs, formatInstant, instant, type UtcDay } from '@app/staking-core';
import { CoreClient } from '../core/core-client.js';
import { SettlementRun } from '../settlement-run.js';
import { type SettlementLimits, type SettlementTools, settlementTools, type ToolParts } from '../settlement-tools.js';
import { STUB_SECRET, StubCore } from './stub-core.js';

/** A balance as the feed states it, at a UTC time. */
export interface StatedBalance {
  readonly user: string;
  readonly token?: string;
  readonly at: string;
  readonly free: bigint;
  readonly locked?: bigint;
  readonly shard?: number;
}

export interface TokenSettings {
  readonly decimals: number;
  readonly payoutDecimals: number;
  readonly min: bigint;
  readonly cap: bigint;
  readonly releaseDays: number;
  readonly feeBps: number;
  readonly counted: 'free' | 'free+locked';
  readonly maxDailyRatePpb: bigint;
  readonly trendMultiple: number;
  readonly delistedFrom: string | null;
}

const TOKEN: TokenSettings = {
  decimals: 18,
  payoutDecimals: 8,
  min: 5n * 10n ** 17n,
  cap: 1000n * 10n ** 18n,
  releaseDays: 1,
  feeBps: 0,
  counted: 'free',
  maxDailyRatePpb: 1_000_000_000n,
  trendMultiple: 100,
  delistedFrom: null,
};

export const FAST_LIMITS: Partial<SettlementLimits> = {
  batchSize: 4,
  inFlight: 2,
  claimMs: 400,
  attempts: 3,
  restMs: 5,
  // Ten users are several ranges, and two that moved are more than one range may hold.
  shards: 3,
  rangeUsers: 4,
  checkUsers: 3,
};

/** Everything around the settlement, real but small: PostgreSQL, the feed's own SQL, a core that answers over HTTP. */
export class SettlementWorld {
  /** What the clock port says. */
  now = '2026-11-20T00:00:00.000Z';
  private readonly feed = new SpotFeedRepository();
  private readonly participation: ParticipationRepository;
  private periods = 0n;
  private readonly leaves: DayPartitionRepository;
  private readonly balances = new Map<string, { free: bigint; locked: bigint }>();
  private readonly seqs = new Map<number, bigint>();
  private height = 100n;

  private constructor(
    readonly db: Database,
    readonly core: StubCore,
    private readonly database: TestDatabase,
  ) {
    this.leaves = new DayPartitionRepository(db);
    this.participation = new ParticipationRepository();
  }

  static async open(name: string): Promise<SettlementWorld> {
    const database = await openTestDatabase(name);
    const db = await Database.open(database.url);
    await db.migrate();
    return new SettlementWorld(db, await StubCore.start(), database);
  }

  async close(): Promise<void> {
    await this.core.stop();
    await this.db.close();
    await this.database.drop();
  }

  get url(): string {
    return this.database.url;
  }

  tools(parts: Partial<ToolParts> & { readonly db?: Transactions } = {}): SettlementTools {
    const clock: Clock = { now: () => Promise.resolve(new Date(this.now)) };
    return settlementTools({
      db: this.db,
      core: new CoreClient({ url: this.core.url, secret: STUB_SECRET, timeoutMs: 300 }),
      clock,
      log: createLogger({ app: 'settlement', level: process.env['TEST_LOG'] ?? 'silent' }),
      openDay: (day) => this.leaves.openDay(day),
      limits: FAST_LIMITS,
      ...parts,
    });
  }

  run(parts: Partial<ToolParts> = {}): SettlementRun {
    return new SettlementRun(this.tools(parts));
  }

  async token(symbol: string, settings: Partial<TokenSettings> = {}): Promise<void> {
    const rule = { ...TOKEN, ...settings };
    await this.db.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from, delisted_from) VALUES ($1, $1, 'bnb', $2, $3, '2025-01-01', $4)`,
      [symbol, rule.decimals, rule.payoutDecimals, rule.delistedFrom],
    );
    await this.rule(symbol, '2025-01-01', rule);
    await this.db.affected(`INSERT INTO price (token, at, usdt) VALUES ($1, '2025-01-01', 600)`, [symbol]);
  }

  async rule(symbol: string, from: string, settings: Partial<TokenSettings>): Promise<void> {
    const rule = { ...TOKEN, ...settings };
    await this.db.affected(
      `INSERT INTO token_rule (token, valid_from, min_atoms, cap_atoms, release_days, fee_bps, counted_balance,
         max_daily_rate_ppb, trend_multiple, rules_version, made_by, approved_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'test', 'maker', 'checker')`,
      [
        symbol,
        from,
        rule.min,
        rule.cap,
        rule.releaseDays,
        rule.feeBps,
        rule.counted,
        rule.maxDailyRatePpb,
        rule.trendMultiple,
      ],
    );
  }

  async user(
    user: string,
    given: { readonly owner?: string; readonly status?: string; readonly on?: string | null } = {},
  ): Promise<void> {
    await this.db.affected(
      `INSERT INTO account (user_id, bucket, region, owner, status, told_at) VALUES ($1, $2, 'DE', $3, $4, '2025-01-01')`,
      [user, bucketOf(user), given.owner ?? null, given.status ?? 'active'],
    );
    if (given.on !== null) await this.period(user, given.on ?? '2025-01-02T00:00:00.000Z', null);
  }

  async period(user: string, from: string, to: string | null): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.participation.openNewPeriod(tx, {
        user,
        startsAt: from,
        since: formatInstant(instant(from) + this.periods++),
        termsVersion: 'v1',
      });
      if (to !== null) await this.participation.closePeriod(tx, user, to, 'SWITCHED_OFF');
    });
  }

  async leave(user: string, at: string): Promise<void> {
    await this.db.transaction((tx) => this.participation.closePeriod(tx, user, at, 'SWITCHED_OFF'));
  }

  async cut(user: string, token: string, reason: string, from: string, to: string | null): Promise<void> {
    await this.db.affected(
      'INSERT INTO participation_cut (user_id, token, reason, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)',
      [user, token, reason, from, to],
    );
  }

  /** Lines of the feed, in order of time, by the ingest's own statements. */
  async say(lines: readonly StatedBalance[]): Promise<void> {
    const days = [...new Set(lines.map((line) => line.at.slice(0, 10)))];
    const tokens = [...new Set(lines.map((line) => line.token ?? 'BNB'))];
    await this.leaves.ensure('balance_event', days, tokens);
    for (const day of days)
      await this.sayDay(
        lines.filter((line) => line.at.startsWith(day)),
        day,
      );
  }

  private async sayDay(lines: readonly StatedBalance[], day: string): Promise<void> {
    const events = lines.map((line) => this.event(line, day));
    const fresh = new Map<string, (typeof events)[number]>();
    for (const event of events) if (event.first) fresh.set(`${event.user} ${event.token}`, event);
    const sums = new Map<string, DayChange>();
    for (const event of events) {
      const key = `${event.user} ${event.token}`;
      const rest = DAY_MS - BigInt(event.msOfDay);
      const none = { free: 0n, locked: 0n, freeRest: 0n, lockedRest: 0n };
      const sum = sums.get(key) ?? { ...event, firstAt: event.at, lastAt: event.at, ...none };
      sums.set(key, {
        ...sum,
        lastAt: event.at,
        free: sum.free + event.freeDelta,
        locked: sum.locked + event.lockedDelta,
        freeRest: sum.freeRest + event.freeDelta * rest,
        lockedRest: sum.lockedRest + event.lockedDelta * rest,
      });
    }
    await this.db.transaction(async (tx) => {
      const shards = await this.feed.lockShards(tx, [...new Set(events.map((event) => event.shard))]);
      await this.feed.addBalances(
        tx,
        [...fresh.values()].map((event) => ({ ...event, knownFrom: event.at })),
      );
      await this.feed.appendLog(tx, events);
      await this.feed.applyChanges(tx, [...sums.values()]);
      for (const shard of shards) {
        const newest = shard.newestDay !== null && shard.newestDay > day ? shard.newestDay : day;
        await this.feed.saveShard(tx, { ...shard, seq: this.seqs.get(shard.shard) ?? 0n, newestDay: newest });
      }
    });
  }

  private event(line: StatedBalance, day: string) {
    const { user, free, token = 'BNB', locked = 0n, shard = 0 } = line;
    const key = `${user} ${token}`;
    const before = this.balances.get(key);
    const seq = (this.seqs.get(shard) ?? 0n) + 1n;
    this.seqs.set(shard, seq);
    this.balances.set(key, { free, locked });
    return {
      day,
      user,
      token,
      shard,
      seq,
      at: line.at,
      msOfDay: Date.parse(line.at) - Date.parse(`${day}T00:00:00.000Z`),
      freeDelta: free - (before?.free ?? 0n),
      lockedDelta: locked - (before?.locked ?? 0n),
      free,
      locked,
      cause: before ? 'trade' : 'snapshot',
      statedDelta: null,
      first: before === undefined,
    };
  }

  async closeShard(day: string, shard = 0): Promise<void> {
    await this.db.affected(
      `INSERT INTO feed_shard (shard, closed_through, newest_day) VALUES ($2, $1::date, $1::date)
       ON CONFLICT (shard) DO UPDATE SET closed_through = $1::date, newest_day = greatest(feed_shard.newest_day, $1::date)`,
      [day, shard],
    );
  }

  /** What the chain says of a day: average stake, and rewards earned in it, read at the first block of the next day. */
  async chainSays(
    unit: { readonly day: UtcDay; readonly token: string },
    stake: bigint,
    rewards: readonly {
      readonly key: string;
      readonly amount: bigint;
      readonly earnedTo?: string;
      readonly crossCheck?: bigint;
    }[],
    held = 10n ** 30n,
  ): Promise<void> {
    this.height += 1n;
    const at = formatInstant(dayEndMs(unit.day));
    await this.db.affected(
      `INSERT INTO chain_cut (chain, height, hash, at, liquid) VALUES ('bnb', $1::bigint, 'h', $2, $3)`,
      [this.height.toString(), at, held],
    );
    await this.db.affected(
      `INSERT INTO chain_day (token, day, average_stake, chain, cut_height) VALUES ($1, $2, $3, 'bnb', $4)`,
      [unit.token, unit.day, stake, this.height],
    );
    for (const reward of rewards) {
      await this.db.affected(
        `INSERT INTO chain_reward (token, key, kind, position_key, validator, period, amount, earned_from, earned_to, chain, height, hash, cross_check, cross_tolerance)
         VALUES ($1, $2, 'protocol', 'p', 'v', $3, $4, $5, $6, 'bnb', $7, 'h', $8, 10)`,
        [
          unit.token,
          reward.key,
          unit.day,
          reward.amount,
          formatInstant(instant(reward.earnedTo ?? at) - DAY_MS),
          reward.earnedTo ?? at,
          this.height,
          reward.crossCheck ?? null,
        ],
      );
    }
  }

  async settlement(unit: TokenDay): Promise<Record<string, unknown>> {
    const [row] = await this.db.rows<Record<string, unknown>>(
      'SELECT * FROM settlement WHERE day = $1 AND token = $2',
      [unit.day, unit.token],
    );
    return row ?? {};
  }

  async rewards(unit: TokenDay): Promise<Record<string, string>> {
    const rows = await this.db.rows<{ user_id: string; amount: string }>(
      'SELECT user_id, amount FROM reward WHERE day = $1 AND token = $2 ORDER BY user_id',
      [unit.day, unit.token],
    );
    return Object.fromEntries(rows.map((row) => [row.user_id, row.amount]));
  }
}
