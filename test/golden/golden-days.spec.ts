import { addDays, utcDay } from '@app/staking-core';
import { SettlementWorld } from '../../apps/settlement/src/testing/settlement-world.js';
import {
  amountOf,
  dayByTheCore,
  goldenDays,
  rulesOf,
  shown,
  timeOf,
  type GoldenDay,
  type GoldenResult,
} from './golden-day.js';

const DAYS = goldenDays().map((golden) => [golden.name, golden] as const);
/** Custody that covers any of them. */
const PLENTY = 10n ** 78n - 1n;

it('there are golden days, and their names are their files', () => {
  expect(DAYS.length).toBeGreaterThanOrEqual(8);
});

describe('R20: golden days by the pure functions', () => {
  it.each(DAYS)('%s', (_name, golden) => {
    expect(dayByTheCore(golden)).toEqual(golden.expected);
  });
});

describe('R21: golden days by the settlement on a real database', () => {
  let world: SettlementWorld;
  beforeEach(async () => {
    world = await SettlementWorld.open('golden days');
    world.now = '2026-03-11T00:05:00.000Z';
  });
  afterEach(() => world.close());

  it.each(DAYS)('%s', async (_name, golden) => {
    await prepare(world, golden);
    const { token } = golden.rules;
    // The eve brings nothing but what is left of it; a tick settles one day after the other.
    const report = await world.run().tick();
    expect(report.units.map(({ day, state }) => [day, state])).toEqual([
      [addDays(utcDay(golden.day), -1), 'paid'],
      [golden.day, 'paid'],
    ]);
    expect(await settled(world, golden)).toEqual({ ...golden.expected, accounts: qualifiedOnly(golden.expected) });
    const credited = [...world.core.booked.values()].map(({ id, amount }) => [id, amount]);
    const due = Object.entries(golden.expected.accounts)
      .filter(([, { reward }]) => reward !== null && reward !== '0')
      .map(([user, { reward }]) => [`${golden.day}.${token}.reward.${user}`, reward]);
    expect(credited.sort()).toEqual(due.sort());
  });
});

async function prepare(world: SettlementWorld, golden: GoldenDay): Promise<void> {
  const { token } = golden.rules;
  const day = utcDay(golden.day);
  const eve = addDays(day, -1);
  const rules = rulesOf(golden);
  await world.token(token, {
    ...rules,
    min: rules.minAtoms,
    cap: rules.capAtoms,
    counted: rules.countedBalance,
  });
  for (const account of golden.accounts) {
    await world.user(account.user, { on: null, ...(account.owner === undefined ? {} : { owner: account.owner }) });
    for (const [from, to] of account.on ?? [['00:00:00.000', null]]) {
      await world.period(account.user, timeOf(from, day), to === null ? null : timeOf(to, day));
    }
    for (const { reason, from, to } of account.cuts ?? []) {
      await world.cut(account.user, token, reason, timeOf(from, day), to === null ? null : timeOf(to, day));
    }
  }
  const line = (user: string, at: string, balance: { readonly free: string; readonly locked?: string }) => ({
    user,
    token,
    at,
    free: amountOf(balance.free, golden),
    locked: amountOf(balance.locked ?? '0', golden),
  });
  await world.say(golden.accounts.map(({ user, opening }) => line(user, timeOf('00:00:00.000', eve), opening)));
  const events = golden.accounts.flatMap(({ user, events: ofUser = [] }) =>
    ofUser.map((event) => line(user, timeOf(event.at, day), event)),
  );
  if (events.length > 0) await world.say(events);
  await world.closeShard(day);
  // Nobody is switched on before the day: what is given to the eve is what it leaves over.
  await boost(world, golden, eve, golden.leftoverBefore);
  await boost(world, golden, day, golden.boosts);
  await world.chainSays({ day: eve, token }, amountOf(golden.stake, golden), [], PLENTY);
  const rewards = golden.rewards.map(({ key, amount }) => ({ key, amount: amountOf(amount, golden) }));
  await world.chainSays({ day, token }, amountOf(golden.stake, golden), rewards, PLENTY);
}

async function boost(world: SettlementWorld, golden: GoldenDay, day: string, amount: string): Promise<void> {
  if (amount === '0') return;
  await world.db.affected(`INSERT INTO boost VALUES ($1, $2, 'golden', $3, 'maker', 'checker')`, [
    golden.rules.token,
    day,
    amountOf(amount, golden),
  ]);
}

async function settled(world: SettlementWorld, golden: GoldenDay): Promise<GoldenResult> {
  const unit = { day: utcDay(golden.day), token: golden.rules.token };
  const row = await world.settlement(unit);
  const figure = (name: string): string => shown(BigInt(String(row[name])), golden);
  const rewards = await world.db.rows<{ user_id: string; average: string; weight: string; amount: string }>(
    'SELECT user_id, average, weight, amount FROM reward WHERE day = $1 AND token = $2',
    [unit.day, unit.token],
  );
  return {
    released: figure('released'),
    qualifying: figure('qualifying'),
    poolPart: figure('pool_part'),
    fee: figure('fee'),
    treasury: figure('treasury_part'),
    pool: figure('pool'),
    paid: figure('paid'),
    leftover: figure('leftover'),
    accounts: Object.fromEntries(
      rewards.map(({ user_id: user, average, weight, amount }) => [
        user,
        {
          average: shown(BigInt(average), golden),
          weight: shown(BigInt(weight), golden),
          reward: shown(BigInt(amount), golden),
        },
      ]),
    ),
  };
}

/** A reward row exists for whoever has weight. */
function qualifiedOnly({ accounts }: GoldenResult): GoldenResult['accounts'] {
  return Object.fromEntries(Object.entries(accounts).filter(([, { reward }]) => reward !== null));
}
