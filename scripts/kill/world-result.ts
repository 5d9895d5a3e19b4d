import { Database } from '@app/database';

/**
 * What a world has come to, as lists of lines `key = value`: what must be equal in two worlds of the same seed, however
 * often one of them was killed. Left out is only what tells of the way and not of the result: attempts, fences, clock
 * times of this machine, block heights and transaction hashes of our own delegations, and which of the two ways a
 * balance was read (accumulators or log).
 */
export type WorldResult = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Inputs first: when they differ, the two worlds were not comparable and the harness is at fault. */
export const INPUTS: readonly string[] = ['trading day', 'chain day', 'chain reward', 'chain position'];

const SECTIONS: Readonly<Record<string, string>> = {
  'trading day': `SELECT day AS key, events || ' events' AS value FROM sample_core.trading_day`,
  'chain day': `SELECT token || ' ' || day AS key, average_stake AS value FROM chain_day
                WHERE day >= (SELECT first_day FROM world_clock)`,
  'chain reward': `SELECT token || ' ' || key AS key, concat_ws(' ', kind, period, amount, cross_check) AS value FROM chain_reward`,
  'chain position': `SELECT token || ' ' || position_key AS key, concat_ws(' ', active, exiting, withdrawable, claimable) AS value
                     FROM chain_position p WHERE height = (SELECT max(height) FROM chain_position q WHERE q.token = p.token)`,
  'chain slash': `SELECT token || ' ' || key AS key, concat_ws(' ', state, amount) AS value FROM chain_slash`,
  'verified operation': `SELECT operation_id || ' ' || step AS key, intent #>> '{}' AS value FROM chain_operation
                         WHERE state = 'EFFECT_VERIFIED'`,
  'spot balance': `SELECT user_id || ' ' || token AS key, concat_ws(' ', free, locked, day, integral) AS value FROM spot_balance`,
  participation: `SELECT user_id || ' ' || starts_at || ' ' || since AS key, concat_ws(' ', ends_at, end_reason) AS value
                  FROM participation_period`,
  quarantine: `SELECT user_id || ' ' || token || ' ' || day AS key, reason AS value FROM quarantine`,
  'late event': `SELECT shard || ' ' || seq AS key, concat_ws(' ', user_id, free_delta, state) AS value FROM late_event`,
  settlement: `SELECT day || ' ' || token AS key, concat_ws(' ', state, rules_version, observed, released, stake, qualifying,
                 fee, pool_part, treasury_part, leftover_before, boosts, pool, paid, leftover, users, late, held) AS value FROM settlement`,
  'settlement check': `SELECT day || ' ' || token || ' ' || name AS key, passed::text AS value FROM settlement_check`,
  reward: `SELECT day || ' ' || token || ' ' || user_id AS key, concat_ws(' ', average, weight, amount) AS value FROM reward`,
  'credit batch': `SELECT concat_ws(' ', day, token, kind, batch) AS key, concat_ws(' ', first_user, last_user, count, total, state) AS value
                   FROM credit_batch`,
  'credit exception': `SELECT concat_ws(' ', day, token, kind, user_id) AS key, concat_ws(' ', amount, state, reason) AS value
                       FROM credit_exception`,
  'journal line': `SELECT day || ' ' || entry_id || ' ' || line AS key, concat_ws(' ', token, kind, account, amount) AS value FROM journal_line`,
  reconciliation: `SELECT day || ' ' || token AS key, concat_ws(' ', ours_count, ours_total, core_count, core_total, differences) AS value
                   FROM reconciliation`,
  "core's credit": `SELECT id AS key, concat_ws(' ', user_id, token, day, kind, atoms, credited_ms) AS value FROM sample_core.credit`,
  "core's balance": `SELECT account || ' ' || token AS key, concat_ws(' ', free, locked) AS value FROM sample_core.balance`,
};

/** What users got, from the core's own postings: by user, token and day, whatever the credits are called. */
const RECEIVED = `
  SELECT p.account || ' ' || p.token || ' ' || c.day AS key, sum(p.atoms)::text AS value
  FROM sample_core.movement m JOIN sample_core.posting p USING (movement) JOIN sample_core.credit c ON c.id = m.credit_id
  WHERE p.account = c.user_id GROUP BY p.account, p.token, c.day`;

/** What must hold in any world by itself; each row returned is a violation. */
const INVARIANTS: Readonly<Record<string, string>> = {
  'R25: the journal adds up to zero': `SELECT token AS what FROM journal_line GROUP BY token HAVING sum(amount) <> 0`,
  'R25: nothing is left in a clearing account': `
    SELECT day || ' ' || token || ' ' || account AS what FROM journal_line
    WHERE account IN ('released', 'pool', 'credits-sent') GROUP BY day, token, account HAVING sum(amount) <> 0`,
  'R20: rewards and leftover are the pool': `
    SELECT s.day || ' ' || s.token AS what FROM settlement s
    LEFT JOIN (SELECT day, token, sum(amount) AS paid FROM reward GROUP BY day, token) r USING (day, token)
    WHERE s.pool IS DISTINCT FROM coalesce(r.paid, 0) + s.leftover`,
  'R23: the core has every credit of ours and no other': `
    SELECT coalesce(r.user_id, c.user_id) || ' ' || coalesce(r.day, c.day) AS what
    FROM (SELECT r.* FROM reward r LEFT JOIN credit_exception e
            ON (e.user_id, e.day, e.token) = (r.user_id, r.day, r.token) WHERE r.amount > 0 AND e.user_id IS NULL) r
    FULL JOIN sample_core.credit c ON (c.user_id, c.day, c.token) = (r.user_id, r.day, r.token)
    WHERE r.amount IS DISTINCT FROM c.atoms`,
  'R13: rewards released are rewards observed': `
    SELECT w.token || ' ' || w.key AS what FROM chain_reward w
    JOIN (SELECT token, reward_key, sum(amount) AS released FROM reward_release GROUP BY token, reward_key) r
      ON (r.token, r.reward_key) = (w.token, w.key) WHERE r.released <> w.amount`,
  'R40: one live attempt an operation': `
    SELECT operation_id AS what FROM chain_operation WHERE state NOT IN ('DEAD', 'FAILED') GROUP BY operation_id, step HAVING count(*) > 1`,
};

export interface WorldBooks {
  readonly result: WorldResult;
  readonly received: ReadonlyMap<string, string>;
  /** One sentence a violation; empty when all is well. */
  readonly violations: readonly string[];
}

/** Reads a world's books in one snapshot, by code of its own: nothing of the product's repositories is used. */
export async function readBooks(databaseUrl: string): Promise<WorldBooks> {
  const database = await Database.open(databaseUrl, { poolSize: 1, applicationName: 'soft-staking-kill-oracle' });
  try {
    return await database.transaction(async (tx) => {
      const lines = async (sql: string): Promise<Map<string, string>> => {
        const rows = await tx.rows<{ key: string; value: string }>(
          `SELECT key::text, value::text FROM (${sql}) q ORDER BY 1`,
        );
        return new Map(rows.map(({ key, value }) => [key, value]));
      };
      const result = new Map<string, Map<string, string>>();
      for (const [name, sql] of Object.entries(SECTIONS)) result.set(name, await lines(sql));
      const violations: string[] = [];
      for (const [name, sql] of Object.entries(INVARIANTS)) {
        const rows = await tx.rows<{ what: string }>(`${sql} LIMIT 3`);
        if (rows.length > 0) violations.push(`${name}: not for ${rows.map(({ what }) => what).join(', ')}`);
      }
      return { result, received: await lines(RECEIVED), violations };
    }, 'REPEATABLE READ');
  } finally {
    await database.close();
  }
}
