import { createHash } from 'node:crypto';
import type { Connection } from './books.js';
import { atEdge } from './tokens.js';

export interface CreditedSum {
  readonly count: number;
  readonly users: number;
  /** Decimal string; `credited` is the same figure under the name the day tables use. */
  readonly total: string;
  readonly credited: string;
  /** SHA-256 over the lines `id:amount` + newline, sorted by id, amounts in their shortest form. */
  readonly digest: string;
}

const EMPTY_SUM: CreditedSum = {
  count: 0,
  users: 0,
  total: '0',
  credited: '0',
  digest: createHash('sha256').digest('hex'),
};

/** What this ledger says it credited for the day, per listed token. */
export async function creditedFor(db: Connection, day: string): Promise<Record<string, CreditedSum>> {
  const { rows } = await db.query<{ id: string; token: string; user_id: string; atoms: string }>(
    'SELECT id, token, user_id, atoms::text FROM sample_core.credit WHERE day = $1 ORDER BY id',
    [day],
  );
  const { rows: listed } = await db.query<{ token: string }>(
    'SELECT unnest(tokens) AS token FROM sample_core.book WHERE id = 1',
  );
  const sums = listed
    .map(({ token }) => token)
    .map((token): [string, CreditedSum] => {
      const mine = rows.filter((row) => row.token === token);
      if (mine.length === 0) return [token, EMPTY_SUM];
      const hash = createHash('sha256');
      for (const row of mine) hash.update(`${row.id}:${atEdge(BigInt(row.atoms), token)}\n`);
      const total = atEdge(
        mine.reduce((sum, row) => sum + BigInt(row.atoms), 0n),
        token,
      );
      const users = new Set(mine.map((row) => row.user_id)).size;
      return [token, { count: mine.length, users, total, credited: total, digest: hash.digest('hex') }];
    });
  return Object.fromEntries(sums);
}

/** What custody has to hold, per token: the users' coins and the exchange's own stock. Decimal strings. */
export async function custodyHoldings(db: Connection): Promise<Record<string, string>> {
  const { rows } = await db.query<{ token: string; atoms: string }>(
    `SELECT token, sum(free + locked)::text AS atoms FROM sample_core.balance
     WHERE account NOT IN ('house:outside', 'house:soft-staking') GROUP BY token ORDER BY token`,
  );
  return Object.fromEntries(rows.map((row) => [row.token, atEdge(BigInt(row.atoms), row.token)]));
}

/** SHA-256 over `account token free locked` + newline of every account, sorted. */
export async function balancesHash(db: Connection): Promise<string> {
  const { rows } = await db.query<{ line: string }>(
    `SELECT account || ' ' || token || ' ' || free || ' ' || locked AS line FROM sample_core.balance ORDER BY account, token`,
  );
  return createHash('sha256')
    .update(rows.map(({ line }) => `${line}\n`).join(''))
    .digest('hex');
}

const CHECKS: Readonly<Record<string, string>> = {
  'every balance is the sum of its postings': `
    SELECT b.account || ' ' || b.token AS what FROM sample_core.balance b
    LEFT JOIN (SELECT account, token, coalesce(sum(atoms) FILTER (WHERE part = 'free'), 0) AS free,
                      coalesce(sum(atoms) FILTER (WHERE part = 'locked'), 0) AS locked
               FROM sample_core.posting GROUP BY account, token) s USING (account, token)
    WHERE b.free <> coalesce(s.free, 0) OR b.locked <> coalesce(s.locked, 0)`,
  'each token adds up to zero over all accounts': `
    SELECT token AS what FROM sample_core.posting GROUP BY token HAVING sum(atoms) <> 0`,
  'every movement adds up to zero': `
    SELECT movement::text AS what FROM sample_core.posting GROUP BY movement, token HAVING sum(atoms) <> 0`,
  'every credit is exactly one movement of its amount to its user': `
    SELECT c.id AS what FROM sample_core.credit c
    LEFT JOIN sample_core.movement m ON m.credit_id = c.id
    LEFT JOIN sample_core.posting p ON p.movement = m.movement AND p.account = c.user_id
    WHERE p.atoms IS DISTINCT FROM c.atoms OR p.token <> c.token OR p.part <> 'free'`,
  'the feed has no gap': `
    SELECT 'shard ' || s.shard AS what FROM sample_core.feed_shard s
    LEFT JOIN (SELECT shard, count(*) AS lines, max(seq) AS newest FROM sample_core.feed_line GROUP BY shard) l USING (shard)
    WHERE s.last_seq <> coalesce(l.lines, 0) OR s.last_seq <> coalesce(l.newest, 0)`,
  'the feed told of every credit of a traded day': `
    SELECT c.id AS what FROM sample_core.credit c, sample_core.book b
    WHERE c.fed_day IS NULL AND c.credited_ms < extract(epoch FROM b.open_day::timestamp AT TIME ZONE 'UTC') * 1000`,
};

export interface LedgerAudit {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, 'held' | string>>;
}

/** The ledger's own invariants, asked of the database; a broken one names the first five culprits. */
export async function auditLedger(db: Connection): Promise<LedgerAudit> {
  const checks: Record<string, string> = {};
  for (const [name, sql] of Object.entries(CHECKS)) {
    const { rows } = await db.query<{ what: string }>(`${sql} LIMIT 5`);
    checks[name] = rows.length === 0 ? 'held' : `broken: ${rows.map(({ what }) => what).join(', ')}`;
  }
  return { ok: Object.values(checks).every((state) => state === 'held'), checks };
}
