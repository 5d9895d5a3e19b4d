import { setTimeout as pause } from 'node:timers/promises';
import { DayPartitionRepository } from '@app/database';
import { addDays, type UtcDay } from '@app/staking-core';
import { FAULT_POINTS, type FaultPoint } from './fault-points.js';
import { SettlementWorld } from './testing/settlement-world.js';
import { bookedBy, closeDay, FIRST_DAY, ledger, sharesOf, tenHolders, total } from './testing/trading-days.js';

const REWARD = 10n ** 15n + 7n;

/** A process that ends at a named point: from then on nothing of it happens any more. */
function mortal(point: FaultPoint, hit: number): { reach: (at: FaultPoint) => void; dead: () => boolean } {
  let hits = 0;
  let dead = false;
  return {
    dead: () => dead,
    reach: (at) => {
      if (at === point) hits += 1;
      if (hits >= hit) dead = true;
      if (dead) throw new Error(`ended at ${point}`);
    },
  };
}

describe('R21: a day that is left anywhere ends by itself with the same result', () => {
  let world: SettlementWorld;
  let day: UtcDay = FIRST_DAY;
  let leftover = 0n;

  beforeAll(async () => {
    world = await SettlementWorld.open('crash and resume');
    await tenHolders(world);
  });
  afterAll(() => world.close());

  async function untilPaid(unit: { day: UtcDay; token: string }): Promise<void> {
    for (let tick = 0; tick < 40; tick += 1) {
      await world.run().tick();
      const { state } = await world.settlement(unit);
      if (state === 'paid' || state === 'held') return;
      await pause(50);
    }
  }

  /** Points that only an unknown outcome leads past. */
  const afterUnknown: readonly FaultPoint[] = ['settlement.send.before-ask', 'settlement.send.asked'];
  const inBatches: readonly FaultPoint[] = FAULT_POINTS.filter((point) => /\.(claim|send|acknowledge)\./.test(point));
  const inRanges: readonly FaultPoint[] = ['settlement.piece.before-commit', 'settlement.piece.committed'];
  const schedules = [
    ...FAULT_POINTS.map((point) => ({ point, hit: 1 })),
    ...inBatches.map((point) => ({ point, hit: 2 })),
    // Three ranges in each of three steps: some are done when the process ends, some under way, some not begun.
    ...inRanges.flatMap((point) => [2, 3, 4, 5, 6, 8, 9].map((hit) => ({ point, hit }))),
  ];

  it.each(schedules)('$point, hit $hit', async ({ point, hit }) => {
    const unit = { day, token: 'BNB' };
    // There before the day begins, whether anybody moves or not.
    await new DayPartitionRepository(world.db).ensure('balance_event', [day]);
    await closeDay(world, day, REWARD);
    if (afterUnknown.includes(point)) world.core.faults.push('drop-after-credit', 'drop-before-credit');
    const doomed = mortal(point, hit);
    await world
      .run({ reach: doomed.reach })
      .tick()
      .catch(() => undefined);
    expect(doomed.dead()).toBe(true);

    await untilPaid(unit);
    const shares = sharesOf(REWARD + leftover);
    expect(await world.settlement(unit)).toMatchObject({ state: 'paid', pool: (REWARD + leftover).toString() });
    expect(await world.rewards(unit)).toEqual(shares);
    expect(bookedBy(world, day)).toEqual(shares);
    leftover = REWARD + leftover - total(shares);
    const accounts = await ledger(world);
    expect(accounts).toMatchObject({ leftover });
    for (const clearing of ['unreleased', 'released', 'pool', 'user-rewards', 'credits-sent']) {
      expect([clearing, accounts[clearing] ?? 0n]).toEqual([clearing, 0n]);
    }
    world.core.faults.length = 0;
    day = addDays(day, 1);
  });
});

describe('R21: two workers at once', () => {
  it('settle each day once, and pay each credit once', async () => {
    const world = await SettlementWorld.open('two workers');
    try {
      await tenHolders(world);
      let day: UtcDay = FIRST_DAY;
      let leftover = 0n;
      for (let round = 0; round < 8; round += 1, day = addDays(day, 1)) {
        await closeDay(world, day, REWARD);
        const workers = [world.run(), world.run(), world.run()];
        for (let tick = 0; tick < 40; tick += 1) {
          await Promise.all(workers.map((worker) => worker.tick()));
          if ((await world.settlement({ day, token: 'BNB' }))['state'] === 'paid') break;
          await pause(50);
        }
        const shares = sharesOf(REWARD + leftover);
        expect(await world.settlement({ day, token: 'BNB' })).toMatchObject({ state: 'paid', held: null });
        expect(bookedBy(world, day)).toEqual(shares);
        leftover = REWARD + leftover - total(shares);
      }
      // Nothing had to be sent twice: a batch in one worker's hands is left alone by the other.
      expect([...world.core.arrivals.values()].every((times) => times === 1)).toBe(true);
      expect(world.core.asked).toEqual([]);
    } finally {
      await world.close();
    }
  });

  it('R23: a claim that runs out while the core is slow: both hear the answer, one of them books it', async () => {
    const world = await SettlementWorld.open('slow core');
    try {
      await tenHolders(world);
      await closeDay(world, FIRST_DAY, REWARD);
      // Much longer than a claim lasts, and the second worker looks again and again meanwhile: it must find one run out.
      world.core.slowMs = 400;
      const limits = { batchSize: 4, inFlight: 1, claimMs: 30, attempts: 3, restMs: 5 };
      const [first, second] = [world.run({ limits }), world.run({ limits })];
      const errors: unknown[] = [];
      const note = (report: Awaited<ReturnType<typeof first.tick>>) =>
        errors.push(...report.units.flatMap((unit) => unit.error ?? []));
      for (let round = 0; round < 10; round += 1) {
        let underWay = true;
        const slow = first.tick().finally(() => (underWay = false));
        while (underWay) {
          note(await second.tick());
          await pause(10);
        }
        note(await slow);
        if ((await world.settlement({ day: FIRST_DAY, token: 'BNB' }))['state'] === 'paid') break;
      }
      expect(errors).toEqual([]);
      expect(bookedBy(world, FIRST_DAY)).toEqual(sharesOf(REWARD));
      const attempts = await world.db.rows<{ attempts: number }>(
        'SELECT attempts FROM credit_batch WHERE attempts > 1',
      );
      expect(attempts.length).toBeGreaterThan(0);
      expect(await ledger(world)).toMatchObject({ 'credits-confirmed': total(sharesOf(REWARD)), 'credits-sent': 0n });
    } finally {
      await world.close();
    }
  });
});
