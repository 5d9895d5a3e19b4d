import { openTestDatabase, type TestDatabase } from '@app/platform';
import { setImmediate as turn } from 'node:timers/promises';
import { bucketOf } from '../bucket.js';
import { Database, type Transaction } from '../database.js';
import { DayPartitionRepository } from './day-partition.repository.js';
import { ParticipationRepository } from './participation.repository.js';
import { type DayChange, type NewBalance, SpotFeedRepository } from './spot-feed.repository.js';

const DAY = '2026-03-10';
const START = `${DAY}T00:00:00.000Z`;
const TOKENS = ['ADA', 'BNB', 'ZIL'];

/** Every balance carries a copy of its user's newest period: two writers who must not miss each other. */
describe('R4, R5: from and until when a balance counts', () => {
  let test: TestDatabase;
  let db: Database;
  let participation: ParticipationRepository;
  const feed = new SpotFeedRepository();

  beforeEach(async () => {
    test = await openTestDatabase('counts from');
    db = await Database.open(test.url, { poolSize: 12 });
    await db.migrate();
    participation = new ParticipationRepository();
    for (const token of TOKENS.slice(0, 2)) {
      await db.affected(
        `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ($1, $1, 'x', 0, 0, '2025-01-01')`,
        [token],
      );
      await db.affected(`CREATE TABLE spot_balance_${token} PARTITION OF spot_balance FOR VALUES IN ('${token}')`);
    }
    await new DayPartitionRepository(db).ensure('balance_event', [DAY]);
  });
  afterEach(async () => {
    await db.close();
    await test.drop();
  });

  const account = (user: string) =>
    db.affected(`INSERT INTO account (user_id, bucket, region, status, told_at) VALUES ($1, $2, 'DE', 'active', $3)`, [
      user,
      bucketOf(user),
      START,
    ]);
  const balance = (user: string, token = 'BNB'): NewBalance => ({ user, token, shard: 0, knownFrom: START, day: DAY });
  const change = (user: string, token: string): DayChange => ({
    ...{ user, token, day: DAY, free: 1n, locked: 0n, freeRest: 1n, lockedRest: 0n, cause: 'trade' },
    ...{ firstAt: START, lastAt: START },
  });
  let ticks = 0;
  const switchOn = (tx: Transaction, user: string) =>
    participation.openNewPeriod(tx, {
      user,
      startsAt: '2026-03-11T00:00:00.000Z',
      since: new Date(Date.parse(START) + ++ticks).toISOString(),
      termsVersion: 'v1',
    });
  const copies = () =>
    db.rows<{ user_id: string; token: string; counts_from: Date | null; counts_to: Date | null }>(
      'SELECT user_id, token, counts_from, counts_to FROM spot_balance ORDER BY user_id, token',
    );
  /** Balances whose copy is not what the period says. */
  const wrong = () =>
    db.rows(
      `SELECT s.user_id, s.token FROM spot_balance s
       LEFT JOIN (SELECT DISTINCT ON (user_id) user_id, starts_at, ends_at FROM participation_period
                  ORDER BY user_id, starts_at DESC, since DESC) p ON p.user_id = s.user_id
       WHERE (s.counts_from, s.counts_to) IS DISTINCT FROM (p.starts_at, p.ends_at)`,
    );
  const waitingOrDone = async (work: Promise<unknown>): Promise<void> => {
    let done = false;
    void work.finally(() => (done = true));
    while (!done) {
      const [row] = await db.rows<{ n: number }>('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted');
      if (row!.n > 0) return;
      await turn();
    }
  };
  /** `first` holds its transaction open until `second` waits for it. */
  const interleave = async (
    first: (tx: Transaction) => Promise<unknown>,
    second: (tx: Transaction) => Promise<unknown>,
  ): Promise<void> => {
    let late: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await first(tx);
      late = db.transaction(second);
      await waitingOrDone(late);
    });
    await late;
  };

  it.each([
    ['a switch', true],
    ['a batch', false],
  ])('%s that comes first is seen by the other', async (_who, switchFirst) => {
    await account('u1');
    const on = (tx: Transaction) => switchOn(tx, 'u1');
    const batch = (tx: Transaction) => feed.addBalances(tx, [balance('u1')]);
    await (switchFirst ? interleave(on, batch) : interleave(batch, on));
    expect(await copies()).toEqual([
      { user_id: 'u1', token: 'BNB', counts_from: new Date('2026-03-11T00:00:00.000Z'), counts_to: null },
    ]);
  });

  it('a user whom the core tells of while a batch already speaks of them', async () => {
    await interleave(
      (tx) => feed.addBalances(tx, [balance('u1')]),
      async (tx) => {
        await tx.affected(
          `INSERT INTO account (user_id, bucket, region, status, told_at) VALUES ('u1', $1, 'DE', 'active', $2)`,
          [bucketOf('u1'), START],
        );
        await switchOn(tx, 'u1');
      },
    );
    expect(await wrong()).toEqual([]);
    expect(await copies()).toHaveLength(1);
  });

  it('switching off ends it, in every leaf; a period that never counted is over as it begins', async () => {
    await account('u1');
    await db.transaction((tx) =>
      feed.addBalances(
        tx,
        TOKENS.map((token) => balance('u1', token)),
      ),
    );
    await db.transaction((tx) => switchOn(tx, 'u1'));
    expect((await copies()).filter((row) => row.counts_from === null)).toEqual([]);
    await db.transaction((tx) => participation.closePeriod(tx, 'u1', START, 'SWITCHED_OFF'));
    const [begins] = (await copies()).map((row) => row.counts_from);
    expect(begins).toEqual(new Date('2026-03-11T00:00:00.000Z'));
    expect((await copies()).map((row) => row.counts_to)).toEqual([begins, begins, begins]);
    await account('u2');
    await db.transaction((tx) => switchOn(tx, 'u2'));
    await db.transaction((tx) => participation.closePeriod(tx, 'u2', '2026-03-12T10:00:00.000Z', 'SWITCHED_OFF'));
    await db.transaction((tx) => feed.addBalances(tx, [balance('u2')]));
    expect(await wrong()).toEqual([]);
  });

  it('batches and switches of the same users, all at once: nobody waits for ever, every copy is right', async () => {
    const users = Array.from({ length: 12 }, (_, index) => `u${index}`);
    for (const user of users) await account(user);
    await db.transaction((tx) =>
      feed.addBalances(
        tx,
        users.map((user) => balance(user)),
      ),
    );
    const batch = (token: string) =>
      db.transactionAgain(async (tx) => {
        await feed.addBalances(
          tx,
          users.map((user) => balance(user, token)),
        );
        await feed.applyChanges(
          tx,
          users
            .flatMap((user) => [change(user, 'BNB'), change(user, token)])
            .sort((a, b) => (a.user < b.user ? -1 : 1)),
        );
      });
    const flip = async (user: string, turns: number) => {
      for (let index = 0; index < turns; index += 1) {
        await db.transactionAgain(async (tx) => {
          const { open } = await participation.beforeSwitch(tx, user, '2026-03-12T00:00:00.000Z');
          if (!open) await switchOn(tx, user);
          else await participation.closePeriod(tx, user, '2026-03-12T00:00:00.000Z', 'SWITCHED_OFF');
        });
      }
    };
    const others = TOKENS.filter((token) => token !== 'BNB');
    await Promise.all([...users.map((user, index) => flip(user, 3 + (index % 4))), ...others.map(batch)]);
    await Promise.all([...users.map((user) => flip(user, 2)), ...others.map(batch)]);
    expect(await wrong()).toEqual([]);
    expect(await copies()).toHaveLength(users.length * TOKENS.length);
  });
});
