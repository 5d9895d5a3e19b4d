import { lintStatement, STATEMENT_RULES, type StatementRule } from './statement-rules.js';

/** Statements that Citus takes; the shapes are those of our own set work. */
const FINE: readonly string[] = [
  'SELECT * FROM account WHERE user_id = $1 FOR UPDATE',
  'SELECT seq FROM feed_shard WHERE shard = ANY($1) ORDER BY shard FOR UPDATE',
  'SELECT * FROM settlement WHERE day = $1 AND state = $2 FOR UPDATE SKIP LOCKED',
  'SELECT s.user_id FROM spot_balance s JOIN participation_period p ON p.user_id = s.user_id WHERE s.token = $1',
  'SELECT r.user_id FROM reward r JOIN account a USING (user_id) WHERE r.day = $1',
  'SELECT r.amount FROM reward r LEFT JOIN credit_exception x ON x.user_id = r.user_id AND x.day = r.day',
  `SELECT r.amount FROM reward r WHERE NOT EXISTS (SELECT 1 FROM credit_exception x WHERE x.user_id = r.user_id AND x.day = r.day)`,
  `SELECT s.user_id FROM spot_balance s WHERE s.shard NOT IN (SELECT shard FROM quarantine WHERE token = '*')`,
  `SELECT s.user_id FROM spot_balance s LEFT JOIN (SELECT a.user_id, v.average FROM account a
     JOIN owner_average v ON v.owner = a.owner) o ON o.user_id = s.user_id`,
  'INSERT INTO consent (user_id, at) VALUES ($1, now()) ON CONFLICT (user_id, at) DO NOTHING',
  'INSERT INTO participation_cut (user_id, token) VALUES ($1, $2) ON CONFLICT (user_id, token, reason, starts_at) DO UPDATE SET ends_at = NULL',
  'UPDATE settlement SET state = $1, changed_at = now() WHERE day = $2 AND token = $3 AND state = $4',
  'UPDATE credit_batch SET claimed_until = clock_timestamp() WHERE batch = $1',
  `WITH rule AS MATERIALIZED (SELECT token, lag(valid_from) OVER w AS from_day FROM token_rule WINDOW w AS (PARTITION BY token))
   UPDATE spot_balance s SET free = s.free + c.free FROM unnest($1::text[], $2::numeric[]) AS c(user_id, free) WHERE s.user_id = c.user_id`,
  'COPY (SELECT user_id, ms_of_day FROM balance_event e WHERE day = $1) TO STDOUT',
  'COPY balance_event (day, user_id) FROM STDIN',
  'SELECT pg_advisory_xact_lock(4800)',
  'SELECT min(day) FROM chain_day WHERE token = (SELECT symbol FROM token LIMIT 1)',
  `INSERT INTO reward_20261119 (user_id, day) SELECT user_id, $1 FROM (SELECT user_id FROM spot_balance_bnb UNION ALL SELECT user_id FROM partial_balance) m`,
];

/** Each with the one rule that must see it. */
const PLANTED: readonly (readonly [StatementRule, string])[] = [
  ['for-update', 'SELECT * FROM account WHERE status = $1 FOR UPDATE'],
  ['for-update', 'SELECT 1 FROM spot_balance WHERE token = $1 FOR SHARE'],
  ['lock-on-copies', 'SELECT * FROM token_rule WHERE token = $1 FOR UPDATE SKIP LOCKED'],
  [
    'conflict-without-user',
    'INSERT INTO late_event (user_id, shard, seq) VALUES ($1, $2, $3) ON CONFLICT (shard, seq) DO NOTHING',
  ],
  [
    'conflict-clock',
    'INSERT INTO settlement_check (day) VALUES ($1) ON CONFLICT (day, token, name) DO UPDATE SET at = now()',
  ],
  ['insert-without-user', 'INSERT INTO quarantine (token, day) VALUES ($1, $2)'],
  ['moves-user', 'UPDATE consent SET user_id = $1 WHERE user_id = $2'],
  ['volatile-change', 'UPDATE spot_balance SET last_at = clock_timestamp() WHERE user_id = $1'],
  ['volatile-change', 'DELETE FROM settlement_piece WHERE random() < $1'],
  ['stable-of-column', 'UPDATE spot_balance SET day = extract(day FROM last_at) WHERE user_id = $1'],
  ['stable-of-column', 'UPDATE consent SET at = coalesce(at, now()) WHERE user_id = $1'],
  ['join-without-user', 'SELECT 1 FROM account a JOIN reward r ON r.bucket = a.bucket'],
  [
    'join-without-user',
    'SELECT 1 FROM account a, spot_balance s, consent c WHERE a.user_id = s.user_id AND c.at = a.told_at',
  ],
  ['correlated-without-user', 'SELECT 1 FROM reward r WHERE EXISTS (SELECT 1 FROM late_event l WHERE l.day = r.day)'],
  [
    'correlated-from-recurring',
    'INSERT INTO spot_balance (user_id, counts_from) SELECT n.user_id, (SELECT p.starts_at FROM participation_period p WHERE p.user_id = n.user_id) FROM unnest($1::text[]) AS n(user_id)',
  ],
  [
    'correlated-local',
    `SELECT r.amount, b.state FROM reward r LEFT JOIN LATERAL (SELECT state FROM credit_batch
       WHERE day = r.day AND r.user_id BETWEEN first_user AND last_user) b ON true WHERE r.user_id = $1`,
  ],
  [
    'correlated-limit',
    'SELECT (SELECT c.at FROM consent c WHERE c.user_id = a.user_id ORDER BY c.at DESC LIMIT 1) FROM account a',
  ],
  [
    'writing-cte',
    'WITH w AS (INSERT INTO partial_balance (user_id) SELECT user_id FROM spot_balance RETURNING 1) SELECT count(*) FROM w',
  ],
  ['recursive', 'WITH RECURSIVE r AS (SELECT user_id FROM account UNION SELECT user_id FROM r) SELECT * FROM r'],
  ['grouping-sets', 'SELECT token, sum(free) FROM spot_balance GROUP BY ROLLUP (token)'],
  ['tablesample', 'SELECT 1 FROM spot_balance TABLESAMPLE system (1)'],
  ['temp-table', 'CREATE TEMP TABLE sums (token text)'],
  ['create-table-as', 'CREATE TABLE totals AS SELECT user_id FROM reward'],
  ['unlisted-table', 'SELECT 1 FROM spot_balance s JOIN sums t ON t.token = s.token'],
];

describe('statements as Citus sees them', () => {
  it.each(FINE)('takes: %s', (statement) => {
    expect(lintStatement(statement)).toEqual([]);
  });

  it.each(PLANTED)('%s: %s', (rule, statement) => {
    expect(lintStatement(statement).map((finding) => finding.rule)).toContain(rule);
  });

  it('every rule has a statement that breaks it', () => {
    const planted = new Set(PLANTED.map(([rule]) => rule));
    expect(Object.keys(STATEMENT_RULES).filter((rule) => !planted.has(rule as StatementRule))).toEqual([]);
  });
});
