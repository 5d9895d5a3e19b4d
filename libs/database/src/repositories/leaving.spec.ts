import { formatInstant } from '@app/staking-core';
import { openTestDatabase, type TestDatabase } from '@app/platform';
import { bucketOf } from '../bucket.js';
import { Database } from '../database.js';
import { ParticipationRepository } from './participation.repository.js';
import { type DayChange, SpotFeedRepository } from './spot-feed.repository.js';

const HOUR = 3_600_000n;
const DAY = 24n * HOUR;
/** 2026-03-10 and the days after it. */
const START = 1_773_100_800_000n;

interface Move {
  /** Milliseconds after START. */
  readonly at: bigint;
  readonly free: bigint;
  readonly locked?: bigint;
}

/** What a balance came to until its user left stands beside it, so that nobody reads the log for him. */
describe('R5, R8: balances of a user who switches off', () => {
  let test: TestDatabase;
  let db: Database;
  const feed = new SpotFeedRepository();
  const participation = new ParticipationRepository();
  let users = 0;

  beforeAll(async () => {
    test = await openTestDatabase('leaving');
    db = await Database.open(test.url);
    await db.migrate();
    for (const [token, counted] of [
      ['BNB', 'free'],
      ['SOL', 'free+locked'],
    ]) {
      await db.affected(
        `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ($1, $1, 'x', 0, 0, '2025-01-01')`,
        [token],
      );
      await db.affected(
        `INSERT INTO token_rule (token, valid_from, min_atoms, cap_atoms, release_days, fee_bps, counted_balance,
           max_daily_rate_ppb, trend_multiple, rules_version, made_by, approved_by)
         VALUES ($1, '2025-01-01', 1, 1, 1, 0, $2, 1, 2, 'test', 'maker', 'checker')`,
        [token, counted],
      );
    }
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  const say = (user: string, token: string, { at, free, locked = 0n }: Move): Promise<unknown> => {
    const ms = at % DAY;
    const when = formatInstant(START + at);
    const change: DayChange = {
      ...{ user, token, day: when.slice(0, 10), free, locked, cause: 'trade', firstAt: when, lastAt: when },
      freeRest: free * (DAY - ms),
      lockedRest: locked * (DAY - ms),
    };
    return db.transaction((tx) => feed.applyChanges(tx, [change]));
  };
  /** Moves, then the switch at `off`, then the moves that are heard of after it. @returns what the row says then */
  const leave = async (
    token: string,
    off: bigint,
    before: readonly Move[],
    after: readonly Move[] = [],
  ): Promise<string | null> => {
    users += 1;
    const user = `u${users}`;
    await db.affected(
      `INSERT INTO account (user_id, bucket, region, status, told_at) VALUES ($1, $2, 'DE', 'active', '2026-03-01')`,
      [user, bucketOf(user)],
    );
    const first = formatInstant(START - DAY);
    await db.transaction(async (tx) => {
      await participation.openNewPeriod(tx, { user, startsAt: first, since: first, termsVersion: 'v1' });
      await feed.addBalances(tx, [{ user, token, shard: 0, knownFrom: first, day: first.slice(0, 10) }]);
    });
    for (const move of before) await say(user, token, move);
    await db.transaction((tx) => participation.closePeriod(tx, user, formatInstant(START + off), 'SWITCHED_OFF'));
    for (const move of after) await say(user, token, move);
    const [row] = await db.rows<{ left: string | null }>(
      'SELECT left_integral::text AS left FROM spot_balance WHERE user_id = $1',
      [user],
    );
    return row!.left;
  };
  const atoms = (value: bigint): string => value.toString();

  it('all of it from 00:00 on, when nothing moved that day', async () => {
    expect(await leave('BNB', 9n * HOUR, [{ at: -HOUR, free: 7n }])).toBe(atoms(7n * 9n * HOUR));
  });

  it('what moved on the day counts from when it did; what moves later counts nothing', async () => {
    const before = [
      { at: -HOUR, free: 10n },
      { at: 2n * HOUR, free: 5n },
      { at: 6n * HOUR, free: -15n },
      { at: 9n * HOUR, free: 10n ** 60n },
    ];
    const after = [
      { at: 9n * HOUR, free: 1n },
      { at: 10n * HOUR, free: 3n },
      { at: DAY + HOUR, free: 3n },
      { at: 3n * DAY, free: 3n },
    ];
    expect(await leave('BNB', 9n * HOUR, before, after)).toBe(atoms(10n * 2n * HOUR + 15n * 4n * HOUR));
  });

  it('R7: open orders count where they count', async () => {
    const before = [
      { at: -HOUR, free: 10n, locked: 2n },
      { at: 1n * HOUR, free: -4n, locked: 4n },
    ];
    expect(await leave('SOL', 9n * HOUR, before)).toBe(atoms(12n * 9n * HOUR));
    expect(await leave('BNB', 9n * HOUR, before)).toBe(atoms(10n * HOUR + 6n * 8n * HOUR));
  });

  it('at 00:00 nothing of the day', async () => {
    expect(await leave('BNB', DAY, [{ at: 5n * HOUR, free: 7n }])).toBe('0');
  });

  it('R19: is unknown, never wrong, when the feed was ahead of the switch', async () => {
    const before = [
      { at: 5n * HOUR, free: 7n },
      { at: 9n * HOUR + 1n, free: 7n },
    ];
    expect(await leave('BNB', 9n * HOUR, before)).toBeNull();
    expect(await leave('BNB', 9n * HOUR, [{ at: DAY, free: 7n }])).toBeNull();
  });

  it('R19: is unknown from when a line of before is heard after', async () => {
    expect(await leave('BNB', 9n * HOUR, [], [{ at: 9n * HOUR - 1n, free: 7n }])).toBeNull();
    expect(
      await leave(
        'BNB',
        9n * HOUR,
        [{ at: -HOUR, free: 7n }],
        [
          { at: HOUR, free: 7n },
          { at: DAY, free: 7n },
        ],
      ),
    ).toBeNull();
    expect(await leave('BNB', 9n * HOUR, [], [{ at: -HOUR, free: 7n }])).toBeNull();
  });
});
