import { type Database, RewardHistoryRepository } from '@app/database';
import { dayAt } from '../generate/calendar.js';
import { BNB, TOKENS } from '../generate/tokens.js';
import { round, seconds } from '../measure/statistics.js';

const PAST_DAYS = 400;
const USERS_A_DAY = 1_000;
const READS = 3_000;
const PAGE = 30;

/** Four hundred earlier days of BNB, each a leaf of `reward` of its own, so that reading has to find its way among them. */
export async function writePastDays(db: Database): Promise<void> {
  const token = TOKENS[BNB]!.symbol;
  await db.affected(`UPDATE settlement SET state = 'paid', paid_at = changed_at`);
  for (let offset = 1; offset <= PAST_DAYS; offset += 1) {
    const day = dayAt(-offset);
    const leaf = `reward_${day.replaceAll('-', '')}_${token.toLowerCase()}`;
    await db.transaction(async (tx) => {
      await tx.affected(`CREATE TABLE ${leaf} (LIKE reward INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
      await tx.affected(
        `INSERT INTO ${leaf} SELECT user_id, $1::date, token, bucket, average, weight, amount FROM reward
         WHERE day = $2::date AND token = $3 ORDER BY user_id LIMIT ${USERS_A_DAY}`,
        [day, dayAt(0), token],
      );
      await tx.affected(`ALTER TABLE ${leaf} ADD PRIMARY KEY (user_id, day, token)`);
      await tx.affected(
        `ALTER TABLE reward ATTACH PARTITION ${leaf} FOR VALUES FROM ('${day}', '${token}') TO ('${day}', '${token}!')`,
      );
      await tx.affected(
        `INSERT INTO settlement (day, token, state, pool, paid, leftover, pool_part, leftover_before, boosts, released, fee, treasury_part, qualifying, stake, users)
         SELECT $1::date, token, state, pool, paid, leftover, pool_part, leftover_before, boosts, released, fee, treasury_part, qualifying, stake, users
         FROM settlement WHERE day = $2::date AND token = $3`,
        [day, dayAt(0), token],
      );
    });
  }
  await db.affected('VACUUM (ANALYZE)');
}

/** Users with a reward on each of those days. */
export async function longStanding(db: Database): Promise<string[]> {
  const rows = await db.rows<{ user_id: string }>('SELECT user_id FROM reward WHERE day = $1::date AND token = $2', [
    dayAt(-1),
    TOKENS[BNB]!.symbol,
  ]);
  return rows.map((row) => row.user_id);
}

/** "My rewards", the newest thirty, straight from the repository, one after the other on one connection. */
export async function readsPerSecond(db: Database, users: readonly string[]): Promise<number> {
  const rewards = new RewardHistoryRepository(db);
  const read = async (reads: number): Promise<number> =>
    seconds(async () => {
      for (let n = 0; n < reads; n += 1) {
        const page = await rewards.window({
          user: users[n % users.length]!,
          token: null,
          from: dayAt(-30),
          to: dayAt(0),
          after: null,
          limit: PAGE,
        });
        if (page.length === 0) throw new Error(`${users[n % users.length]} has no rewards to read`);
      }
    });
  await read(READS / 10);
  return round(READS / (await read(READS)), 0);
}
