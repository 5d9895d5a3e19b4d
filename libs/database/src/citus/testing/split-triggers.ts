import type { Sql } from '../../database.js';

/** Until the migrations give TRUNCATE a trigger of its own (rule truncate-trigger), tests do it to a migrated database. */
export async function splitTriggers(sql: Sql): Promise<void> {
  const rows = await sql.rows<{ table: string; trigger: string }>(
    `SELECT tgrelid::regclass::text AS table, tgname AS trigger FROM pg_trigger t
     WHERE NOT tgisinternal AND tgtype & 32 <> 0 AND tgtype & 28 <> 0`,
  );
  for (const { table, trigger } of rows) {
    await sql.rows(`DROP TRIGGER ${trigger} ON ${table}`);
    for (const [name, events] of [
      [trigger, 'UPDATE OR DELETE'],
      [`${table}_kept`, 'TRUNCATE'],
    ])
      await sql.rows(
        `CREATE TRIGGER ${name} BEFORE ${events} ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
      );
  }
}
