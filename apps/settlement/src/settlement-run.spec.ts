import { addDays, type UtcDay } from '@app/staking-core';
import { waitForFinalData } from './steps/1-wait-for-final-data.js';
import { settleCommand } from './settle-command.js';
import { STUB_SECRET } from './testing/stub-core.js';
import { SettlementWorld } from './testing/settlement-world.js';
import { BNB, bookedBy, closeDay, FIRST_DAY, ledger, sharesOf, tenHolders, total } from './testing/trading-days.js';
import { loadEnv } from '@app/platform';

const REWARD = 10n ** 15n;
const UNIT = { day: FIRST_DAY, token: 'BNB' };
const NEXT = { day: addDays(FIRST_DAY, 1), token: 'BNB' };

describe('which days are due, and what they wait for', () => {
  let world: SettlementWorld;

  beforeEach(async () => {
    world = await SettlementWorld.open('settlement run');
    await tenHolders(world);
  });
  afterEach(() => world.close());

  const tick = () => world.run().tick();
  async function all(): Promise<string[]> {
    const rows = await world.db.rows<{ day: string; token: string; state: string }>(
      'SELECT day, token, state FROM settlement ORDER BY day, token',
    );
    return rows.map((row) => `${row.day} ${row.token} ${row.state}`);
  }

  it('R19: waits for the feed, the chain and a price, and says so', async () => {
    await world.say([{ user: 'u0', at: '2026-11-20T00:00:05.000Z', free: BNB }]);
    await world.chainSays({ day: addDays(FIRST_DAY, -1), token: 'BNB' }, 1n, []);
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({
      state: 'waiting',
      waiting_for: 'the feed: shard 0 has not closed 2026-11-19',
    });
    await world.closeShard(FIRST_DAY);
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({
      state: 'waiting',
      waiting_for: 'the chain: bnb has not said everything about 2026-11-19 yet',
    });
    await world.chainSays(UNIT, 55n * BNB, []);
    await world.db.affected('DELETE FROM price');
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({
      state: 'waiting',
      waiting_for: 'a price: none of BNB is known for 2026-11-19',
    });
    await world.db.affected(`INSERT INTO price VALUES ('BNB', '2026-11-19T23:59:59.999Z', 600)`);
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({ state: 'paid', waiting_for: null });
  });

  it('R2: closes the gate before it reads anything, so that a late statement belongs to the next day', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    await tick();
    expect(await world.db.rows('SELECT closed_through FROM day_gate')).toEqual([{ closed_through: FIRST_DAY }]);
  });

  it('R17: a day without any reward is settled as a zero day', async () => {
    await closeDay(world, FIRST_DAY, 0n);
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({
      state: 'paid',
      observed: '0',
      pool: '0',
      paid: '0',
      leftover: '0',
      users: 10,
    });
    expect(world.core.posts).toEqual([]);
  });

  it('R16, R20: a day on which nobody qualifies gives what was released to the treasury and keeps the leftover', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    await tick();
    const { leftover } = await world.settlement(UNIT);
    await world.db.affected(
      `INSERT INTO participation_cut SELECT user_id, '*', 'TERMS', '2026-11-20', NULL FROM account`,
    );
    await closeDay(world, NEXT.day, REWARD);
    await tick();
    expect(await world.settlement(NEXT)).toMatchObject({
      state: 'paid',
      users: 0,
      qualifying: '0',
      pool_part: '0',
      treasury_part: REWARD.toString(),
      pool: leftover,
      paid: '0',
      leftover,
    });
  });

  it("R16: with no stake left a late reward is all the users' and is held as implausible", async () => {
    await world.closeShard(FIRST_DAY);
    await world.chainSays(UNIT, 0n, [{ key: 'r', amount: REWARD }]);
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({
      state: 'held',
      pool_part: REWARD.toString(),
      held: { code: 'RATE_IMPLAUSIBLE', from: 'split' },
    });
    expect(world.core.posts).toEqual([]);
  });

  it('R17: the leftover opens the next pool; past days are caught up in one tick, in order', async () => {
    let day: UtcDay = FIRST_DAY;
    for (let count = 0; count < 4; count += 1, day = addDays(day, 1)) await closeDay(world, day, REWARD);
    const report = await tick();
    expect(report.units.map((unit) => `${unit.day} ${unit.state}`)).toEqual(
      ['19', '20', '21', '22'].map((n) => `2026-11-${n} paid`),
    );
    let leftover = 0n;
    day = FIRST_DAY;
    for (let count = 0; count < 4; count += 1, day = addDays(day, 1)) {
      const shares = sharesOf(REWARD + leftover);
      expect(bookedBy(world, day)).toEqual(shares);
      leftover = REWARD + leftover - total(shares);
      expect(await world.settlement({ day, token: 'BNB' })).toMatchObject({ leftover: leftover.toString() });
    }
  });

  it('R15: a reward is released in K daily parts, the last with the rest', async () => {
    await world.token('SOL', { releaseDays: 3 });
    await world.say([{ user: 'u0', token: 'SOL', at: `${FIRST_DAY}T00:00:00.000Z`, free: BNB }]);
    const released: unknown[] = [];
    for (let count = 0; count < 4; count += 1) {
      const unit = { day: addDays(FIRST_DAY, count), token: 'SOL' };
      await world.closeShard(unit.day);
      await world.chainSays(unit, BNB, count === 0 ? [{ key: 'r', amount: 1000n }] : []);
      world.now = `${addDays(unit.day, 1)}T00:00:00.000Z`;
      await tick();
      released.push((await world.settlement(unit))['released']);
    }
    expect(released).toEqual(['333', '333', '334', '0']);
    expect(await ledger(world, 'SOL')).toMatchObject({ unreleased: 0n, 'chain-rewards': -1000n });
  });

  it('R14: a reward told after its day was settled belongs to the first day that is not', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    await tick();
    await world.closeShard(NEXT.day);
    await world.chainSays(NEXT, 55n * BNB, [
      { key: 'late', amount: 5n, earnedTo: '2026-11-19T12:00:00.000Z' },
      { key: 'own', amount: 7n },
      { key: 'before-the-first-day', amount: 11n, earnedTo: '2026-11-19T00:00:00.000Z' },
      { key: 'tomorrow', amount: 13n, earnedTo: '2026-11-21T00:00:00.001Z' },
    ]);
    world.now = '2026-11-21T00:00:00.000Z';
    await tick();
    expect(await world.settlement(NEXT)).toMatchObject({ state: 'paid', observed: '12' });
    expect(await world.settlement(UNIT)).toMatchObject({ observed: REWARD.toString() });
  });

  it('R28: on its last day a delisted token pays out everything that is still unreleased', async () => {
    await world.token('OLD', { releaseDays: 7, delistedFrom: NEXT.day });
    await world.say([{ user: 'u0', token: 'OLD', at: `${FIRST_DAY}T00:00:00.000Z`, free: BNB }]);
    await world.chainSays({ day: FIRST_DAY, token: 'OLD' }, BNB, [{ key: 'r', amount: 7000n }]);
    await world.chainSays({ day: NEXT.day, token: 'OLD' }, BNB, []);
    await world.closeShard(NEXT.day);
    world.now = `${NEXT.day}T00:00:00.000Z`;
    await tick();
    expect(await world.settlement({ day: FIRST_DAY, token: 'OLD' })).toMatchObject({ state: 'paid', released: '7000' });
    expect((await all()).filter((row) => row.includes('OLD'))).toEqual(['2026-11-19 OLD paid']);
  });

  it('R26: a shard with a hole holds the day up until all others are a day further; then its accounts do not count', async () => {
    await world.user('gap');
    await world.say([{ user: 'gap', at: `${FIRST_DAY}T00:00:00.000Z`, free: 100n * BNB, shard: 1 }]);
    await world.db.affected('UPDATE feed_shard SET gap_expected = 5, gap_got = 9 WHERE shard = 1');
    await closeDay(world, FIRST_DAY, REWARD);
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({
      state: 'waiting',
      waiting_for: 'the feed: shard 1 (misses line 5) has not closed 2026-11-19',
    });
    await world.closeShard(NEXT.day);
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({ state: 'paid' });
    expect(await world.rewards(UNIT)).toEqual(sharesOf(REWARD));
    expect(await world.db.rows(`SELECT token, reason FROM quarantine WHERE user_id = 'gap'`)).toEqual([
      { token: 'BNB', reason: 'SHARD_GAP' },
    ]);
  });

  it('R26: an account that is first heard of after its shard was set aside does not count either', async () => {
    await world.say([{ user: 'u0', at: `${FIRST_DAY}T00:00:00.001Z`, free: BNB, shard: 1 }]);
    await world.db.affected('UPDATE feed_shard SET gap_expected = 5, gap_got = 9 WHERE shard = 1');
    await closeDay(world, FIRST_DAY, REWARD);
    await world.closeShard(NEXT.day);
    const tools = world.tools();
    await tools.settlements.openDueDays(world.db);
    expect(await waitForFinalData(UNIT, tools)).toBe('final');
    await world.user('new');
    await world.say([{ user: 'new', at: `${FIRST_DAY}T12:00:00.000Z`, free: 100n * BNB, shard: 1 }]);
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({ state: 'paid' });
    expect(Object.keys(await world.rewards(UNIT))).not.toContain('new');
  });

  it('R22a: a day whose accumulators do not agree with the log is held; other tokens go on', async () => {
    await tenHolders(world, 'TON', 'u');
    await closeDay(world, FIRST_DAY, REWARD);
    await closeDay(world, FIRST_DAY, REWARD, 'TON');
    // A lost update, as a bug in the ingest would make it: one atom-second too much.
    await world.db.affected(
      `UPDATE spot_balance SET integral = integral + 10::numeric ^ 24 WHERE user_id = 'u3' AND token = 'BNB'`,
    );
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({
      state: 'held',
      held: { code: 'RECOMPUTATION_DIFFERS', from: 'split' },
    });
    expect(bookedBy(world, FIRST_DAY)).toEqual({});
    expect(await world.settlement({ day: FIRST_DAY, token: 'TON' })).toMatchObject({ state: 'paid' });
    // The held day's leftover is in doubt, so the next day waits for people, too.
    await closeDay(world, NEXT.day, REWARD);
    await tick();
    expect(await world.settlement(NEXT)).toMatchObject({
      state: 'waiting',
      waiting_for: 'the day before: 2026-11-19 is held',
    });
  });

  it.each([
    ['R22b: more than custody holds', { held: 1n }, 'CUSTODY_SHORT'],
    ["R13: a reward that the chain's own events contradict", { crossCheck: REWARD - 11n }, 'CROSS_CHECK_DIFFERS'],
  ])('%s holds the day before any credit', async (_name, told, code) => {
    await world.closeShard(FIRST_DAY);
    await world.chainSays(
      UNIT,
      55n * BNB,
      [{ key: 'r', amount: REWARD, ...('crossCheck' in told ? told : {}) }],
      'held' in told ? told.held : 10n ** 30n,
    );
    await tick();
    expect(await world.settlement(UNIT)).toMatchObject({ state: 'held', held: { code } });
    expect(world.core.posts).toEqual([]);
  });

  it('R22c: a pool far above the days before is held', async () => {
    await world.db.affected('UPDATE token_rule SET trend_multiple = 5');
    let day: UtcDay = FIRST_DAY;
    for (let count = 0; count < 3; count += 1, day = addDays(day, 1)) await closeDay(world, day, REWARD);
    await tick();
    await closeDay(world, day, 6n * REWARD);
    await tick();
    expect(await world.settlement({ day, token: 'BNB' })).toMatchObject({
      state: 'held',
      held: { code: 'POOL_OUT_OF_TREND' },
    });
  });

  it("R18: an applied slash is borne by the treasury, once, and no user's credit changes", async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    await world.db.affected(
      `INSERT INTO chain_slash (token, key, kind, state, validator, amount, at, height, hash)
       VALUES ('BNB', 's1', 'downtime', 'applied', 'v', 500, '2026-11-19T10:00:00Z', 101, 'h'), ('BNB', 's2', 'downtime', 'observed', 'v', 900, '2026-11-19T10:00:00Z', 101, 'h')`,
    );
    await tick();
    await closeDay(world, NEXT.day, REWARD);
    await tick();
    expect(await ledger(world)).toMatchObject({ 'chain-slashes': 500n, treasury: -500n });
    expect(bookedBy(world, FIRST_DAY)).toEqual(sharesOf(REWARD));
  });

  it('R25: what was written can neither be changed nor taken away, and an unbalanced entry is refused', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    await tick();
    const [leaf] = await world.db.rows<{ name: string }>(
      'SELECT DISTINCT tableoid::regclass::text AS name FROM reward',
    );
    for (const table of ['reward', leaf?.name, 'journal_line', 'journal_line_20261119', 'reward_release']) {
      await expect(world.db.affected(`DELETE FROM ${table}`)).rejects.toThrow('append-only');
      await expect(world.db.affected(`UPDATE ${table} SET token = token`)).rejects.toThrow('append-only');
      await expect(world.db.affected(`TRUNCATE ${table}`)).rejects.toThrow('append-only');
    }
    await expect(
      world.db.affected(
        `INSERT INTO journal_line (day, entry_id, line, token, kind, account, amount)
         VALUES ('2026-11-19', 'x', 1, 'BNB', 'adjustment', 'pool', -1), ('2026-11-19', 'x', 2, 'BNB', 'adjustment', 'treasury', 2)`,
      ),
    ).rejects.toThrow('is off by 1 BNB atoms');
  });

  it('npm run settle --dry-run: the same figures, and no trace', async () => {
    await closeDay(world, FIRST_DAY, REWARD);
    await world.tools().settlements.openDueDays(world.db);
    await world.db.affected('UPDATE day_gate SET closed_through = $1', [FIRST_DAY]);
    const env = loadEnv(
      { DATABASE_URL: world.url, CORE_URL: world.core.url, CORE_WEBHOOK_SECRET: STUB_SECRET, CLOCK: 'database' },
      { needs: ['DATABASE_URL'] },
    );
    const [row] = await settleCommand({ day: FIRST_DAY, token: 'BNB', dryRun: true }, env);
    expect(row).toMatchObject({ state: 'checked', pool: REWARD, paid: total(sharesOf(REWARD)), users: 10 });
    expect(await all()).toEqual(['2026-11-19 BNB waiting']);
    expect(await world.db.rows('SELECT 1 FROM reward UNION ALL SELECT 1 FROM journal_line')).toEqual([]);
    expect(world.core.posts).toEqual([]);
    const [real] = await settleCommand({ day: FIRST_DAY }, env);
    expect(real).toMatchObject({ paid: row?.paid });
  });
});
