import type { Sql } from '../database.js';

export interface RewardRow {
  readonly day: string;
  readonly token: string;
  readonly average: string;
  readonly weight: string;
  readonly amount: string;
  readonly state: string;
  /** Epoch milliseconds. */
  readonly creditedMs: number | null;
}

export interface CreditState {
  /** False: the day's split has not passed its checks, or is held; nobody is shown it. */
  readonly visible: boolean;
  readonly state: string;
  readonly creditedMs: number | null;
}

interface BatchRow {
  day: string;
  token: string;
  settlement: string | null;
  state: string | null;
  done_at: Date | null;
}

const SHOWN = new Set(['crediting', 'credited', 'paid']);

/**
 * The word of single credits: the exception's, else the batch's that the user is in, else the settlement's. Two plain
 * statements, one over tables of days and one over the user's own rows.
 * @returns by `day token`
 */
export async function statesOf(
  sql: Sql,
  user: string,
  rewards: readonly { readonly day: string; readonly token: string; readonly amount: string }[],
): Promise<Map<string, CreditState>> {
  const days = rewards.map((one) => one.day);
  const tokens = rewards.map((one) => one.token);
  const [batches, exceptions] = await Promise.all([
    sql.often<BatchRow>(
      `SELECT k.day, k.token, s.state AS settlement, b.state, b.done_at
       FROM unnest($1::date[], $2::text[]) AS k(day, token)
       LEFT JOIN settlement s ON s.day = k.day AND s.token = k.token
       LEFT JOIN LATERAL (
         SELECT first_user, state, done_at FROM credit_batch
         WHERE day = k.day AND token = k.token AND kind = 'reward' AND last_user >= $3 ORDER BY last_user LIMIT 1
       ) b ON b.first_user <= $3`,
      [days, tokens, user],
    ),
    sql.often<{ day: string; token: string; state: string }>(
      `SELECT day, token, state FROM credit_exception
       WHERE user_id = $1 AND kind = 'reward' AND day = ANY($2::date[])`,
      [user, [...new Set(days)]],
    ),
  ]);
  const excepted = new Map(exceptions.map((one) => [`${one.day} ${one.token}`, one.state]));
  const due = new Set(rewards.filter((one) => one.amount !== '0').map((one) => `${one.day} ${one.token}`));
  return new Map(
    batches.map((row) => {
      const key = `${row.day} ${row.token}`;
      const visible = row.settlement !== null && SHOWN.has(row.settlement);
      const own = excepted.get(key);
      if (own !== undefined) return [key, { visible, state: own, creditedMs: null }];
      if (!due.has(key)) return [key, { visible, state: 'nothing-due', creditedMs: null }];
      const state = row.state === 'done' ? 'credited' : (row.state ?? 'planned');
      return [key, { visible, state, creditedMs: row.done_at?.getTime() ?? null }];
    }),
  );
}
