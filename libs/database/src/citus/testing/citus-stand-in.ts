import type { Database } from '../../database.js';

export interface StandInOptions {
  readonly version?: string;
  /** Nodes that may hold shards. */
  readonly workers?: number;
  readonly coordinator?: boolean;
  /** Placing this table fails once: a connection that breaks. */
  readonly failOnceOn?: string;
}

/**
 * A STAND-IN for Citus on plain PostgreSQL: the functions and catalogue tables that `db:distribute` and `placeLeaf` call,
 * which write down each call and what Citus' catalogue would then hold. Nothing is distributed, and none of Citus' own
 * checks are made: what is tested with it is our own order, resumption and refusals, and no more.
 */
export async function installCitusStandIn(db: Database, options: StandInOptions = {}): Promise<void> {
  const { version = 'Citus 13.0.3 on x86_64-pc-linux-gnu', workers = 2, coordinator = true, failOnceOn = '' } = options;
  for (const statement of [
    `CREATE SCHEMA citus_stand_in`,
    `CREATE TABLE citus_stand_in.call (number bigint GENERATED ALWAYS AS IDENTITY, call text NOT NULL)`,
    `CREATE TABLE citus_stand_in.failure (place text, left_over int)`,
    `INSERT INTO citus_stand_in.failure VALUES ('${failOnceOn}', 1)`,
    `CREATE TABLE citus_stand_in.pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod "char", partkey text, colocationid int, repmodel "char")`,
    `CREATE TABLE citus_stand_in.pg_dist_node (groupid int, isactive boolean, noderole text, shouldhaveshards boolean)`,
    `INSERT INTO citus_stand_in.pg_dist_node SELECT n, true, 'primary', true FROM generate_series(1, ${workers}) AS n`,
    coordinator ? `INSERT INTO citus_stand_in.pg_dist_node VALUES (0, true, 'primary', false)` : `SELECT 1`,
    `CREATE FUNCTION citus_stand_in.citus_version() RETURNS text LANGUAGE sql AS $$ SELECT '${version}'::text $$`,
    `CREATE FUNCTION citus_stand_in.column_to_column_name(regclass, text) RETURNS text LANGUAGE sql AS $$ SELECT $2 $$`,
    `CREATE FUNCTION citus_stand_in.run_command_on_workers(command text) RETURNS void LANGUAGE sql AS
       $$ INSERT INTO citus_stand_in.call (call) VALUES ('workers: ' || command) $$`,
    `CREATE FUNCTION citus_stand_in.create_reference_table(place regclass) RETURNS void LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM citus_stand_in.note(place, 'reference ' || place);
       INSERT INTO citus_stand_in.pg_dist_partition VALUES (place, 'n', NULL, 1, 't');
     END $$`,
    `CREATE FUNCTION citus_stand_in.create_distributed_table(place regclass, key text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM citus_stand_in.note(place, format('distributed %s on %s beside %s', place, key, colocate_with));
       INSERT INTO citus_stand_in.pg_dist_partition SELECT place, 'h', key, 2, 's'
         UNION ALL SELECT inhrelid::regclass, 'h', key, 2, 's' FROM pg_inherits WHERE inhparent = place;
     END $$`,
    `CREATE FUNCTION citus_stand_in.note(place regclass, said text) RETURNS void LANGUAGE plpgsql AS $$
     BEGIN
       IF place::text = (SELECT f.place FROM citus_stand_in.failure f) AND current_setting('stand_in.broken', true) IS DISTINCT FROM 'no' THEN
         RAISE EXCEPTION 'connection to the remote node failed';
       END IF;
       INSERT INTO citus_stand_in.call (call) VALUES (said);
     END $$`,
  ])
    await db.rows(statement);
  const [name] = await db.rows<{ name: string }>('SELECT current_database() AS name');
  await db.rows(`ALTER DATABASE "${name!.name}" SET search_path = public, citus_stand_in`);
}

/** What was asked of the stand-in, in order. */
export async function standInCalls(db: Database): Promise<string[]> {
  const rows = await db.rows<{ call: string }>('SELECT call FROM citus_stand_in.call ORDER BY number');
  return rows.map((row) => row.call);
}
