import { LogIndexRepository } from '@app/database';
import { createLogger } from '@app/platform';
import { addDays, type UtcDay } from '@app/staking-core';
import { SettlementWorld } from '../testing/settlement-world.js';
import { BNB, closeDay, FIRST_DAY, tenHolders } from '../testing/trading-days.js';
import { indexPaidLogs, type IndexTools } from './index-paid-logs.js';

describe('the index of a paid day’s log (R33)', () => {
  let world: SettlementWorld;
  let told: unknown[];
  const day = (n: number): UtcDay => addDays(FIRST_DAY, n);
  const tools = (reach: IndexTools['reach'] = () => undefined): IndexTools => {
    const log = createLogger({ app: 'settlement', level: 'silent' });
    return {
      db: world.db,
      logIndexes: new LogIndexRepository(),
      log: Object.assign(Object.create(log) as typeof log, { info: (about: unknown) => told.push(about) }),
      reach,
    };
  };
  /** By user, with what makes it another one when it is built again. */
  const indexes = () =>
    world.db.rows<{ name: string; file: string; columns: string }>(
      `SELECT c.relname::text AS name, c.oid::text AS file, pg_get_indexdef(c.oid, 1, false) AS columns
       FROM pg_class c WHERE c.relname LIKE 'balance\\_event\\_%\\_user' ORDER BY 1`,
    );
  const names = async () => (await indexes()).map((one) => one.name);
  /** A tick without its own index, which would be there before the test looks. */
  const settle = async (n: number, tokens = ['BNB', 'ADA']): Promise<void> => {
    for (const token of tokens) {
      await world.say([{ user: 'u0', token, free: BigInt(n + 1) * BNB, at: `${day(n)}T01:00:00.000Z` }]);
      await closeDay(world, day(n), BNB / 1000n, token);
    }
    const run = world.run();
    Object.assign(run, { mayIndex: false, indexLogs: () => Promise.resolve() });
    await run.tick();
  };

  beforeEach(async () => {
    told = [];
    world = await SettlementWorld.open('paid logs');
    await tenHolders(world);
    await tenHolders(world, 'ADA');
  });
  afterEach(() => world.close());

  it('R33: each paid token’s day gets it once, the newest first, and nothing that may still be read or written', async () => {
    await settle(0);
    await settle(1);
    await world.say([{ user: 'u0', free: 9n * BNB, at: `${day(2)}T01:00:00.000Z` }]);
    await world.db.affected(`UPDATE settlement SET state = 'held' WHERE token = 'ADA' AND day = $1`, [day(1)]);
    expect(await indexes()).toEqual([]);
    expect(await indexPaidLogs(tools())).toBe(true);
    expect(told).toEqual([
      { leaf: 'balance_event_20261120_bnb' },
      { leaf: 'balance_event_20261119_ada' },
      { leaf: 'balance_event_20261119_bnb' },
    ]);
    const built = await indexes();
    expect(built.map((one) => `${one.name} (${one.columns})`)).toEqual([
      'balance_event_20261119_ada_user (user_id)',
      'balance_event_20261119_bnb_user (user_id)',
      'balance_event_20261120_bnb_user (user_id)',
    ]);
    expect(await indexPaidLogs(tools())).toBe(true);
    expect(await indexes()).toEqual(built);
    await world.db.affected(`UPDATE settlement SET state = 'paid' WHERE state = 'held'`);
    expect(await indexPaidLogs(tools())).toBe(true);
    expect(await names()).toEqual([...built.map((one) => one.name), 'balance_event_20261120_ada_user'].sort());
  });

  it('R33: whoever pays a day gives it its index in the same tick', async () => {
    await closeDay(world, day(0));
    await world.run().tick();
    expect(await names()).toEqual(['balance_event_20261119_bnb_user']);
  });

  it('several workers at once build each index once, and none of them fails', async () => {
    for (let n = 0; n < 3; n += 1) await settle(n);
    const workers = [1, 2, 3].map(() => indexPaidLogs(tools()));
    expect(await Promise.all(workers)).toContain(true);
    expect(told).toHaveLength(6);
    expect(await names()).toHaveLength(6);
  });

  it('does not wait for somebody who holds a leaf', async () => {
    await settle(0, ['BNB']);
    await world.db.transaction(async (tx) => {
      await tx.affected('LOCK TABLE balance_event_20261119_bnb IN ROW EXCLUSIVE MODE');
      expect(await indexPaidLogs(tools())).toBe(false);
    });
    expect(await names()).toEqual([]);
    expect(await indexPaidLogs(tools())).toBe(true);
    expect(await names()).toEqual(['balance_event_20261119_bnb_user']);
  });

  it.each([
    ['settlement.log-index.before-commit', 0],
    ['settlement.log-index.committed', 1],
  ] as const)('a process that ends at %s leaves what the next one finishes', async (point, built) => {
    await settle(0);
    const doomed = indexPaidLogs(
      tools((at) => {
        if (at === point) throw new Error(`ended at ${point}`);
      }),
    );
    await expect(doomed).rejects.toThrow(`ended at ${point}`);
    expect(await names()).toHaveLength(built);
    expect(await indexPaidLogs(tools())).toBe(true);
    expect(await names()).toHaveLength(2);
  });
});
