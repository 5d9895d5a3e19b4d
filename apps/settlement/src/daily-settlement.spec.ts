import { utcDay } from '@app/staking-core';
import { SettlementWorld } from './testing/settlement-world.js';

const BNB = 10n ** 18n;
const D = utcDay('2026-11-19');
const UNIT = { day: D, token: 'BNB' };

describe('the day of one token, from the first look to the last', () => {
  let world: SettlementWorld;

  beforeEach(async () => {
    world = await SettlementWorld.open('daily settlement');
    await world.token('BNB');
  });
  afterEach(() => world.close());

  /** ann and bob hold all day, cid switches off at noon, dot is one atom under the minimum, eve is over the cap. */
  async function ordinaryDay(): Promise<void> {
    for (const user of ['ann', 'bob', 'dot', 'eve']) await world.user(user);
    await world.user('cid', { on: null });
    await world.period('cid', '2026-11-01T00:00:00.000Z', '2026-11-19T12:00:00.000Z');
    await world.say([
      { user: 'ann', at: '2026-11-19T00:00:00.000Z', free: 100n * BNB },
      { user: 'bob', at: '2026-11-19T00:00:00.000Z', free: 200n * BNB },
      { user: 'cid', at: '2026-11-19T00:00:00.000Z', free: 400n * BNB },
      { user: 'dot', at: '2026-11-19T00:00:00.000Z', free: BNB / 2n - 1n },
      { user: 'eve', at: '2026-11-19T00:00:00.000Z', free: 5000n * BNB },
      { user: 'bob', at: '2026-11-19T12:00:00.000Z', free: 0n },
    ]);
    await world.closeShard(D);
    // Weights 100, 100, 200, 0 and 1000: Q = 1400; stake 2800, so half of the chain's 3 BNB is the users'.
    await world.chainSays(UNIT, 2800n * BNB, [{ key: 'r1', amount: 3n * BNB }]);
  }

  it('R21: goes through all seven steps and pays to the atom', async () => {
    await ordinaryDay();
    const report = await world.run().tick();
    expect(report.units).toEqual([{ ...UNIT, state: 'paid' }]);
    const pool = (3n * BNB) / 2n;
    const part = (weight: bigint): string => (((pool * weight) / (1400n * 10n ** 10n)) * 10n ** 10n).toString();
    expect(await world.rewards(UNIT)).toEqual({ ann: part(100n), bob: part(100n), cid: part(200n), eve: part(1000n) });
    const row = await world.settlement(UNIT);
    expect(row).toMatchObject({
      state: 'paid',
      observed: (3n * BNB).toString(),
      released: (3n * BNB).toString(),
      stake: (2800n * BNB).toString(),
      qualifying: (1400n * BNB).toString(),
      pool_part: pool.toString(),
      treasury_part: pool.toString(),
      pool: pool.toString(),
      users: 4,
      balances_from: 'accumulators',
      late: false,
    });
    expect(BigInt(String(row['paid'])) + BigInt(String(row['leftover']))).toBe(pool);
    expect(world.core.booked.size).toBe(4);
    expect(world.core.booked.get('2026-11-19.BNB.reward.ann')?.amount).toBe('0.10714285');
    const checks = await world.db.rows<{ passed: boolean }>('SELECT passed FROM settlement_check');
    expect(checks.map((check) => check.passed)).toEqual(Array(7).fill(true));
  });

  it('R10: an average of exactly the minimum qualifies, one of exactly the cap counts whole', async () => {
    await world.user('min');
    await world.user('cap');
    await world.say([
      { user: 'min', at: '2026-11-19T00:00:00.000Z', free: BNB / 2n },
      { user: 'cap', at: '2026-11-19T00:00:00.000Z', free: 1000n * BNB },
    ]);
    await world.closeShard(D);
    await world.chainSays(UNIT, BNB, []);
    await world.run().tick();
    const rows = await world.db.rows('SELECT user_id, weight FROM reward ORDER BY user_id');
    expect(rows).toEqual([
      { user_id: 'cap', weight: (1000n * BNB).toString() },
      { user_id: 'min', weight: (BNB / 2n).toString() },
    ]);
  });
});
