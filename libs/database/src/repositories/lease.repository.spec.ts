import { openTestDatabase, type TestDatabase } from '@app/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../database.js';
import { LeaseLost, LeaseRepository } from './lease.repository.js';

jest.setTimeout(60_000);

describe('a lease', () => {
  let test: TestDatabase;
  let db: Database;
  let leases: LeaseRepository;
  beforeAll(async () => {
    test = await openTestDatabase('lease');
    db = await Database.open(test.url, { poolSize: 12 });
    await db.migrate();
    leases = new LeaseRepository(db);
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });
  beforeEach(() => db.affected('DELETE FROM lease'));

  const expire = () => db.affected('UPDATE lease SET expires_at = clock_timestamp()');
  const takeAll = async (names: readonly string[]) =>
    (await Promise.all(names.map((name) => leases.take('job', name, 5_000)))).filter((lease) => lease !== null);

  it('has one holder, however many ask at once; each new holder gets a higher fence', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (let round = 1n; round <= 6n; round += 1n) {
      const taken = await takeAll(names);
      expect(taken).toHaveLength(1);
      expect(taken[0]!.fence).toBe(round);
      await expire();
    }
  });

  it('is not taken while it is held, and not renewed after it ran out', async () => {
    const lease = (await leases.take('job', 'a', 120))!;
    expect(await leases.take('job', 'a', 120)).toBeNull();
    expect(await leases.renew(lease, 120)).toBe(true);
    await sleep(150);
    expect(await leases.renew(lease, 120)).toBe(false);
    expect((await leases.take('job', 'b', 5_000))!.fence).toBe(2n);
  });

  it('keeps its fence over a release', async () => {
    const lease = (await leases.take('job', 'a', 5_000))!;
    await leases.release(lease);
    const next = (await leases.take('job', 'b', 5_000))!;
    expect(next.fence).toBe(2n);
    // The old holder's late release takes nothing away from the new one.
    await leases.release(lease);
    expect(await leases.take('job', 'c', 5_000)).toBeNull();
  });

  it('guards a transaction: lost, expired and foreign fences roll back', async () => {
    const lease = (await leases.take('job', 'a', 5_000))!;
    await expect(db.transaction((tx) => leases.assertHeld(tx, lease))).resolves.toBeUndefined();
    await expire();
    await expect(db.transaction((tx) => leases.assertHeld(tx, lease))).rejects.toBeInstanceOf(LeaseLost);
    const next = (await leases.take('job', 'b', 5_000))!;
    await expect(db.transaction((tx) => leases.assertHeld(tx, lease))).rejects.toBeInstanceOf(LeaseLost);
    await expect(db.transaction((tx) => leases.assertHeld(tx, { ...next, fence: 1n }))).rejects.toBeInstanceOf(
      LeaseLost,
    );
  });

  it('nobody takes it between the check and the commit, even when it runs out in between', async () => {
    const lease = (await leases.take('job', 'a', 150))!;
    const order: string[] = [];
    const writing = db.transaction(async (tx) => {
      await leases.assertHeld(tx, lease);
      await sleep(400);
      order.push('written');
    });
    await sleep(200);
    const taking = leases.take('job', 'b', 5_000).then((taken) => {
      order.push('taken');
      return taken;
    });
    await writing;
    expect((await taking)!.fence).toBe(2n);
    expect(order).toEqual(['written', 'taken']);
  });
});
