import type { Database } from '../database.js';

/** Tables with one leaf a day, made on demand. Rewards have leaves of their own making (settlement). */
export type DayPartitioned = 'balance_event' | 'journal_line';

/**
 * Makes the leaf of a day before the transaction that writes into it. The leaf is made bare and then attached:
 * `CREATE TABLE ... PARTITION OF` would stop every writer of the parent, ATTACH stops none.
 */
export class DayPartitionRepository {
  private readonly known = new Set<string>();

  constructor(private readonly db: Database) {}

  /** Days as `YYYY-MM-DD`. Call it outside any transaction; two processes at once make one leaf. */
  async ensure(table: DayPartitioned, days: Iterable<string>): Promise<void> {
    for (const day of days) {
      if (!this.known.has(`${table}/${day}`)) await this.create(table, day);
    }
  }

  /** Which of the days have no leaf that this process knows of. Asks nobody. */
  missing(table: DayPartitioned, days: Iterable<string>): string[] {
    return [...days].filter((day) => !this.known.has(`${table}/${day}`));
  }

  private async create(table: DayPartitioned, day: string): Promise<void> {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new RangeError(`not a day: ${day}`);
    const leaf = `${table}_${day.replaceAll('-', '')}`;
    await this.db.transaction(async (tx) => {
      await tx.rows('SELECT pg_advisory_xact_lock(4801)');
      const [found] = await tx.rows<{ leaf: string | null }>('SELECT to_regclass($1)::text AS leaf', [leaf]);
      if (found?.leaf) return;
      await tx.affected(`CREATE TABLE ${leaf} (LIKE ${table} INCLUDING ALL)`);
      // Appending leaves the sequence in the order of the pages: a range index finds a resent line and costs nothing.
      if (table === 'balance_event') {
        await tx.affected(`CREATE INDEX ${leaf}_seq ON ${leaf} USING brin (seq) WITH (pages_per_range = 16)`);
      }
      // Statement triggers of the parent do not see a statement on the leaf itself.
      await tx.affected(
        `CREATE TRIGGER ${leaf}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${leaf}
           FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
      );
      await tx.affected(
        `ALTER TABLE ${table} ATTACH PARTITION ${leaf} FOR VALUES FROM ('${day}') TO (date '${day}' + 1)`,
      );
    });
    this.known.add(`${table}/${day}`);
  }
}
