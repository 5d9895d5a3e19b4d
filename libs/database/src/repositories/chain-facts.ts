import type { Sql } from '../database.js';

/** A block as the books name it; structurally the stamp of the chain port. */
export interface StoredStamp {
  readonly height: bigint;
  readonly hash: string;
  readonly timeMs: bigint;
}

/** Two different stories under one key made of chain facts. Nothing is stored; the chain stops for a person. */
export class FactContradiction extends Error {
  override readonly name = 'FactContradiction';
  readonly code = 'FACT_CONTRADICTION';

  constructor(
    readonly table: string,
    readonly given: unknown,
  ) {
    super(`${table} already holds something else under the key of ${JSON.stringify(given)}`);
  }
}

type Columns = Readonly<Record<string, string>>;
/** A row to keep: exact text for numbers and times, so that nothing passes through a float. */
export type FactRow = Readonly<
  Record<string, string | boolean | null | readonly Readonly<Record<string, string | null>>[]>
>;

/** Columns with their types, and the natural key (R13: chain facts alone). */
const FACTS = {
  chain_cut: {
    key: ['chain', 'height'],
    columns: { chain: 'text', height: 'bigint', hash: 'text', at: 'timestamptz', liquid: 'numeric' },
  },
  chain_day: {
    key: ['token', 'day'],
    columns: { token: 'text', day: 'date', average_stake: 'numeric', chain: 'text', cut_height: 'bigint' },
  },
  chain_reward: {
    key: ['token', 'key'],
    columns: {
      token: 'text',
      key: 'text',
      kind: 'text',
      position_key: 'text',
      validator: 'text',
      period: 'text',
      amount: 'numeric',
      earned_from: 'timestamptz',
      earned_to: 'timestamptz',
      chain: 'text',
      height: 'bigint',
      hash: 'text',
      txid: 'text',
      cross_check: 'numeric',
      cross_tolerance: 'numeric',
    },
  },
  chain_flow: {
    key: ['token', 'key'],
    columns: {
      token: 'text',
      key: 'text',
      kind: 'text',
      position_key: 'text',
      validator: 'text',
      amount: 'numeric',
      active_change: 'numeric',
      fee: 'numeric',
      at: 'timestamptz',
      height: 'bigint',
      hash: 'text',
      txid: 'text',
    },
  },
  chain_position: {
    key: ['token', 'height', 'position_key'],
    columns: {
      token: 'text',
      chain: 'text',
      height: 'bigint',
      position_key: 'text',
      validator: 'text',
      active: 'numeric',
      activating: 'numeric',
      exiting: 'numeric',
      withdrawable: 'numeric',
      claimable: 'numeric',
      exits: 'jsonb',
    },
  },
  chain_validator: {
    key: ['chain', 'height', 'validator'],
    columns: {
      chain: 'text',
      height: 'bigint',
      validator: 'text',
      moniker: 'text',
      commission_bps: 'bigint',
      health: 'text',
      jailed_until: 'timestamptz',
      earning: 'boolean',
      total_stake: 'numeric',
    },
  },
  chain_parameter: {
    key: ['chain', 'height', 'name'],
    columns: { chain: 'text', height: 'bigint', name: 'text', value: 'text' },
  },
} satisfies Record<string, { key: readonly string[]; columns: Columns }>;

export type FactTable = keyof typeof FACTS;

/**
 * Inserts what is new; what is there already must be exactly the same, column by column: a rescan changes nothing.
 * @returns how many rows were new
 * @throws FactContradiction
 */
export async function keepFacts(sql: Sql, table: FactTable, rows: readonly FactRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { key, columns }: { key: readonly string[]; columns: Columns } = FACTS[table];
  const names = Object.keys(columns);
  const given = `jsonb_to_recordset($1::jsonb) AS given(${names.map((name) => `${name} ${columns[name]}`).join(', ')})`;
  const json = JSON.stringify(rows);
  const inserted = await sql.affected(
    `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${given}
     ON CONFLICT (${key.join(', ')}) DO NOTHING`,
    [json],
  );
  if (inserted === rows.length) return inserted;
  const row = (alias: string): string => `ROW(${names.map((name) => `${alias}.${name}`).join(', ')})`;
  const [contradiction] = await sql.rows<{ given: unknown }>(
    `SELECT to_jsonb(given) AS given FROM ${given}
     LEFT JOIN ${table} stored ON ${key.map((name) => `stored.${name} = given.${name}`).join(' AND ')}
     WHERE ${row('given')} IS DISTINCT FROM ${row('stored')} LIMIT 1`,
    [json],
  );
  if (contradiction) throw new FactContradiction(table, contradiction.given);
  return inserted;
}

/**
 * R18: a slash moves on through its states, never back; a rescan that sees an earlier state again changes nothing.
 * Anything but the state, the amount and the block must stay what it was.
 */
export async function keepSlashes(sql: Sql, rows: readonly FactRow[]): Promise<void> {
  for (const row of rows) {
    const values = SLASH_COLUMNS.map((name) => row[name] ?? null);
    const kept = await sql.rows(
      `INSERT INTO chain_slash AS stored (${SLASH_COLUMNS.join(', ')})
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       ON CONFLICT (token, key) DO UPDATE SET
         state  = CASE WHEN ${rank('EXCLUDED')} > ${rank('stored')} THEN EXCLUDED.state ELSE stored.state END,
         amount = CASE WHEN ${rank('EXCLUDED')} > ${rank('stored')} THEN EXCLUDED.amount ELSE stored.amount END,
         height = CASE WHEN ${rank('EXCLUDED')} > ${rank('stored')} THEN EXCLUDED.height ELSE stored.height END,
         hash   = CASE WHEN ${rank('EXCLUDED')} > ${rank('stored')} THEN EXCLUDED.hash ELSE stored.hash END
         WHERE (stored.kind, stored.position_key, stored.validator)
               IS NOT DISTINCT FROM (EXCLUDED.kind, EXCLUDED.position_key, EXCLUDED.validator)
           AND (${rank('EXCLUDED')} <> ${rank('stored')}
                OR (stored.state, stored.amount, stored.height, stored.hash)
                   IS NOT DISTINCT FROM (EXCLUDED.state, EXCLUDED.amount, EXCLUDED.height, EXCLUDED.hash))
       RETURNING key`,
      values,
    );
    if (kept.length === 0) throw new FactContradiction('chain_slash', row);
  }
}

const SLASH_COLUMNS = [
  'token',
  'key',
  'kind',
  'state',
  'position_key',
  'validator',
  'amount',
  'at',
  'height',
  'hash',
  'txid',
] as const;

const rank = (alias: string): string =>
  `(CASE ${alias}.state WHEN 'observed' THEN 0 WHEN 'deferred' THEN 1 ELSE 2 END)`;
