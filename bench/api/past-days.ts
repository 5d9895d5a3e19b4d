import {
  CreditRepository,
  type Database,
  foldBlockOf,
  foldedLeafName,
  LogIndexRepository,
  RewardCatalogueRepository,
  RewardFoldRepository,
  RewardHistoryRepository,
} from '@app/database';
import { createLogger } from '@app/platform';
import { addDays, utcDay } from '@app/staking-core';
import { indexPaidLogs } from '../../apps/settlement/src/retention/index-paid-logs.js';
import { dayAt } from '../generate/calendar.js';
import { TOKENS } from '../generate/tokens.js';
import { median, round, seconds } from '../measure/statistics.js';

const PAST_DAYS = 400;
const USERS = 3_000;
const ROUNDS = 5;
const READS = 2_000;
const PAGE = 30;
/** As many as the calls of the API come on. */
const READERS = 16;

/**
 * The measured day as it is when the core has confirmed every credit of it, its log indexed as the settlement does it.
 * @returns how long the indexes took
 */
export async function payMeasuredDay(db: Database): Promise<number> {
  const credits = new CreditRepository();
  const day = utcDay(dayAt(0));
  await db.transaction(async (tx) => {
    for (const { symbol } of TOKENS) await credits.planBatches(tx, { day, token: symbol }, 500);
    await tx.affected(`UPDATE credit_batch SET state = 'done', done_at = now()`);
    await tx.affected(`UPDATE settlement SET state = 'paid', paid_at = changed_at`);
  });
  const log = createLogger({ app: 'bench-settlement', level: 'error' });
  return seconds(async () => {
    await indexPaidLogs({ db, logIndexes: new LogIndexRepository(), log, reach: () => undefined });
  });
}

/** Four hundred earlier days of all tokens, as folding leaves them: some thousand users and their rewards of the measured day. */
export async function writePastDays(db: Database): Promise<void> {
  const today = utcDay(dayAt(0));
  await db.affected(
    `CREATE TABLE bench_reward AS SELECT * FROM reward WHERE user_id IN (
       SELECT user_id FROM (SELECT DISTINCT user_id FROM reward WHERE day = $1::date) u ORDER BY md5(user_id) LIMIT ${USERS})`,
    [today],
  );
  for (let from = utcDay(dayAt(-PAST_DAYS)); from < today;) {
    const block = foldBlockOf(from).to;
    const to = block < today ? block : today;
    await writeFolded(db, from, to);
    from = to;
  }
  await db.affected('DROP TABLE bench_reward');
  await db.affected('VACUUM (ANALYZE)');
}

async function writeFolded(db: Database, from: string, to: string): Promise<void> {
  const leaf = foldedLeafName({ from: utcDay(from), to: utcDay(to) });
  const last = addDays(utcDay(to), -1);
  await db.transaction(async (tx) => {
    await tx.affected(`CREATE TABLE ${leaf} (LIKE reward INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
    await tx.affected(
      `INSERT INTO ${leaf} SELECT user_id, d::date, token, bucket, average, weight, amount,
         CASE WHEN amount > 0 THEN (extract(epoch FROM d) * 1000)::bigint + 86700000 END
       FROM bench_reward CROSS JOIN generate_series($1::date, $2::date, interval '1 day') d ORDER BY user_id, d, token`,
      [from, last],
    );
    await tx.affected(`ALTER TABLE ${leaf} ADD PRIMARY KEY (user_id, day, token)`);
    await tx.affected(
      `ALTER TABLE reward ATTACH PARTITION ${leaf} FOR VALUES FROM ('${from}', MINVALUE) TO ('${to}', MINVALUE)`,
    );
    await new RewardCatalogueRepository().moved(tx);
    await tx.affected(
      `INSERT INTO settlement (day, token, state, pool, paid, leftover, pool_part, leftover_before, boosts, released, fee, treasury_part, qualifying, stake, users)
       SELECT day, token, 'paid', sum(amount), sum(amount), 0, sum(amount), 0, 0, sum(amount), 0, 0, sum(weight), sum(weight), count(*)
       FROM ${leaf} GROUP BY day, token`,
    );
  });
}

/** By the product's own statements. @returns how long it took, or null when there was nothing to fold */
export async function foldMeasuredDay(db: Database): Promise<number | null> {
  const folds = new RewardFoldRepository();
  const fold = await folds.next(db);
  if (!fold) return null;
  const took = await seconds(async () => {
    await db.transaction((tx) => folds.build(tx, fold));
    if (!(await db.transaction((tx) => folds.swap(tx, fold)))) throw new Error(`${fold.name} was not folded`);
  });
  await db.affected(`VACUUM (ANALYZE) ${fold.name}`);
  return took;
}

/** Users with rewards on each of those days. */
export async function longStanding(db: Database): Promise<string[]> {
  const rows = await db.rows<{ user_id: string }>('SELECT DISTINCT user_id FROM reward WHERE day = $1::date', [
    dayAt(-1),
  ]);
  return rows.map((row) => row.user_id);
}

/** "My rewards", the newest thirty, straight from the repository, one after the other on one connection: the median round. */
export function readsPerSecond(db: Database, users: readonly string[]): Promise<number> {
  return medianRate(newestThirty(db, users));
}

/** The same for sixteen readers side by side on the one connection, each of whom asks again when it is answered. */
export function concurrentReadsPerSecond(db: Database, users: readonly string[]): Promise<number> {
  return medianRate(newestThirty(db, users), READERS);
}

function newestThirty(db: Database, users: readonly string[]): (n: number) => Promise<void> {
  const rewards = new RewardHistoryRepository(db);
  const range = { from: dayAt(-PAST_DAYS), to: dayAt(0) };
  return async (n) => {
    const user = users[n % users.length]!;
    const page = await rewards.page({ user, token: null, ...range, after: null, limit: PAGE });
    if (page.rows.length !== PAGE) throw new Error(`${user} has ${page.rows.length} rewards`);
  };
}

/** What no read can be faster than: a prepared statement that says back what it was given, on the same connection. */
export function emptyReadsPerSecond(db: Database): Promise<number> {
  return medianRate((n) => db.oftenAsArrays('SELECT $1::text', [String(n)]));
}

async function medianRate(read: (n: number) => Promise<unknown>, readers = 1): Promise<number> {
  let next = 0;
  const run = (reads: number): Promise<number> => {
    const end = next + reads;
    const reader = async (): Promise<void> => {
      while (next < end) await read(next++);
    };
    return seconds(() => Promise.all(Array.from({ length: readers }, reader)));
  };
  await run(READS / 4);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(READS / (await run(READS)));
  return round(median(rounds), 0);
}
