import { amountOf } from './amounts.js';
import { HOUR_MS, MINUTE_MS } from './days.js';
import type { Role } from './people.js';
import type { SeededRandom } from './seeded-random.js';

export type Cause =
  | 'trade'
  | 'deposit'
  | 'withdrawal'
  | 'order-placed'
  | 'order-cancelled'
  | 'auto-subscribe'
  | 'redeem'
  | 'soft-staking-reward';

export interface Purse {
  readonly free: bigint;
  readonly locked: bigint;
}

export interface Move {
  readonly free: bigint;
  readonly locked: bigint;
  readonly cause: Cause;
}

/** Something a person means to do at a time; what it comes to depends on what is in the purse by then. */
export interface Intent {
  readonly ms: number;
  readonly act: (purse: Purse) => Move | undefined;
}

export interface HabitDay {
  readonly random: SeededRandom;
  /** Day of the story, 0 … 6, over again every week. */
  readonly phase: number;
  /** Days since the books opened. */
  readonly dayIndex: number;
  /** What the person owned at the opening: the size they think in. */
  readonly size: bigint;
}

/** Orders are made to 8 decimals. */
const TICK = 10n ** 10n;
const bnb = (text: string): bigint => amountOf(text, 18);
const at = (hour: number, minute = 0, second = 0): number => hour * HOUR_MS + minute * MINUTE_MS + second * 1000;

const spot = (free: bigint, cause: Cause): Move | undefined => (free === 0n ? undefined : { free, locked: 0n, cause });
const take = (ms: number, amount: bigint, cause: Cause): Intent => ({
  ms,
  act: ({ free }) => spot(free < amount ? -free : -amount, cause),
});
const put = (ms: number, amount: bigint, cause: Cause): Intent => ({ ms, act: () => spot(amount, cause) });

function trade(random: SeededRandom, ms: number, size: bigint): Intent {
  const withTheTide = random.chance(3, 5);
  const amount = ((size * (1n + random.below(80n))) / 1000n / TICK + 1n) * TICK;
  return {
    ms,
    act: ({ free }) => {
      // People come back to the size they think in: else a random walk would in time outgrow what custody holds.
      const sells = free > size === withTheTide;
      return spot(sells && free >= amount ? -amount : amount, 'trade');
    },
  };
}

function trades({ random, size }: HabitDay, count: number): Intent[] {
  return Array.from({ length: count }, () => trade(random, random.int(0, at(24) - 1), size));
}

/** Hundreds a day, some in one and the same millisecond (R9), one in the first and one in the last of the day (R4). */
function heavyTrading(day: HabitDay): Intent[] {
  const intents = trades(day, day.random.int(300, 500));
  for (let burst = 0; burst < 4; burst += 1) {
    const ms = day.random.int(0, at(24) - 1);
    for (let n = day.random.int(2, 5); n > 0; n -= 1) intents.push(trade(day.random, ms, day.size));
  }
  return [...intents, trade(day.random, 0, day.size), trade(day.random, at(24) - 1, day.size)];
}

function openOrders({ random }: HabitDay): Intent[] {
  const amount = bnb('10') + random.below(500n) * TICK;
  const place = (free: bigint, cause: Cause): Move => ({ free: -free, locked: free, cause });
  return [
    { ms: at(8, random.int(0, 59)), act: ({ free }) => (free >= amount ? place(amount, 'order-placed') : undefined) },
    // A sale out of the order: only the locked part falls, Spot free stays as it is (R7).
    {
      ms: at(13, random.int(0, 59)),
      act: ({ locked }) => ({ free: 0n, locked: -(locked / 4n), cause: 'trade' }),
    },
    { ms: at(19), act: ({ locked }) => place(-(locked / 2n), 'order-cancelled') },
    { ms: at(21), act: ({ free }) => (free < bnb('30') ? spot(bnb('40'), 'deposit') : undefined) },
  ];
}

/** R8: in Spot only in the minute around each full hour. Catches anything that takes hourly pictures. */
function hourGaming(): Intent[] {
  return Array.from({ length: 24 }, (_unused, hour) => [
    take(at(hour, 0, 30), bnb('500'), 'withdrawal'),
    put(at(hour, 59, 30), bnb('500'), 'deposit'),
  ]).flat();
}

/** When the banned person is banned. */
export const BANNED_AT = { dayIndex: 1, ms: at(13, 37) } as const;

const HABITS: Partial<Record<Role, (day: HabitDay) => Intent[]>> = {
  'day-trader': (day) => trades(day, day.random.int(10, 40)),
  'heavy-trader': heavyTrading,
  whale: ({ random, phase }) => [
    take(at(random.int(1, 11), random.int(0, 59)), bnb('150') + random.below(100n) * bnb('1'), 'trade'),
    put(at(random.int(12, 22), random.int(0, 59)), bnb('150') + random.below(100n) * bnb('1'), 'trade'),
    ...(phase === 3 ? [put(at(16), bnb('900.000000000000000001'), 'deposit')] : []),
    ...(phase === 5 ? [take(at(17), bnb('900.000000000000000001'), 'withdrawal')] : []),
  ],
  'sells-to-zero': ({ phase, size }) => [
    ...(phase === 1 ? [{ ms: at(15, 30), act: ({ free }: Purse) => spot(-free, 'trade') }] : []),
    ...(phase === 2 ? [put(at(9), size / 2n, 'trade')] : []),
  ],
  banned: ({ random, dayIndex, size }) =>
    dayIndex > BANNED_AT.dayIndex ? [] : [trade(random, at(4, 4), size), trade(random, at(11, 11), size)],
  'open-orders': openOrders,
  'deposits-at-2359': ({ phase }) => [
    // The first minute takes out what the last minute of the day before brought in.
    ...(phase % 2 === 1 ? [take(at(0, 1), bnb('300'), 'withdrawal')] : []),
    ...(phase % 2 === 0 ? [put(at(23, 59), bnb('300'), 'deposit')] : []),
  ],
  'hour-gamer': hourGaming,
  // R11: what Auto-Subscribe takes leaves Spot like anything else, and the event says why.
  'auto-subscriber': ({ phase }) => [
    ...(phase === 1 ? [{ ms: at(2), act: ({ free }: Purse) => spot(-((free * 7n) / 10n), 'auto-subscribe') }] : []),
    ...(phase === 5 ? [put(at(2), bnb('100'), 'redeem')] : []),
  ],
};

/** What a person means to do on a day, in no particular order; the same millisecond keeps the order given here. */
export function intentsOf(role: Role, day: HabitDay): Intent[] {
  return HABITS[role]?.(day) ?? [];
}
