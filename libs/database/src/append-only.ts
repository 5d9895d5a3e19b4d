/**
 * The triggers that keep a table or a leaf as it was written. Statement triggers of a parent do not see a statement on
 * the leaf itself, so every leaf has its own. TRUNCATE has one by itself: Citus makes no truncate triggers on shards, and
 * one that is for all three events would be missing there altogether.
 */
export function appendOnlyTriggers(table: string): string[] {
  return [
    ['append_only', 'UPDATE OR DELETE'],
    ['kept', 'TRUNCATE'],
  ].map(
    ([name, events]) =>
      `CREATE TRIGGER ${table}_${name} BEFORE ${events} ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  );
}
