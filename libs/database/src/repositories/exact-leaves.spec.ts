import { openTestDatabase, type TestDatabase } from '@app/platform';
import { utcDay } from '@app/staking-core';
import { Database } from '../database.js';
import { DayPartitionRepository } from './day-partition.repository.js';
import { exactLeaves } from './exact-leaves.js';

describe('R22: what the check reads is all there is of the token and the day', () => {
  const unit = { day: utcDay('2026-11-19'), token: 'BNB' };
  let test: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    test = await openTestDatabase('exact leaves');
    db = await Database.open(test.url, { poolSize: 2 });
    await db.migrate();
    await db.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, aliases, listed_from) VALUES ('BNB', 'BNB', 'bnb', 18, 8, '{}', '2026-01-01')`,
    );
    await new DayPartitionRepository(db).ensure('balance_event', ['2026-11-19', '2026-11-21']);
    await db.affected(`CREATE TABLE spot_balance_bnb PARTITION OF spot_balance FOR VALUES IN ('BNB')`);
    await db.affected(`INSERT INTO feed_shard (shard, newest_day) VALUES (0, '2026-11-21')`);
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  it('by the leaf where its bounds say so, by the parent where there is none, and whatever is later than all', async () => {
    expect(await exactLeaves(db, unit)).toEqual({
      balances: 'spot_balance_bnb b WHERE true',
      ofDay: 'balance_event_20261119_bnb e WHERE true',
      later: [
        `balance_event e WHERE day = '2026-11-20' AND token = 'BNB'`,
        'balance_event_20261121_bnb e WHERE true',
        `balance_event e WHERE day > '2026-11-21' AND token = 'BNB'`,
      ],
    });
  });

  it('a name says nothing: a leaf of other bounds, or of no table of ours, is not read', async () => {
    await db.affected('ALTER TABLE balance_event_20261119_bnb RENAME TO elsewhere');
    await db.affected('CREATE TABLE balance_event_20261119_bnb (LIKE balance_event)');
    await db.affected('ALTER TABLE balance_event_20261121_bnb RENAME TO later');
    await db.affected('ALTER TABLE spot_balance DETACH PARTITION spot_balance_bnb');
    expect(await exactLeaves(db, unit)).toEqual({
      balances: `spot_balance b WHERE token = 'BNB'`,
      ofDay: `balance_event e WHERE day = '2026-11-19' AND token = 'BNB'`,
      later: [
        `balance_event e WHERE day = '2026-11-20' AND token = 'BNB'`,
        `balance_event e WHERE day = '2026-11-21' AND token = 'BNB'`,
        `balance_event e WHERE day > '2026-11-21' AND token = 'BNB'`,
      ],
    });
  });

  it('a name with a quote in it stays a value', async () => {
    const { balances } = await exactLeaves(db, { ...unit, token: `B'NB` });
    expect(balances).toBe(`spot_balance b WHERE token = 'B''NB'`);
  });
});
