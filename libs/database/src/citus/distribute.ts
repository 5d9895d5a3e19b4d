import type { Database, Sql } from '../database.js';
import { GROUP_HEAD, type Placement, PLACEMENT, USER_COLUMN } from './placement.js';
import { lintSchema } from './schema-rules.js';

export type DistributeCode =
  | 'NOT_CITUS'
  | 'WRONG_CITUS_VERSION'
  | 'NOT_MIGRATED'
  | 'NO_COORDINATOR'
  | 'NO_NODES'
  | 'SCHEMA_REFUSED'
  | 'ROWS_EXIST'
  | 'PLACED_OTHERWISE';

/** Why a database cannot be distributed as it is: one sentence, and what to do about it. Nothing was changed. */
export class CannotDistribute extends Error {
  override readonly name = 'CannotDistribute';
  readonly retryable = false;

  constructor(
    readonly code: DistributeCode,
    message: string,
  ) {
    super(message);
  }
}

export interface PlannedTable {
  readonly table: string;
  readonly placement: Placement;
  readonly why: string;
  /** `done`: it is placed as it should be; `none`: nothing is to be done for it. */
  readonly state: 'to do' | 'done' | 'none';
  /** What will be run for it, each in the same transaction. */
  readonly statements: readonly string[];
  readonly leaves: number;
}

export interface DistributionPlan {
  readonly citus: string;
  readonly nodes: number;
  /** For the whole database, first. */
  readonly settings: readonly string[];
  readonly tables: readonly PlannedTable[];
}

/** It runs on PostgreSQL 15 to 17 and on nothing else, so that the server's own version need not be asked. */
const CITUS_MAJOR = 13;
/**
 * The append-only triggers are statement triggers that look at nothing but their own statement, so that they may fire
 * on every shard by itself; Citus wants to be told so. Row locks on one user need one copy of each shard.
 */
const SETTINGS = {
  'citus.enable_unsafe_triggers': 'on',
  'citus.shard_replication_factor': '1',
} as const;

/**
 * What would be done, without doing anything.
 * @throws CannotDistribute
 */
export async function planDistribution(db: Sql): Promise<DistributionPlan> {
  const citus = await citusOf(db);
  await refuseUnmigrated(db);
  const nodes = await nodesOf(db);
  const findings = await lintSchema(db);
  if (findings.length > 0) {
    const [first] = findings;
    throw new CannotDistribute(
      'SCHEMA_REFUSED',
      `Citus would refuse this schema: ${first!.table}: ${first!.rule}: ${first!.detail}${findings.length > 1 ? ` (and ${findings.length - 1} more; the database tests list them)` : ''}`,
    );
  }
  const placed = await placedOf(db);
  const tables: PlannedTable[] = [];
  for (const { table, placement, why } of PLACEMENT) {
    const [found] = await db.rows<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
    if (!found?.there) continue;
    refusePlacedOtherwise(table, placement, placed);
    const statements = statementsFor(table, placement);
    const state = statements.length === 0 ? 'none' : placed.has(table) ? 'done' : 'to do';
    tables.push({ table, placement, why, state, statements, leaves: await leavesOf(db, table) });
  }
  await refuseRows(db, tables);
  return { citus, nodes, settings: settingStatements(await nameOf(db)), tables };
}

/**
 * Places every table that is not placed yet, each in a transaction of its own: it can be broken off at any point and run
 * again. One at a time: a second run waits, finds everything done and changes nothing.
 * @returns the tables that this run placed
 * @throws CannotDistribute before anything is changed
 */
export async function distribute(db: Database, told: (table: string) => void = () => undefined): Promise<string[]> {
  const plan = await planDistribution(db);
  for (const statement of plan.settings) await db.rows(statement);
  const done: string[] = [];
  for (const { table, statements, state } of plan.tables) {
    if (state !== 'to do') continue;
    const placedNow = await db.transaction(async (tx) => {
      await tx.rows('SELECT pg_advisory_xact_lock(4804)');
      if ((await placedOf(tx)).has(table)) return false;
      for (const [name, value] of Object.entries(SETTINGS)) await tx.rows(`SET LOCAL ${name} = '${value}'`);
      for (const statement of statements) await tx.rows(statement);
      return true;
    });
    if (!placedNow) continue;
    done.push(table);
    told(table);
  }
  return done;
}

/** The SQL of a plan, as a person would run it. */
export function planSql(plan: DistributionPlan): string[] {
  return [...plan.settings, ...plan.tables.flatMap((one) => (one.state === 'to do' ? one.statements : []))].map(
    (statement) => `${statement};`,
  );
}

function statementsFor(table: string, placement: Placement): string[] {
  if (placement === 'reference') return [`SELECT create_reference_table('${table}')`];
  if (placement !== 'distributed') return [];
  const beside = table === GROUP_HEAD ? 'none' : GROUP_HEAD;
  return [`SELECT create_distributed_table('${table}', '${USER_COLUMN}', colocate_with => '${beside}')`];
}

/** For sessions to come, on the coordinator and on every node: the nodes make triggers on their shards. */
function settingStatements(database: string): string[] {
  const name = `"${database.replaceAll('"', '""')}"`;
  return Object.entries(SETTINGS).flatMap(([setting, value]) => {
    const alter = `ALTER DATABASE ${name} SET ${setting} = '${value}'`;
    return [alter, `SELECT run_command_on_workers($$${alter}$$)`];
  });
}

async function citusOf(db: Sql): Promise<string> {
  const [row] = await db.rows<{ there: boolean }>(`SELECT to_regproc('citus_version') IS NOT NULL AS there`);
  if (!row?.there) {
    throw new CannotDistribute(
      'NOT_CITUS',
      'this is PostgreSQL without Citus: install Citus 13 on every node, then CREATE EXTENSION citus in this database on each',
    );
  }
  const [version] = await db.rows<{ version: string }>('SELECT citus_version() AS version');
  const major = /^Citus (?:Enterprise )?(\d+)\./.exec(version?.version ?? '')?.[1];
  if (major !== String(CITUS_MAJOR)) {
    throw new CannotDistribute(
      'WRONG_CITUS_VERSION',
      `Citus ${CITUS_MAJOR} is what this schema was written for, and this is "${version?.version ?? ''}"`,
    );
  }
  return version!.version;
}

async function refuseUnmigrated(db: Sql): Promise<void> {
  const [row] = await db.rows<{ there: boolean }>(`SELECT to_regclass('${GROUP_HEAD}') IS NOT NULL AS there`);
  if (!row?.there) {
    throw new CannotDistribute('NOT_MIGRATED', 'the schema is not there yet: run `npm run db:migrate` first');
  }
}

async function nodesOf(db: Sql): Promise<number> {
  const [row] = await db.rows<{ coordinator: number; nodes: number }>(
    `SELECT count(*) FILTER (WHERE groupid = 0)::int AS coordinator, count(*) FILTER (WHERE shouldhaveshards)::int AS nodes
     FROM pg_dist_node WHERE isactive AND noderole::text = 'primary'`,
  );
  if (!row || row.coordinator === 0) {
    throw new CannotDistribute(
      'NO_COORDINATOR',
      "the cluster does not know its coordinator, which keeps the tables that are not users': SELECT citus_set_coordinator_host('<its host name>')",
    );
  }
  if (row.nodes === 0) {
    throw new CannotDistribute(
      'NO_NODES',
      "no node may hold shards: SELECT citus_add_node('<host name>', 5432) for each worker",
    );
  }
  return row.nodes;
}

async function nameOf(db: Sql): Promise<string> {
  const [row] = await db.rows<{ name: string }>('SELECT current_database() AS name');
  return row!.name;
}

/** What Citus holds already, by table; leaves are in it too. */
async function placedOf(db: Sql): Promise<Map<string, string>> {
  const rows = await db.rows<{ table: string; kind: string; column: string | null; head: boolean }>(
    `SELECT d.logicalrelid::text AS table,
            CASE WHEN d.partmethod = 'h' THEN 'distributed' WHEN d.repmodel = 't' THEN 'reference' ELSE 'follows' END AS kind,
            CASE WHEN d.partmethod = 'h' THEN column_to_column_name(d.logicalrelid, d.partkey) END AS column,
            d.colocationid IS NOT DISTINCT FROM (SELECT h.colocationid FROM pg_dist_partition h WHERE h.logicalrelid::text = '${GROUP_HEAD}') AS head
     FROM pg_dist_partition d`,
  );
  const placed = rows.filter((row) => row.kind !== 'follows');
  return new Map(
    placed.map((row) => [
      row.table,
      row.kind === 'reference'
        ? 'reference'
        : row.column === USER_COLUMN && row.head
          ? 'distributed'
          : 'distributed otherwise',
    ]),
  );
}

function refusePlacedOtherwise(table: string, placement: Placement, placed: ReadonlyMap<string, string>): void {
  const is = placed.get(table);
  if (is === undefined || is === placement) return;
  throw new CannotDistribute(
    'PLACED_OTHERWISE',
    `${table} is ${is}, and should be ${placement}${placement === 'distributed' ? ` on ${USER_COLUMN}, beside ${GROUP_HEAD}` : ''}: SELECT undistribute_table('${table}'), then run this again`,
  );
}

/**
 * Citus copies rows out and leaves the old ones behind in the coordinator, where the append-only triggers keep them for
 * ever. Rows of users are therefore brought in after distributing, from an export.
 */
async function refuseRows(db: Sql, tables: readonly PlannedTable[]): Promise<void> {
  const full: string[] = [];
  for (const { table, placement, state } of tables) {
    if (placement !== 'distributed' || state !== 'to do') continue;
    if ((await db.rows(`SELECT 1 FROM ${table} LIMIT 1`)).length > 0) full.push(table);
  }
  if (full.length === 0) return;
  throw new CannotDistribute(
    'ROWS_EXIST',
    `users' rows are here already (${full.join(', ')}): distribute a freshly migrated database and load them into it afterwards (docs/scale.md)`,
  );
}

async function leavesOf(db: Sql, table: string): Promise<number> {
  const [row] = await db.rows<{ leaves: number }>(
    'SELECT count(*)::int AS leaves FROM pg_inherits WHERE inhparent = $1::regclass',
    [table],
  );
  return row?.leaves ?? 0;
}
