import type { Sql } from '../database.js';
import { PLACEMENT, type PlacedTable, placementOf, USER_COLUMN } from './placement.js';

export interface SchemaFinding {
  readonly rule: SchemaRule;
  readonly table: string;
  readonly detail: string;
}

/** What Citus 13 refuses of a schema, or takes in a way that we do not want; each with its reason. */
export const SCHEMA_RULES = {
  'not-placed': 'every table is in libs/database/src/citus/placement.ts: somebody has decided where it lives',
  'placed-but-gone': 'a table of the list exists',
  'no-user-column': 'a distributed table has user_id, NOT NULL, of one type and collation in the whole group',
  'key-without-user': 'a unique key of distributed rows holds on one node only when user_id is part of it',
  exclusion: 'an exclusion constraint of a distributed table needs user_id with equality; none is used',
  'foreign-key':
    'a foreign key stays inside the co-located group with user_id in the same place, or leads to a reference table',
  'foreign-key-action': 'SET NULL, SET DEFAULT and ON UPDATE CASCADE on user_id are refused',
  'foreign-key-outside': 'only a table that "follows" may refer to a reference table from outside of the group',
  'truncate-trigger':
    'a trigger for TRUNCATE is not made on shards, and takes its other events with it: give TRUNCATE one of its own',
  'extension-trigger': 'a trigger must not depend on an extension',
  'transition-table':
    'a trigger on a shard sees that shard’s rows only, so a transition table there is never the whole statement',
  'nested-partitions': 'Citus distributes one level of partitions',
  'leaf-name': 'a leaf is named after its parent, so that its placement is known by its name',
  'generated-number':
    'identity and serial columns of distributed tables have no order over nodes; keys are made of what is known',
  'generated-user': 'the distribution column must not be generated',
  'rules-or-policies': 'rewrite rules, row security and inheritance are not distributed',
} as const;

export type SchemaRule = keyof typeof SCHEMA_RULES;

/** Looks at the catalogue of a migrated database as Citus would. Empty: nothing to say against distributing it. */
export async function lintSchema(sql: Sql): Promise<SchemaFinding[]> {
  const tables = await sql.rows<TableRow>(TABLES);
  const found = [...placementFindings(tables)];
  for (const rows of [
    await columnFindings(sql),
    await keyFindings(sql),
    await foreignKeyFindings(sql),
    await triggerFindings(sql),
  ])
    found.push(...rows);
  return found.sort((a, b) => (a.table + a.rule < b.table + b.rule ? -1 : 1));
}

interface TableRow {
  name: string;
  parent: string | null;
  kind: string;
  has_rules: boolean;
  row_security: boolean;
}

const PUBLIC = `n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e')`;
const TABLES = `
  SELECT c.relname AS name, p.relname AS parent, c.relkind AS kind, c.relhasrules AS has_rules, c.relrowsecurity AS row_security
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
  WHERE c.relkind IN ('r', 'p', 'f') AND ${PUBLIC} ORDER BY c.relname`;

function* placementFindings(tables: readonly TableRow[]): Generator<SchemaFinding> {
  const listed = new Set(PLACEMENT.map((one) => one.table));
  const there = new Set(tables.map((one) => one.name));
  for (const one of tables) {
    const { name: table, parent } = one;
    if (parent === null && !listed.has(table)) {
      yield { rule: 'not-placed', table, detail: 'it is not in the list of placements' };
      continue;
    }
    if (parent !== null && placementOf(table)?.table !== placementOf(parent)?.table)
      yield { rule: 'leaf-name', table, detail: `its parent is ${parent}` };
    const distributed = placementOf(table)?.placement === 'distributed';
    if (distributed && parent !== null && one.kind === 'p')
      yield { rule: 'nested-partitions', table, detail: `a partition of ${parent} that is partitioned itself` };
    if (distributed && (one.has_rules || one.row_security || one.kind === 'f'))
      yield { rule: 'rules-or-policies', table, detail: 'it has rewrite rules, row security, or is a foreign table' };
  }
  for (const { table } of PLACEMENT) {
    // The development clock is made by the launcher, not by a migration.
    if (!there.has(table) && table !== 'world_clock') yield { rule: 'placed-but-gone', table, detail: 'no such table' };
  }
}

async function columnFindings(sql: Sql): Promise<SchemaFinding[]> {
  const rows = await sql.rows<{
    name: string;
    column: string;
    type: string;
    required: boolean;
    generated: boolean;
    numbered: boolean;
  }>(
    `SELECT c.relname AS name, a.attname AS column, a.attnotnull AS required, a.attgenerated <> '' AS generated,
            format_type(a.atttypid, a.atttypmod) || coalesce(' ' || k.collname, '') AS type,
            a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid), '') LIKE 'nextval(%' AS numbered
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum LEFT JOIN pg_collation k ON k.oid = a.attcollation
     WHERE c.relkind IN ('r', 'p') AND ${PUBLIC} AND a.attnum > 0 AND NOT a.attisdropped`,
  );
  const found: SchemaFinding[] = [];
  const tables = new Set(rows.map((row) => row.name).filter((name) => distributed(name)));
  for (const table of tables) {
    const user = rows.find((row) => row.name === table && row.column === USER_COLUMN);
    if (!user?.required || user.type !== 'text C')
      found.push({ rule: 'no-user-column', table, detail: `user_id is ${user ? user.type : 'missing'}` });
    if (user?.generated) found.push({ rule: 'generated-user', table, detail: 'user_id is generated' });
  }
  for (const row of rows.filter((one) => one.numbered && tables.has(one.name)))
    found.push({ rule: 'generated-number', table: row.name, detail: row.column });
  return found;
}

async function keyFindings(sql: Sql): Promise<SchemaFinding[]> {
  const rows = await sql.rows<{ name: string; index: string; columns: string[]; exclusion: boolean }>(
    `SELECT c.relname AS name, i.relname AS index, x.indisexclusion AS exclusion,
            array(SELECT a.attname::text FROM unnest(x.indkey) WITH ORDINALITY AS k(attnum, place)
                  JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum WHERE k.place <= x.indnkeyatts) AS columns
     FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE (x.indisunique OR x.indisexclusion) AND ${PUBLIC}`,
  );
  return rows
    .filter((row) => distributed(row.name))
    .flatMap((row): SchemaFinding[] => {
      if (row.exclusion) return [{ rule: 'exclusion', table: row.name, detail: row.index }];
      if (row.columns.includes(USER_COLUMN)) return [];
      return [{ rule: 'key-without-user', table: row.name, detail: `${row.index} (${row.columns.join(', ')})` }];
    });
}

interface ForeignKeyRow {
  name: string;
  key: string;
  target: string;
  columns: string[];
  target_columns: string[];
  on_delete: string;
  on_update: string;
}

async function foreignKeyFindings(sql: Sql): Promise<SchemaFinding[]> {
  const columns = (numbers: string, table: string) =>
    `array(SELECT a.attname::text FROM unnest(k.${numbers}) WITH ORDINALITY AS o(attnum, place)
           JOIN pg_attribute a ON a.attrelid = k.${table} AND a.attnum = o.attnum ORDER BY o.place)`;
  const rows = await sql.rows<ForeignKeyRow>(
    `SELECT c.relname AS name, k.conname AS key, t.relname AS target, k.confdeltype AS on_delete, k.confupdtype AS on_update,
            ${columns('conkey', 'conrelid')} AS columns, ${columns('confkey', 'confrelid')} AS target_columns
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f' AND ${PUBLIC}`,
  );
  return rows.flatMap((row) => [...foreignKeyFinding(row, placementOf(row.name), placementOf(row.target))]);
}

function* foreignKeyFinding(
  row: ForeignKeyRow,
  from: PlacedTable | undefined,
  to: PlacedTable | undefined,
): Generator<SchemaFinding> {
  if (!from || !to) return;
  const finding = (rule: SchemaRule): SchemaFinding => ({
    rule,
    table: row.name,
    detail: `${row.key} (${row.columns.join(', ')}) to ${row.target}, which is ${to.placement}`,
  });
  const place = row.columns.indexOf(USER_COLUMN);
  if (from.placement === 'distributed') {
    const inside = to.placement === 'distributed' && place >= 0 && row.target_columns[place] === USER_COLUMN;
    if (!inside && to.placement !== 'reference') yield finding('foreign-key');
    if (place >= 0 && (/[nd]/.test(row.on_delete) || /[ndc]/.test(row.on_update))) yield finding('foreign-key-action');
    return;
  }
  if (to.placement === 'distributed') yield finding('foreign-key');
  const taken = to.placement === 'reference' || to.placement === 'follows';
  if (from.placement === 'coordinator' && taken) yield finding('foreign-key-outside');
  if (from.placement === 'reference' && to.placement === 'coordinator') yield finding('foreign-key');
}

async function triggerFindings(sql: Sql): Promise<SchemaFinding[]> {
  const rows = await sql.rows<{ name: string; trigger: string; type: number; transition: boolean; extension: boolean }>(
    `SELECT c.relname AS name, t.tgname AS trigger, t.tgtype::int AS type,
            t.tgnewtable IS NOT NULL OR t.tgoldtable IS NOT NULL AS transition,
            EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype IN ('e', 'x')) AS extension
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND ${PUBLIC}`,
  );
  return rows.flatMap((row): SchemaFinding[] => {
    const placement = placementOf(row.name)?.placement;
    if (placement === undefined || placement === 'coordinator') return [];
    const finding = (rule: SchemaRule): SchemaFinding => ({ rule, table: row.name, detail: row.trigger });
    const found: SchemaFinding[] = [];
    // tgtype: 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE
    if ((row.type & 32) !== 0 && (row.type & (4 | 8 | 16)) !== 0) found.push(finding('truncate-trigger'));
    if (row.extension) found.push(finding('extension-trigger'));
    if (row.transition && placement === 'distributed') found.push(finding('transition-table'));
    return found;
  });
}

function distributed(name: string): boolean {
  return placementOf(name)?.placement === 'distributed';
}
