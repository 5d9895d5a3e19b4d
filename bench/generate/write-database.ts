import { bucketOf, type Database, DayPartitionRepository, TokenSeedRepository } from '@app/database';
import { dayAt, instantAt } from './calendar.js';
import { copyLine, copyStream, sha256 } from './copy-lines.js';
import { type BenchUser, DAY_LENGTH, type Population } from './population.js';
import { type RunningBalance, RunningBalances } from './running-balances.js';
import { benchCatalogue, TOKENS } from './tokens.js';
import { eventsOfDay, type FeedEvent, shardOf, SHARDS, TradingDay } from './trading-day.js';

/** What went in, so that two runs can be told to be of the same day. */
export interface Inputs {
  readonly users: number;
  readonly positions: number;
  /** Of the measured day alone. */
  readonly events: number;
  readonly seed: number;
  readonly day: string;
  readonly sha256: Readonly<Record<string, string>>;
}

export interface PoolOfToken {
  readonly token: number;
  readonly released: bigint;
  readonly stake: bigint;
}

/** Told how far a table is: share of its lines, 0 to 1. */
export type Told = (what: string, share: number) => void;
const NOBODY: Told = () => undefined;
const LINES_BETWEEN = 10_000;

/** Schema, catalogue, accounts and switches: what does not move during the day. @returns sha256 by table */
export async function writePeople(
  db: Database,
  population: Population,
  told: Told = NOBODY,
): Promise<Record<string, string>> {
  await db.migrate();
  await new TokenSeedRepository(db).seed(benchCatalogue());
  const users = function* <T>(each: (index: number) => T[]): Generator<T> {
    for (let index = 0; index < population.users; index += 1) {
      if (index % LINES_BETWEEN === 0) told('accounts, switches and cuts', index / population.users);
      yield* each(index);
    }
  };
  const toldAt = instantAt(-40 * DAY_LENGTH);
  const accounts = users((index) => {
    const { name, owner } = population.user(index);
    return [copyLine([name, bucketOf(name), 'DE', owner, 'active', toldAt])];
  });
  const periods = users((index) => {
    const { name, on } = population.user(index);
    if (on === null) return [];
    const from = instantAt(on.from);
    return [copyLine([name, from, instantAt(on.to), '2026-01', from, on.to === Infinity ? null : 'SWITCHED_OFF'])];
  });
  const cuts = users((index) => {
    const { name, cuts: all } = population.user(index);
    return all.map((cut) =>
      copyLine([
        name,
        cut.token === null ? '*' : TOKENS[cut.token]!.symbol,
        cut.reason,
        instantAt(cut.from),
        instantAt(cut.to),
      ]),
    );
  });
  return {
    account: await copy(db, 'account (user_id, bucket, region, owner, status, told_at)', accounts),
    participation_period: await copy(
      db,
      'participation_period (user_id, starts_at, ends_at, terms_version, since, end_reason)',
      periods,
    ),
    participation_cut: await copy(db, 'participation_cut (user_id, token, reason, starts_at, ends_at)', cuts),
  };
}

/** The day as it has come in: log, running balances, watermarks. `watch` sees every line. */
export async function writeFeedOfDay(
  db: Database,
  population: Population,
  watch: (event: FeedEvent) => void,
  told: Told = NOBODY,
): Promise<{ readonly events: number; readonly sha256: Record<string, string> }> {
  const leaves = new DayPartitionRepository(db);
  await leaves.ensure('balance_event', [0, 1, 2].map(dayAt));
  const running = new RunningBalances();
  const late: string[] = [];
  let events = 0;
  let lines = 0;
  let seqs: readonly number[] = [];
  const log = function* (): Generator<string> {
    for (const event of new TradingDay(population).events((_day, last) => (seqs = last))) {
      watch(event);
      running.take(event, leftMs(population.user(population.userOf(event.position))));
      lines += 1;
      if (lines % LINES_BETWEEN === 0) told("the day's log", lines / (eventsOfDay(population.users) * 1.021));
      if (event.day === 0 && !event.late) events += 1;
      const user = `u${population.userOf(event.position)}`;
      const token = TOKENS[population.tokenOf[event.position]!]!.symbol;
      if (event.late)
        late.push(copyLine([user, token, event.shard, event.seq, dayAt(0), event.ms, event.delta, 0, 'open']));
      yield copyLine([
        dayAt(event.late ? 1 : event.day),
        user,
        token,
        event.shard,
        event.seq,
        event.late ? 0 : event.ms,
        event.delta,
        0,
        event.free,
        0,
        event.snapshot ? 'snapshot' : 'trade',
        null,
      ]);
    }
  };
  const hashes = {
    balance_event: await copy(
      db,
      'balance_event (day, user_id, token, shard, seq, ms_of_day, free_delta, locked_delta, free, locked, cause, stated_delta)',
      log(),
    ),
    spot_balance: await writeBalances(db, population, running, new Set(), told),
    late_event: await copy(
      db,
      'late_event (user_id, token, shard, seq, day, ms_of_day, free_delta, locked_delta, state)',
      late,
    ),
    quarantine: await copy(
      db,
      'quarantine (user_id, token, day, reason, shard, seq)',
      population.quarantined.map((position) => {
        const user = population.userOf(position);
        return copyLine([
          `u${user}`,
          TOKENS[population.tokenOf[position]!]!.symbol,
          dayAt(0),
          'MISMATCH',
          shardOf(user),
          1,
        ]);
      }),
    ),
  };
  const shards = seqs.map((seq, shard) => copyLine([shard, seq, dayAt(1), dayAt(2)]));
  await copy(db, 'feed_shard (shard, seq, closed_through, newest_day)', shards);
  return { events, sha256: hashes };
}

/** Balances as they stood at 00:00, before the first line of the day: where an ingest starts from. */
export async function writeOpenings(db: Database, population: Population): Promise<Record<string, string>> {
  const hash = await writeBalances(db, population, new RunningBalances(), new Set(population.newborn));
  const shards = Array.from({ length: SHARDS }, (_, shard) => copyLine([shard, 0, dayAt(-1), dayAt(-1)]));
  await copy(db, 'feed_shard (shard, seq, closed_through, newest_day)', shards);
  return { spot_balance: hash };
}

/** What the chains told: stake and one reward a token, worth a ten-thousandth of the stake. */
export async function writeChainFacts(db: Database, population: Population): Promise<PoolOfToken[]> {
  const held = TOKENS.map(() => 0n);
  for (let position = 0; position < population.positions; position += 1) {
    held[population.tokenOf[position]!]! += population.opening[position]!;
  }
  const end = instantAt(DAY_LENGTH);
  const pools = held.map((sum, token): PoolOfToken => {
    // Half the tokens have less staked than qualifies, half more (R16).
    const stake = (sum * (token % 2 === 0 ? 9n : 13n)) / 10n + 1n;
    return { token, stake, released: stake / 10_000n };
  });
  for (const { token, stake, released } of pools) {
    const { symbol } = TOKENS[token]!;
    const chain = `bench-${symbol.toLowerCase()}`;
    await db.affected('INSERT INTO chain_cut (chain, height, hash, at, liquid) VALUES ($1, 100, $1, $2, $3)', [
      chain,
      end,
      stake,
    ]);
    await db.affected(
      `INSERT INTO chain_day (token, day, average_stake, chain, cut_height) VALUES ($1, $2, $3, $4, 100)`,
      [symbol, dayAt(0), stake, chain],
    );
    await db.affected(
      `INSERT INTO chain_reward (token, key, kind, position_key, validator, period, amount, earned_from, earned_to, chain, height, hash)
       VALUES ($1, 'r1', 'protocol', 'p', 'v', $2, $3, $4, $5, $6, 100, 'h')`,
      [symbol, dayAt(0), released, instantAt(0), end, chain],
    );
    await db.affected(`INSERT INTO price (token, at, usdt) VALUES ($1, $2, 1.5)`, [symbol, instantAt(0)]);
  }
  return pools;
}

function writeBalances(
  db: Database,
  population: Population,
  running: RunningBalances,
  without: ReadonlySet<number> = new Set(),
  told: Told = NOBODY,
): Promise<string> {
  const rows = function* (): Generator<string> {
    for (let position = 0; position < population.positions; position += 1) {
      if (position % LINES_BETWEEN === 0) told('balances', position / population.positions);
      if (without.has(position)) continue;
      const index = population.userOf(position);
      const user = `u${index}`;
      const { on } = population.user(index);
      const opening = population.opening[position]!;
      const moved = running.moved.get(position);
      yield copyLine([
        user,
        TOKENS[population.tokenOf[position]!]!.symbol,
        bucketOf(user),
        shardOf(index),
        moved?.free ?? opening,
        0,
        instantAt(moved?.knownFromMs ?? -DAY_LENGTH),
        instantAt(moved?.lastMs ?? -DAY_LENGTH),
        on === null ? null : instantAt(on.from),
        on === null || on.to === Infinity ? null : instantAt(on.to),
        dayAt(moved?.day ?? -1),
        moved?.integral ?? opening * BigInt(DAY_LENGTH),
        moved === undefined || moved.prevIntegral === null ? null : dayAt(moved.day - 1),
        moved?.prevIntegral ?? null,
        leftIntegral(population, position, moved),
        moved === undefined ? 'snapshot' : 'trade',
      ]);
    }
  };
  return copy(
    db,
    'spot_balance (user_id, token, bucket, shard, free, locked, known_from, last_at, counts_from, counts_to, day, integral, prev_day, prev_integral, left_integral, last_cause)',
    rows(),
  );
}

/** When the user leaves during the measured day; Infinity: not then. */
function leftMs({ on }: BenchUser): number {
  return on !== null && on.to > 0 && on.to < DAY_LENGTH ? on.to : Infinity;
}

/** As switching off leaves it beside the balance. Of one in a hundred a line came in after the switch: then it is unknown. */
function leftIntegral(population: Population, position: number, moved: RunningBalance | undefined): bigint | null {
  const ms = leftMs(population.user(population.userOf(position)));
  if (ms === Infinity || (moved !== undefined && position % 100 === 0)) return null;
  return moved === undefined ? population.opening[position]! * BigInt(ms) : moved.left;
}

async function copy(db: Database, target: string, lines: Iterable<string>): Promise<string> {
  const digest = sha256();
  await db.transaction((tx) => tx.copyIn(`COPY ${target} FROM STDIN`, copyStream(lines, digest)));
  return digest.digest('hex');
}
