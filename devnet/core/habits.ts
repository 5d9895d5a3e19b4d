import { HOUR_MS, MINUTE_MS } from './days.js';
import type { Role } from './people.js';
import type { SeededRandom } from './seeded-random.js';
import { sizeIn, tickOf, type ListedToken } from './tokens.js';

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
  readonly token: ListedToken;
  readonly random: SeededRandom;
  /** Day of the story, 0 … 6, over again every week. */
  readonly phase: number;
  /** Days since the books opened. */
  readonly dayIndex: number;
  /** What the person owned at the opening: the size they think in. */
  readonly size: bigint;
}

const at = (hour: number, minute = 0, second = 0): number => hour * HOUR_MS + minute * MINUTE_MS + second * 1000;

const spot = (free: bigint, cause: Cause): Move | undefined => (free === 0n ? undefined : { free, locked: 0n, cause });
const take = (ms: number, amount: bigint, cause: Cause): Intent => ({
  ms,
  act: ({ free }) => spot(free < amount ? -free : -amount, cause),
});
const put = (ms: number, amount: bigint, cause: Cause): Intent => ({ ms, act: () => spot(amount, cause) });

function trade({ token, random, size }: HabitDay, ms: number): Intent {
  const tick = tickOf(token);
  const withTheTide = random.chance(3, 5);
  const amount = ((size * (1n + random.below(80n))) / 1000n / tick + 1n) * tick;
  return {
    ms,
    act: ({ free }) => {
      // People come back to the size they think in: else a random walk would in time outgrow what custody holds.
      const sells = free > size === withTheTide;
      return spot(sells && free >= amount ? -amount : amount, 'trade');
    },
  };
}

function trades(day: HabitDay, count: number): Intent[] {
  return Array.from({ length: count }, () => trade(day, day.random.int(0, at(24) - 1)));
}

/** Hundreds a day, some in one and the same millisecond (R9), one in the first and one in the last of the day (R4). */
function heavyTrading(day: HabitDay): Intent[] {
  const intents = trades(day, day.random.int(300, 500));
  for (let burst = 0; burst < 4; burst += 1) {
    const ms = day.random.int(0, at(24) - 1);
    for (let n = day.random.int(2, 5); n > 0; n -= 1) intents.push(trade(day, ms));
  }
  return [...intents, trade(day, 0), trade(day, at(24) - 1)];
}

function openOrders({ token, random }: HabitDay): Intent[] {
  const size = (bnb: string): bigint => sizeIn(token, bnb);
  const amount = size('10') + random.below(500n) * tickOf(token);
  const place = (free: bigint, cause: Cause): Move => ({ free: -free, locked: free, cause });
  return [
    { ms: at(8, random.int(0, 59)), act: ({ free }) => (free >= amount ? place(amount, 'order-placed') : undefined) },
    // A sale out of the order: only the locked part falls, Spot free stays as it is (R7).
    {
      ms: at(13, random.int(0, 59)),
      act: ({ locked }) => ({ free: 0n, locked: -(locked / 4n), cause: 'trade' }),
    },
    { ms: at(19), act: ({ locked }) => place(-(locked / 2n), 'order-cancelled') },
    { ms: at(21), act: ({ free }) => (free < size('30') ? spot(size('40'), 'deposit') : undefined) },
  ];
}

/** R8: in Spot only in the minute around each full hour. Catches anything that takes hourly pictures. */
function hourGaming({ token }: HabitDay): Intent[] {
  const stake = sizeIn(token, '500');
  return Array.from({ length: 24 }, (_unused, hour) => [
    take(at(hour, 0, 30), stake, 'withdrawal'),
    put(at(hour, 59, 30), stake, 'deposit'),
  ]).flat();
}

/** When the banned person is banned. */
export const BANNED_AT = { dayIndex: 1, ms: at(13, 37) } as const;

const HABITS: Partial<Record<Role, (day: HabitDay) => Intent[]>> = {
  'day-trader': (day) => trades(day, day.random.int(10, 40)),
  'heavy-trader': heavyTrading,
  whale: ({ token, random, phase }) => {
    const hundreds = (): bigint => sizeIn(token, '150') + random.below(100n) * sizeIn(token, '1');
    return [
      take(at(random.int(1, 11), random.int(0, 59)), hundreds(), 'trade'),
      put(at(random.int(12, 22), random.int(0, 59)), hundreds(), 'trade'),
      ...(phase === 3 ? [put(at(16), sizeIn(token, '900.000000000000000001'), 'deposit')] : []),
      ...(phase === 5 ? [take(at(17), sizeIn(token, '900.000000000000000001'), 'withdrawal')] : []),
    ];
  },
  'sells-to-zero': ({ phase, size }) => [
    ...(phase === 1 ? [{ ms: at(15, 30), act: ({ free }: Purse) => spot(-free, 'trade') }] : []),
    ...(phase === 2 ? [put(at(9), size / 2n, 'trade')] : []),
  ],
  banned: (day) => (day.dayIndex > BANNED_AT.dayIndex ? [] : [trade(day, at(4, 4)), trade(day, at(11, 11))]),
  'open-orders': openOrders,
  'deposits-at-2359': ({ token, phase }) => [
    // The first minute takes out what the last minute of the day before brought in.
    ...(phase % 2 === 1 ? [take(at(0, 1), sizeIn(token, '300'), 'withdrawal')] : []),
    ...(phase % 2 === 0 ? [put(at(23, 59), sizeIn(token, '300'), 'deposit')] : []),
  ],
  'hour-gamer': hourGaming,
  // R11: what Auto-Subscribe takes leaves Spot like anything else, and the event says why.
  'auto-subscriber': ({ token, phase }) => [
    ...(phase === 1 ? [{ ms: at(2), act: ({ free }: Purse) => spot(-((free * 7n) / 10n), 'auto-subscribe') }] : []),
    ...(phase === 5 ? [put(at(2), sizeIn(token, '100'), 'redeem')] : []),
  ],
};

/** What a person means to do on a day, in no particular order; the same millisecond keeps the order given here. */
export function intentsOf(role: Role, day: HabitDay): Intent[] {
  return HABITS[role]?.(day) ?? [];
}
