import { setTimeout as pause } from 'node:timers/promises';
import type { StubFault } from '../testing/stub-core.js';
import { SettlementWorld } from '../testing/settlement-world.js';
import { bookedBy, closeDay, FIRST_DAY, ledger, sharesOf, tenHolders, total } from '../testing/trading-days.js';

const REWARD = 10n ** 15n;
const UNIT = { day: FIRST_DAY, token: 'BNB' };
const SHARES = sharesOf(REWARD);

describe('steps 6 and 7 against a core over HTTP', () => {
  let world: SettlementWorld;

  beforeEach(async () => {
    world = await SettlementWorld.open('credit users');
    await tenHolders(world);
  });
  afterEach(() => world.close());

  async function tickUntil(states: readonly string[], parts = {}): Promise<Record<string, unknown>> {
    const run = world.run(parts);
    for (let tick = 0; tick < 40; tick += 1) {
      await run.tick();
      const row = await world.settlement(UNIT);
      if (states.includes(String(row['state']))) return row;
      await pause(30);
    }
    return world.settlement(UNIT);
  }

  const faults: readonly StubFault[] = [
    'drop-after-credit',
    'drop-before-credit',
    'hang',
    '500',
    'half',
    'wrong-total',
    'garbage',
  ];

  it.each(faults)('R23: %s: what is unknown is asked for by id, and everybody is credited once', async (fault) => {
    await closeDay(world, FIRST_DAY, REWARD);
    world.core.faults.push(fault, fault, fault);
    expect(await tickUntil(['paid', 'held'])).toMatchObject({ state: 'paid' });
    expect(bookedBy(world, FIRST_DAY)).toEqual(SHARES);
    expect(world.core.asked.length).toBeGreaterThan(0);
    // What the core had already was not sent a second time, for it was asked first.
    expect(Math.max(...world.core.arrivals.values())).toBe(1);
    expect(await ledger(world)).toMatchObject({ 'credits-sent': 0n, 'credits-confirmed': total(SHARES) });
  });

  it('R23: batches are written down, with count and total, before the first attempt', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    world.core.faults.push(...Array.from({ length: 30 }, (): StubFault => 'drop-before-credit'));
    await world.run().tick();
    const batches = await world.db.rows<{
      batch: number;
      count: number;
      total: string;
      state: string;
      attempts: number;
    }>('SELECT batch, count, total, state, attempts FROM credit_batch ORDER BY batch');
    expect(batches.map((batch) => batch.count)).toEqual([4, 4, 2]);
    expect(batches.reduce((sum, batch) => sum + BigInt(batch.total), 0n)).toBe(total(SHARES));
    expect(batches.filter((batch) => batch.state === 'done')).toEqual([]);
    expect(await world.settlement(UNIT)).toMatchObject({
      state: 'crediting',
      waiting_for: 'the core: 3 batches are not acknowledged',
    });
  });

  it('R23: a credit that the core refuses stays owed and visible; the rest of its batch is paid', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    world.core.rejects.set('u3', 'ACCOUNT_FROZEN');
    expect(await tickUntil(['paid', 'held'])).toMatchObject({ state: 'paid' });
    const { u3, ...others } = SHARES;
    expect(bookedBy(world, FIRST_DAY)).toEqual(others);
    expect(await world.db.rows('SELECT user_id, amount, state, reason FROM credit_exception')).toEqual([
      { user_id: 'u3', amount: u3, state: 'rejected', reason: 'ACCOUNT_FROZEN' },
    ]);
    expect(await ledger(world)).toMatchObject({ 'credits-sent': 0n, 'user-rewards': BigInt(u3 ?? '') });
  });

  it('R28: what a banned user earned is held, and not sent', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    await world.db.affected(`UPDATE account SET status = 'banned' WHERE user_id = 'u7'`);
    expect(await tickUntil(['paid', 'held'])).toMatchObject({ state: 'paid' });
    expect(world.core.booked.has(`${FIRST_DAY}.BNB.reward.u7`)).toBe(false);
    expect(await world.db.rows('SELECT user_id, amount, state FROM credit_exception')).toEqual([
      { user_id: 'u7', amount: SHARES['u7'], state: 'held' },
    ]);
    expect(await ledger(world)).toMatchObject({ 'user-rewards': BigInt(SHARES['u7'] ?? '') });
  });

  it.each([
    ['amount', { amount: '1' }],
    ['user', { user: 'somebody' }],
    ['day', { day: '2026-11-18' }],
  ])('R23: an id that the core has with another %s holds the day', async (_what, other) => {
    await closeDay(world, FIRST_DAY, REWARD);
    const id = `${FIRST_DAY}.BNB.reward.u0`;
    world.core.booked.set(id, {
      id,
      user: 'u0',
      token: 'BNB',
      amount: '0.00001818',
      kind: 'reward',
      day: FIRST_DAY,
      ...other,
    });
    world.core.faults.push('drop-before-credit', 'drop-before-credit', 'drop-before-credit');
    const row = await tickUntil(['paid', 'held']);
    expect(row).toMatchObject({ state: 'held', held: { code: 'CORE_CONTRADICTS', from: 'crediting', credit: id } });
  });

  it('R24: nothing leaves before 00:00 of the day after', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    world.now = '2026-11-19T23:59:59.999Z';
    await world.run().tick();
    expect(await world.settlement(UNIT)).toMatchObject({ state: 'checked' });
    expect(await world.db.rows('SELECT 1 FROM credit_batch')).toEqual([]);
    world.now = '2026-11-20T00:00:00.000Z';
    expect(await tickUntil(['paid'])).toMatchObject({ state: 'paid', late: false });
  });

  it('R24: from 08:00 on credits go out all the same, marked late', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    world.now = '2026-11-20T08:00:00.000Z';
    expect(await tickUntil(['paid'])).toMatchObject({ state: 'paid', late: true });
    expect(await world.db.rows('SELECT DISTINCT late FROM credit_batch')).toEqual([{ late: true }]);
  });

  it('R21: a credit in the core that is not ours holds the day', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    const id = `${FIRST_DAY}.BNB.reward.stranger`;
    world.core.booked.set(id, { id, user: 'stranger', token: 'BNB', amount: '0.5', kind: 'reward', day: FIRST_DAY });
    const row = await tickUntil(['paid', 'held']);
    expect(row).toMatchObject({ state: 'held', held: { code: 'BOOKS_DIFFER' } });
    expect(await world.db.rows('SELECT differences FROM reconciliation')).toEqual([
      { differences: [{ id, ours: null, core: (5n * 10n ** 17n).toString() }] },
    ]);
  });

  it('R21: a credit of ours that the core has lost holds the day', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    const lost = `${FIRST_DAY}.BNB.reward.u4`;
    const reach = (point: string): void => {
      if (point === 'settlement.reconcile.before-list') world.core.booked.delete(lost);
    };
    const row = await tickUntil(['paid', 'held'], { reach });
    expect(row).toMatchObject({
      state: 'held',
      held: { code: 'BOOKS_DIFFER', differences: [{ id: lost, ours: SHARES['u4'], core: null }] },
    });
  });

  it('R22: a core that is away delays nothing but its own credits, and the day is taken up where it was', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    world.core.faults.push(...Array.from({ length: 30 }, (): StubFault => '500'));
    await world.run().tick();
    expect(await world.settlement(UNIT)).toMatchObject({ state: 'crediting' });
    world.core.faults.length = 0;
    expect(await tickUntil(['paid'])).toMatchObject({ state: 'paid' });
    expect(bookedBy(world, FIRST_DAY)).toEqual(SHARES);
  });
});
