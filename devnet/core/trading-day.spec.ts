import { amountOf, formatAmount, parseAmount } from './amounts.js';
import { DAY_MS, isDay, isInstant } from './days.js';
import type { Purse } from './habits.js';
import { castOf, type Role } from './people.js';
import { LISTED, listedToken } from './tokens.js';
import { purseKey, tradingDay, type SpotEvent } from './trading-day.js';

const SEED = 7;
const people = castOf(SEED, 200);
const opening = new Map<string, Purse>(
  people.flatMap((person) =>
    person.holdings.map(({ token, free, locked }) => [purseKey(person.id, token), { free, locked }]),
  ),
);
const userOf = (role: Role): string => people.find((person) => person.role === role)!.id;

function liveDays(seed: number, count: number): SpotEvent[][] {
  const purses = new Map(opening);
  return Array.from({ length: count }, (_unused, dayIndex) => {
    const events = tradingDay({ seed, dayIndex, people, purses, credits: [] });
    for (const { user, token, free, locked } of events) purses.set(purseKey(user, token), { free, locked });
    return events;
  });
}

describe('the trading day', () => {
  const days = liveDays(SEED, 7);

  it('R2: a day lived again with the same seed is the same day, with another seed another', () => {
    expect(liveDays(SEED, 7)).toEqual(days);
    expect(liveDays(8, 1)[0]).not.toEqual(days[0]);
  });

  it('R9: events are ordered, several in one millisecond keep their order, and balances add up', () => {
    const purses = new Map(opening);
    let sameMs = 0;
    const unsound: SpotEvent[] = [];
    for (const events of days) {
      let last = 0;
      const seen = new Set<string>();
      for (const event of events) {
        const key = purseKey(event.user, event.token);
        const before = purses.get(key)!;
        const follows =
          event.free === before.free + event.freeDelta && event.locked === before.locked + event.lockedDelta;
        if (!follows || event.free < 0n || event.locked < 0n || event.msOfDay < last || event.msOfDay >= DAY_MS)
          unsound.push(event);
        last = event.msOfDay;
        purses.set(key, { free: event.free, locked: event.locked });
        if (seen.has(`${key} ${event.msOfDay}`)) sameMs += 1;
        seen.add(`${key} ${event.msOfDay}`);
      }
    }
    expect(unsound).toEqual([]);
    expect(sameMs).toBeGreaterThan(20);
  });

  it('R9: a credited reward comes at its credit time, between what happened before and after', () => {
    const user = userOf('heavy-trader');
    const credits = [{ id: 'c1', user, token: 'BNB', atoms: 5n, msOfDay: 300_000 }];
    const events = tradingDay({ seed: SEED, dayIndex: 0, people, purses: opening, credits }).filter(
      (e) => e.user === user && e.token === 'BNB',
    );
    const at = events.findIndex((event) => event.creditId === 'c1');
    expect(events[at]).toMatchObject({ msOfDay: 300_000, freeDelta: 5n, cause: 'soft-staking-reward' });
    expect(events[at - 1]!.msOfDay).toBeLessThanOrEqual(300_000);
    expect(events[at + 1]!.msOfDay).toBeGreaterThanOrEqual(300_000);
    expect(events[at + 1]!.free).toBe(events[at]!.free + events[at + 1]!.freeDelta);
  });

  it('R8, R10: the cast has everybody the rules need', () => {
    const sizes: Record<string, readonly [number, number]> = {
      BNB: [20_000, 60_000],
      SOL: [50_000, 200_000],
      ATOM: [200_000, 800_000],
      DOT: [200_000, 800_000],
    };
    for (const { symbol, decimals } of LISTED.values()) {
      const mine = people.flatMap(({ holdings }) => holdings).filter(({ token }) => token === symbol);
      const whole = mine.reduce((sum, { free, locked }) => sum + free + locked, 0n) / 10n ** BigInt(decimals);
      const [least, most] = sizes[symbol]!;
      expect([symbol, whole > BigInt(least), whole < BigInt(most)]).toEqual([symbol, true, true]);
      expect(mine.length).toBeGreaterThan(100);
    }
    expect(new Set(people.map(({ holdings }) => holdings.length)).size).toBeGreaterThan(2);
    expect(people.filter((person) => person.owner === 'o1')).toHaveLength(3);
    expect(people.filter(({ role }) => role === 'idle').length).toBeGreaterThan(100);
    const eventsOf = (role: Role) =>
      days.map((day) => day.filter((event) => event.user === userOf(role) && event.token === 'BNB'));
    expect(eventsOf('heavy-trader').every((day) => day.length > 300)).toBe(true);
    expect(eventsOf('sells-to-zero')[1]!.at(-1)!.free).toBe(0n);
    expect(eventsOf('deposits-at-2359')[0]!.at(-1)!.msOfDay).toBe(DAY_MS - 60_000);
    expect(eventsOf('auto-subscriber')[1]![0]!.cause).toBe('auto-subscribe');
    expect(eventsOf('open-orders')[0]!.map(({ cause }) => cause)).toContain('order-placed');
    expect(eventsOf('idle').flat()).toEqual([]);
  });

  it.each([
    ['BNB', ['0.4999', '0.5', '1500', '1000', '700']],
    ['SOL', ['0.9998', '1', '15000', '10000', '7000']],
    ['ATOM', ['0.4999', '0.5', '75000', '50000', '35000']],
    ['DOT', ['0.09998', '0.1', '75000', '50000', '35000']],
  ])('R10: somebody lives at each limit of %s', (symbol, amounts) => {
    const { decimals } = listedToken(symbol);
    const roles: Role[] = ['under-minimum', 'at-minimum', 'over-cap', 'at-cap', 'shared-owner'];
    const free = (role: Role) => formatAmount(opening.get(purseKey(userOf(role), symbol))!.free, decimals);
    expect(roles.map(free)).toEqual(amounts);
  });

  it('adds people and tokens without changing the others', () => {
    expect(castOf(SEED, 300).slice(0, 200)).toEqual(people);
    const bnbOnly = people.map((person) => ({
      ...person,
      holdings: person.holdings.filter(({ token }) => token === 'BNB'),
    }));
    expect(castOf(SEED, 200, ['BNB'])).toEqual(bnbOnly);
  });
});

describe('amounts and times at the edge', () => {
  it('R1: takes decimal strings only, as fine as the token is', () => {
    expect(parseAmount('1.5', 18)).toBe(1_500_000_000_000_000_000n);
    expect(formatAmount(-1_500_000_000_000_000_000n, 18)).toBe('-1.5');
    expect(formatAmount(amountOf('0.000000000000000001', 18), 18)).toBe('0.000000000000000001');
    for (const text of [
      '',
      '1e18',
      '+1',
      '.5',
      '5.',
      '1_000',
      ' 12',
      '007',
      '-1',
      'NaN',
      '0x10',
      '1,0',
      '٣',
      `0.${'1'.repeat(19)}`,
      '9'.repeat(400),
    ]) {
      expect([text, parseAmount(text, 18)]).toEqual([text, undefined]);
    }
  });

  it('knows days that do not exist', () => {
    expect(['2026-02-28', '2028-02-29'].every(isDay)).toBe(true);
    expect(['2026-02-30', '2026-1-5', '20260105', '2026-13-01'].some(isDay)).toBe(false);
    expect(
      isInstant('2026-02-30T00:00:00.000Z') ||
        isInstant('2026-02-03T00:00:00Z') ||
        isInstant('2026-02-03T24:00:00.001Z'),
    ).toBe(false);
  });
});
