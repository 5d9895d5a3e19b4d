import { createHash } from 'node:crypto';
import {
  type Database,
  DayPartitionRepository,
  leafName,
  RewardSplitRepository,
  TokenSeedRepository,
} from '@app/database';
import { utcDay } from '@app/staking-core';
import { DAY } from '../generate/calendar.js';
import { benchCatalogue } from '../generate/tokens.js';

export const UNIT = { day: utcDay(DAY), token: 'BNB' } as const;
/** Payout units are 8 decimals of 18. */
const UNIT_ATOMS = 10_000_000_000n;
const DIGITS = 8;
/** What makes amounts differ from user to user, and be known without asking: see `payoutUnitsOf`. */
const [FACTOR, MODULUS] = [2_654_435_761n, 1_000_003n];
/** One user in so many is banned: held back, and not sent. */
const BANNED_EVERY = 1_000;

/** `u00000001` is the first: in order of number they are in order of name. */
export function userName(number: number): string {
  return `u${String(number).padStart(DIGITS, '0')}`;
}

/** Undefined: not a user of this benchmark. */
export function numberOf(user: string, users: number): number | undefined {
  const number = /^u\d{8}$/.test(user) ? Number(user.slice(1)) : 0;
  return number >= 1 && number <= users ? number : undefined;
}

export function payoutUnitsOf(number: number): bigint {
  return ((BigInt(number) * FACTOR) % MODULUS) + 1n;
}

/** A checked day of one token with a reward for each user, as step 5 leaves it. @returns credits that are to be sent */
export async function writeCreditDay(db: Database, users: number): Promise<number> {
  await db.migrate();
  await new TokenSeedRepository(db).seed(benchCatalogue());
  await new DayPartitionRepository(db).openDay(UNIT.day);
  const name = `'u' || lpad(n::text, ${DIGITS}, '0')`;
  await db.affected(
    `INSERT INTO account (user_id, bucket, region, status, told_at)
     SELECT ${name}, n % 64, 'DE', CASE WHEN n % ${BANNED_EVERY} = 0 THEN 'banned' ELSE 'active' END, '2025-01-01'
     FROM generate_series(1, $1::int) AS n`,
    [users],
  );
  const split = new RewardSplitRepository();
  await db.transaction(async (tx) => {
    await split.createLeaf(tx, UNIT);
    await tx.affected(
      `INSERT INTO ${leafName(UNIT)} (user_id, day, token, bucket, average, weight, amount)
       SELECT ${name}, $1::date, $2, n % 64, 1000000000000000000, 1000000000000000000,
              ((n::bigint * ${FACTOR}) % ${MODULUS} + 1)::numeric * ${UNIT_ATOMS} FROM generate_series(1, $3::int) AS n`,
      [UNIT.day, UNIT.token, users],
    );
    await split.attachLeaf(tx, UNIT);
    await tx.affected(
      `INSERT INTO settlement (day, token, state, observed, released, stake, qualifying, fee, pool_part, treasury_part,
         leftover_before, boosts, pool, paid, leftover, users)
       SELECT $1::date, $2, 'checked', sum(amount), sum(amount), sum(weight), sum(weight), 0, sum(amount), 0, 0, 0,
              sum(amount), sum(amount), 0, count(*) FROM ${leafName(UNIT)}`,
      [UNIT.day, UNIT.token],
    );
  });
  await db.affected('VACUUM (ANALYZE)');
  return users - Math.floor(users / BANNED_EVERY);
}

/** As if nothing of the day had been sent. The product itself refuses to forget: so it is asked not to look. */
export async function forgetCredits(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.affected("SET LOCAL session_replication_role = 'replica'");
    await tx.affected('TRUNCATE credit_batch, credit_exception, journal_line, reconciliation');
    await tx.affected(`UPDATE settlement SET state = 'checked', waiting_for = NULL, held = NULL, paid_at = NULL`);
  });
}

/** sha256 of what every user is to get: `user|payout units`, in order, without those that are held back. */
export async function owedHash(db: Database): Promise<string> {
  const digest = createHash('sha256');
  await db.transaction(async (tx) => {
    const out = await tx.copyOut(
      `COPY (SELECT r.user_id || '|' || div(r.amount, ${UNIT_ATOMS}) FROM reward r JOIN account a ON a.user_id = r.user_id
             WHERE r.day = '${UNIT.day}' AND r.token = '${UNIT.token}' AND a.status = 'active' ORDER BY r.user_id) TO STDOUT`,
    );
    for await (const chunk of out as AsyncIterable<Buffer>) digest.update(chunk);
  });
  return digest.digest('hex');
}
