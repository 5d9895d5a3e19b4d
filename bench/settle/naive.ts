import { Decimal } from 'decimal.js';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import type { Database } from '@app/database';
import { DAY } from '../generate/calendar.js';
import { seconds } from '../measure/statistics.js';

/*
 * What a settlement is when it is written the obvious way: a loop over positions, the day's events of each through the
 * ORM, and one transaction a credit. It is here to be compared with, and to be honest about what sets are worth.
 */

@Entity({ schema: 'naive', name: 'event' })
class NaiveEvent {
  @PrimaryColumn('smallint') shard!: number;
  @PrimaryColumn('bigint') seq!: string;
  @Column('text') user_id!: string;
  @Column('text') token!: string;
  @Column('integer') ms_of_day!: number;
  @Column('numeric') free!: string;
}

@Entity({ schema: 'naive', name: 'position' })
class NaivePosition {
  @PrimaryColumn('text') user_id!: string;
  @PrimaryColumn('text') token!: string;
  @Column('numeric') opening!: string;
  @Column('numeric') rewards!: string;
}

@Entity({ schema: 'naive', name: 'credit' })
class NaiveCredit {
  @PrimaryColumn('text') user_id!: string;
  @PrimaryColumn('date') day!: string;
  @PrimaryColumn('text') token!: string;
  @Column('numeric') amount!: string;
}

@Entity({ schema: 'naive', name: 'ledger_line' })
class NaiveLedgerLine {
  @PrimaryColumn('text') entry!: string;
  @PrimaryColumn('text') account!: string;
  @Column('numeric') amount!: string;
}

const Exact = Decimal.clone({ precision: 200, rounding: Decimal.ROUND_FLOOR });

export interface NaiveTime {
  readonly positions: number;
  readonly seconds: number;
}

/** Settles the positions of so many users of the prepared day, one transaction a credit. */
export async function settleNaively(db: Database, url: string, users: number): Promise<NaiveTime> {
  await prepare(db, users);
  const source = new DataSource({
    type: 'postgres',
    url,
    entities: [NaiveEvent, NaivePosition, NaiveCredit, NaiveLedgerLine],
    synchronize: false,
  });
  await source.initialize();
  try {
    await db.affected('CHECKPOINT');
    let positions = 0;
    const took = await seconds(async () => {
      const keys = await source.getRepository(NaivePosition).find({ select: { user_id: true, token: true } });
      positions = keys.length;
      for (const { user_id, token } of keys) await creditOne(source, user_id, token);
    });
    return { positions, seconds: took };
  } finally {
    await source.destroy();
    await db.affected('DROP SCHEMA naive CASCADE');
  }
}

async function creditOne(source: DataSource, user_id: string, token: string): Promise<void> {
  const position = await source.getRepository(NaivePosition).findOneByOrFail({ user_id, token });
  const events = await source.getRepository(NaiveEvent).find({ where: { user_id, token }, order: { seq: 'ASC' } });
  let sum = new Exact(0);
  let since = 0;
  let balance = new Exact(position.opening);
  for (const event of events) {
    sum = sum.plus(balance.times(event.ms_of_day - since));
    since = event.ms_of_day;
    balance = new Exact(event.free);
  }
  const average = sum
    .plus(balance.times(86_400_000 - since))
    .div(86_400_000)
    .floor();
  const amount = average.div(10_000).floor().toFixed();
  await source.transaction(async (manager) => {
    await manager.save(NaiveCredit, { user_id, day: DAY, token, amount });
    const entry = `${DAY}.${token}.${user_id}`;
    await manager.save(NaiveLedgerLine, [
      { entry, account: 'pool', amount: `-${amount}` },
      { entry, account: user_id, amount },
    ]);
    const before = await manager.findOneByOrFail(NaivePosition, { user_id, token });
    await manager.update(
      NaivePosition,
      { user_id, token },
      { rewards: new Exact(before.rewards).plus(amount).toFixed() },
    );
  });
}

/** Tables of its own with the indexes such code would have. */
async function prepare(db: Database, users: number): Promise<void> {
  await db.affected('DROP SCHEMA IF EXISTS naive CASCADE');
  await db.affected('CREATE SCHEMA naive');
  // The first users are the odd ones (a hot account, a giant): ordinary ones come after them.
  const chosen = `(substr(user_id, 2)::int BETWEEN 20 AND ${20 + users - 1})`;
  await db.affected(
    `CREATE TABLE naive.position AS SELECT user_id, token, free AS opening, 0::numeric AS rewards FROM spot_balance WHERE ${chosen}`,
  );
  await db.affected(
    `CREATE TABLE naive.event AS SELECT shard, seq, user_id, token, ms_of_day, free FROM balance_event WHERE day = '${DAY}' AND ${chosen}`,
  );
  await db.affected(
    'CREATE TABLE naive.credit (user_id text, day date, token text, amount numeric, PRIMARY KEY (user_id, day, token))',
  );
  await db.affected(
    'CREATE TABLE naive.ledger_line (entry text, account text, amount numeric, PRIMARY KEY (entry, account))',
  );
  await db.affected('ALTER TABLE naive.position ADD PRIMARY KEY (user_id, token)');
  await db.affected('ALTER TABLE naive.event ADD PRIMARY KEY (shard, seq)');
  await db.affected('CREATE INDEX ON naive.event (user_id, token, seq)');
  await db.affected('VACUUM (ANALYZE) naive.position');
  await db.affected('VACUUM (ANALYZE) naive.event');
}
