import {
  recordStatements,
  type RecordedStatements,
} from '../../../libs/database/src/citus/testing/record-statements.js';
import { addDays, type UtcDay } from '@app/staking-core';
import { waitForFinalData } from './steps/1-wait-for-final-data.js';
import { SettlementWorld } from './testing/settlement-world.js';
import { BNB, closeDay, FIRST_DAY, tenHolders } from './testing/trading-days.js';

/** What is known not to run on a cluster yet, each with what is to be done (docs/scale.md, "Not ready yet"). */
const KNOWN: readonly string[] = [];

describe('every statement of some days of settlement, as Citus sees it', () => {
  let world: SettlementWorld;
  let recorded: RecordedStatements;

  beforeAll(async () => {
    world = await SettlementWorld.open('statements on citus');
    recorded = recordStatements();
  });
  afterAll(async () => {
    recorded.stop();
    await world.close();
  });

  it('is of no shape that Citus refuses', async () => {
    await unusualDays(world);
    // Fewer would mean that nothing was recorded, or that the days were not settled.
    expect(recorded.texts.size).toBeGreaterThan(60);
    expect(new Set(recorded.texts.values()).size).toBeGreaterThan(12);
    expect(recorded.findings()).toEqual(KNOWN);
  });
});

/** Three days with everything in them that has a statement of its own. */
async function unusualDays(world: SettlementWorld): Promise<void> {
  const next: UtcDay = addDays(FIRST_DAY, 1);
  await tenHolders(world);
  await world.user('one-of-two', { owner: 'o' });
  await world.user('two-of-two', { owner: 'o' });
  await world.user('left-at-noon', { on: null });
  await world.period('left-at-noon', '2025-01-02T00:00:00.000Z', `${FIRST_DAY}T12:00:00.000Z`);
  await world.user('banned', { status: 'banned' });
  await world.user('cut');
  await world.cut('cut', 'BNB', 'TOKEN_OFF', `${FIRST_DAY}T06:00:00.000Z`, null);
  for (const user of ['one-of-two', 'two-of-two', 'left-at-noon', 'banned', 'cut'])
    await world.say([{ user, at: `${FIRST_DAY}T00:00:00.000Z`, free: 800n * BNB }]);
  await world.user('of-shard-1');
  await world.say([
    { user: 'of-shard-1', at: `${FIRST_DAY}T00:00:00.000Z`, free: BNB, shard: 1 },
    { user: 'u1', at: `${FIRST_DAY}T10:00:00.000Z`, free: BNB },
  ]);
  await closeDay(world, FIRST_DAY);
  await world.closeShard(next, 0);
  await world.db.affected('UPDATE feed_shard SET gap_expected = 7, gap_got = 9 WHERE shard = 1');
  world.core.rejects.set(`${FIRST_DAY}.BNB.reward.u2`, 'ACCOUNT_LOCKED');
  world.core.faults.push('500');
  await world.run().tick();
  await world.db.affected('UPDATE feed_shard SET gap_expected = NULL, gap_got = NULL WHERE shard = 1');
  await closeDay(world, next);
  await world.closeShard(next, 1);
  // The feed has gone two days on, so that an accumulator leaves the day behind.
  await world.say([{ user: 'u3', at: `${addDays(next, 2)}T01:00:00.000Z`, free: 3n * BNB }]);
  for (let round = 0; round < 4; round += 1) await world.run().tick();
  await waitForFinalData({ day: addDays(next, 1), token: 'BNB' }, world.tools());
  const states = await world.db.rows<{ state: string }>('SELECT state FROM settlement ORDER BY day');
  expect(states.slice(0, 2)).toEqual([{ state: 'paid' }, { state: 'paid' }]);
}
