import { DAY_LENGTH, Population } from './population.js';
import { SeededRandom } from './seeded-random.js';
import { WIDE } from './tokens.js';

/** How many feed shards the core has; a user's lines all come over one. */
export const SHARDS = 4;

/** One line of the feed. The object is used again for the next line: copy what you keep. */
export interface FeedEvent {
  position: number;
  /** Day the line names, 0 the measured day, 1 the next. */
  day: number;
  ms: number;
  delta: bigint;
  /** Balance after it. */
  free: bigint;
  shard: number;
  seq: number;
  /** The first word about this balance: it sets it. */
  snapshot: boolean;
  /** Names the measured day, but is said after the shard has closed it: it moves the balance at 00:00 of day 1 (R27). */
  late: boolean;
}

export const HOT_EVENTS = 5_200;

/** Events of the measured day; the days after it see a fiftieth of that. */
export function eventsOfDay(users: number): number {
  return Math.max(users * 10, HOT_EVENTS * 2);
}

export function shardOf(user: number): number {
  return user % SHARDS;
}

/**
 * What the core says from 00:00 of the measured day on, in the order of its sequence: the day itself, then late lines
 * about it, then the next day and the start of the third (so some running balances have moved on before the settlement
 * starts). `closes` is called where the shards close a day.
 */
export class TradingDay {
  private readonly balance = new Map<number, bigint>();
  private readonly seqs = new Array<number>(SHARDS).fill(0);
  private readonly random: SeededRandom;
  private readonly event: FeedEvent = {
    position: 0,
    day: 0,
    ms: 0,
    delta: 0n,
    free: 0n,
    shard: 0,
    seq: 0,
    snapshot: false,
    late: false,
  };

  constructor(private readonly population: Population) {
    this.random = new SeededRandom(population.seed ^ 0x5bd1e995);
  }

  /** @param closes day that every shard closes here, with the number its mark takes on each shard */
  *events(closes: (day: number, seqs: readonly number[]) => void = () => undefined): Generator<FeedEvent> {
    const total = eventsOfDay(this.population.users);
    yield* this.measuredDay(total);
    this.close(0, closes);
    for (let late = 0; late < 20; late += 1) {
      const at = this.random.below(DAY_LENGTH);
      yield this.move(this.population.active[late % this.population.active.length]!, 0, at, true);
    }
    yield* this.day(1, Math.floor(total / 50));
    this.close(1, closes);
    yield* this.day(2, Math.floor(total / 1_000));
  }

  private *measuredDay(total: number): Generator<FeedEvent> {
    const { newborn } = this.population;
    const hotEvery = Math.floor(total / HOT_EVENTS);
    const bornEvery = Math.floor(total / (newborn.length + 1));
    let born = 0;
    let ms = 0;
    let position = this.population.hot;
    for (let index = 0; index < total; index += 1) {
      const dice = this.random.fraction();
      // Five lines in a hundred fall on the millisecond of the line before, one even on the same account.
      if (dice >= 0.05) ms = Math.max(ms, Math.floor((index * DAY_LENGTH) / total));
      if (born < newborn.length && index === bornEvery * (born + 1)) {
        yield this.birth(newborn[born]!, ms);
        born += 1;
        continue;
      }
      if (dice >= 0.01) position = index % hotEvery === 0 ? this.population.hot : this.busy();
      yield this.move(position, 0, ms, false);
    }
  }

  private *day(day: number, total: number): Generator<FeedEvent> {
    for (let index = 0; index < total; index += 1) {
      yield this.move(this.busy(), day, Math.floor((index * DAY_LENGTH) / total), false);
    }
  }

  /** Skewed: the first of the list trade far more than the last. */
  private busy(): number {
    const { active } = this.population;
    return active[Math.floor(active.length * this.random.fraction() ** 2)]!;
  }

  private birth(position: number, ms: number): FeedEvent {
    const free = this.population.opening[position]!;
    return this.say(position, { day: 0, ms, delta: free, free, snapshot: true, late: false });
  }

  private move(position: number, day: number, ms: number, late: boolean): FeedEvent {
    const before = this.balance.get(position) ?? this.population.opening[position]!;
    const step = BigInt(this.random.below(400_000) - 200_000);
    const opening = this.population.opening[position]!;
    const wide = this.population.tokenOf[position] === WIDE;
    let delta = (opening * step) / (wide ? 1_000_000_000n : 1_000_000n) + BigInt(this.random.below(1_000));
    // One in two hundred sells everything; nobody sells more than that.
    if (this.random.below(200) === 0 || before + delta < 0n) delta = -before;
    this.balance.set(position, before + delta);
    return this.say(position, { day, ms, delta, free: before + delta, snapshot: false, late });
  }

  private say(
    position: number,
    line: Pick<FeedEvent, 'day' | 'ms' | 'delta' | 'free' | 'snapshot' | 'late'>,
  ): FeedEvent {
    const shard = shardOf(this.population.userOf(position));
    this.seqs[shard]! += 1;
    return Object.assign(this.event, line, { position, shard, seq: this.seqs[shard]! });
  }

  private close(day: number, closes: (day: number, seqs: readonly number[]) => void): void {
    for (let shard = 0; shard < SHARDS; shard += 1) this.seqs[shard]! += 1;
    closes(day, [...this.seqs]);
  }
}
