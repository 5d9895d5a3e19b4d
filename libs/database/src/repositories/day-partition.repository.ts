import { appendOnlyTriggers } from '../append-only.js';
import { placeLeaf } from '../citus/place-leaf.js';
import type { Database, Transaction } from '../database.js';

/** Tables with leaves by day, made on demand. Rewards have leaves of their own making (settlement). */
export type DayPartitioned = 'balance_event' | 'journal_line' | 'partial_balance';

/** Where a line of the log goes: each token's day is a leaf. */
export interface LogPlace {
  readonly day: string;
  readonly token: string;
}

interface Leaf {
  readonly name: string;
  readonly day: string;
  /** Of the log alone. */
  readonly token?: string;
  /** From, inclusive, and to, exclusive, as partition bounds are written. */
  readonly bounds: readonly [from: string, to: string];
}

/**
 * Makes the leaves of a day before the transaction that writes into them. A leaf is made bare and then attached:
 * `CREATE TABLE ... PARTITION OF` would stop every writer of the parent, ATTACH stops none.
 */
export class DayPartitionRepository {
  private readonly known = new Set<string>();
  /** Of the log, the days of each token: asked for every line. */
  private readonly logged = new Map<string, Set<string>>();

  constructor(private readonly db: Database) {}

  /**
   * Days as `YYYY-MM-DD`. Of the log, the leaves of these tokens, or of all that are listed by now. Call it outside any
   * transaction; two processes at once make one leaf.
   */
  async ensure(table: DayPartitioned, days: Iterable<string>, tokens?: readonly string[]): Promise<void> {
    for (const day of days) {
      const leaves = (await this.leavesOf(table, day)).filter(
        ({ token }) => token === undefined || (tokens?.includes(token) ?? true),
      );
      if (!leaves.every((leaf) => this.known.has(leaf.name))) await this.create(table, leaves);
    }
  }

  /** What the settlement of a day writes into, but for the rewards. */
  async openDay(day: string): Promise<void> {
    await this.ensure('journal_line', [day]);
    await this.ensure('partial_balance', [day]);
  }

  /** The days of the log that lack a leaf as far as this process knows. Asks nobody. */
  missingFromLog(places: Iterable<LogPlace>): string[] {
    const days = new Set<string>();
    for (const { day, token } of places) if (!this.logged.get(token)?.has(day)) days.add(day);
    return [...days];
  }

  private async leavesOf(table: DayPartitioned, day: string): Promise<Leaf[]> {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new RangeError(`not a day: ${day}`);
    const next = `date '${day}' + 1`;
    if (table !== 'balance_event') {
      return [{ name: `${table}_${day.replaceAll('-', '')}`, day, bounds: [`'${day}'`, next] }];
    }
    const tokens = await this.db.rows<{ symbol: string }>('SELECT symbol FROM token ORDER BY symbol');
    return tokens.map(({ symbol }) => ({
      name: logLeaf(day, symbol),
      day,
      token: symbol,
      bounds: [`'${symbol}', '${day}'`, `'${symbol}', ${next}`],
    }));
  }

  private async create(table: DayPartitioned, leaves: readonly Leaf[]): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.rows('SELECT pg_advisory_xact_lock(4801)');
      for (const leaf of leaves) {
        const [found] = await tx.rows<{ leaf: string | null }>('SELECT to_regclass($1)::text AS leaf', [leaf.name]);
        if (!found?.leaf) await createLeaf(tx, table, leaf);
      }
    });
    for (const { name, day, token } of leaves) {
      this.known.add(name);
      if (token === undefined) continue;
      const days = this.logged.get(token);
      if (days) days.add(day);
      else this.logged.set(token, new Set([day]));
    }
  }
}

async function createLeaf(tx: Transaction, table: DayPartitioned, { name, bounds }: Leaf): Promise<void> {
  await tx.affected(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL)`);
  // Appending leaves the sequence in the order of the pages: a range index finds a resent line and costs nothing.
  if (table === 'balance_event') {
    await tx.affected(`CREATE INDEX ${name}_seq ON ${name} USING brin (seq) WITH (pages_per_range = 16)`);
  }
  if (table !== 'partial_balance') for (const trigger of appendOnlyTriggers(name)) await tx.affected(trigger);
  await placeLeaf(tx, name, table);
  await tx.affected(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${bounds[0]}) TO (${bounds[1]})`);
}

/** `balance_event_20261119_bnb`. */
export function logLeaf(day: string, token: string): string {
  return `balance_event_${day.replaceAll('-', '')}_${token.toLowerCase()}`;
}
