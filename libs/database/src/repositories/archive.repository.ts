import { Readable } from 'node:stream';
import { addDays, type UtcDay, utcDay } from '@app/staking-core';
import { appendOnlyTriggers } from '../append-only.js';
import { placeLeaf } from '../citus/place-leaf.js';
import type { Sql, Transaction } from '../database.js';
import {
  ARCHIVED_TABLES,
  type ArchivedColumn,
  type ArchivedTable,
  type ArchiveSubject,
  type TokenSums,
} from './archive-tables.js';
import { copiedLines } from './copied-lines.js';
import { RewardCatalogueRepository } from './reward-catalogue.repository.js';
import { daysOf, foldedLeafName } from './reward-leaf.js';

export type ArchiveState = 'exported' | 'dropped' | 'restored';

export interface ArchivedDay {
  readonly subject: ArchiveSubject;
  readonly day: UtcDay;
  readonly state: ArchiveState;
  /** Of the manifest that this database wrote. */
  readonly manifestSha256: string;
  readonly lines: string;
}

interface Row {
  subject: ArchiveSubject;
  day: string;
  state: ArchiveState;
  manifest_sha256: string;
  line_count: string;
}

const ARCHIVE_LOCK = 4804;
const SELECT = 'SELECT subject, day, state, manifest_sha256, line_count::text FROM archived_day';

/** Days on their way out of the database and back. Everything here is in a transaction that holds `take`. */
export class ArchiveRepository {
  private readonly catalogue = new RewardCatalogueRepository();

  /** For the transaction: one process at a time works on archives. */
  async take(tx: Transaction): Promise<boolean> {
    const [row] = await tx.rows<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(${ARCHIVE_LOCK}) AS taken`);
    return row?.taken === true;
  }

  async find(sql: Sql, subject: ArchiveSubject, day: UtcDay): Promise<ArchivedDay | undefined> {
    const [row] = await sql.rows<Row>(`${SELECT} WHERE subject = $1 AND day = $2::date`, [subject, day]);
    return row && toDay(row);
  }

  async list(sql: Sql): Promise<ArchivedDay[]> {
    return (await sql.rows<Row>(`${SELECT} ORDER BY day, subject`)).map(toDay);
  }

  /** Days up to `last` that lie in the database alone, or in both; oldest first. */
  async due(sql: Sql, subject: ArchiveSubject, last: UtcDay): Promise<UtcDay[]> {
    const days = await this.daysThere(sql, subject);
    const rows = await sql.rows<{ day: string }>(
      `SELECT day FROM archived_day WHERE subject = $1 AND state <> 'exported'`,
      [subject],
    );
    const done = new Set(rows.map((row) => row.day));
    return days.filter((day) => day <= last && !done.has(day));
  }

  /**
   * Whether every token that was listed on the day is paid for it and all days before, so that nobody has to read its log
   * again: what is held or behind may still have to be measured.
   */
  async isPaid(sql: Sql, day: UtcDay): Promise<boolean> {
    const [row] = await sql.rows<{ open: boolean; known: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM settlement WHERE day <= $1::date AND state <> 'paid') OR EXISTS (
                SELECT 1 FROM token t LEFT JOIN (SELECT token, max(day) AS day FROM settlement GROUP BY token) s ON s.token = t.symbol
                WHERE t.listed_from <= $1::date AND (t.delisted_from IS NULL OR t.delisted_from > $1::date)
                  AND coalesce(s.day < $1::date, EXISTS (SELECT 1 FROM chain_day c WHERE c.token = t.symbol))) AS open,
              EXISTS (SELECT 1 FROM settlement WHERE day >= $1::date) AS known`,
      [day],
    );
    return row?.known === true && !row.open;
  }

  /** Days that have leaves, oldest first. */
  async daysThere(sql: Sql, subject: ArchiveSubject): Promise<UtcDay[]> {
    const days = new Set<string>();
    if (subject === 'rewards') {
      for (const leaf of (await this.catalogue.read(sql)).leaves) {
        const { from, to } = daysOf(leaf);
        for (let day = from; day < to; day = addDays(day, 1)) days.add(day);
      }
    } else {
      for (const { table } of ARCHIVED_TABLES[subject]) {
        for (const name of await leavesOf(sql, table)) {
          const digits = /_(\d{4})(\d{2})(\d{2})(_[a-z0-9]+)?$/.exec(name);
          if (digits) days.add(`${digits[1]}-${digits[2]}-${digits[3]}`);
        }
      }
    }
    return [...days].sort().map(utcDay);
  }

  /** As the database has them now. */
  async columns(sql: Sql, { table, columns }: ArchivedTable): Promise<ArchivedColumn[]> {
    const rows = await sql.rows<{ name: string; type: string; nullable: boolean }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
      [table],
    );
    const others = rows.filter((row) => !columns.includes(row.name));
    // A column that nobody archives would be lost with the day.
    if (others.length > 0)
      throw new Error(`${table} has columns that are not archived: ${others.map((row) => row.name).join()}`);
    return columns.map((name) => rows.find((row) => row.name === name)!);
  }

  /** Every row of the day, values as text. */
  async copyDay(
    tx: Transaction,
    table: ArchivedTable,
    day: UtcDay,
    each: (row: (string | null)[]) => void,
  ): Promise<void> {
    const { columns } = table;
    await copiedLines(
      tx,
      `COPY (SELECT ${columns.join(', ')} FROM ${table.table} WHERE day = '${utcDay(day)}' ORDER BY ${table.order}) TO STDOUT`,
      columns.length,
      (line) => each(columns.map((_column, at) => line.textOrNull(at))),
    );
  }

  async sums(sql: Sql, { table, sums }: ArchivedTable, day: UtcDay): Promise<Record<string, TokenSums>> {
    const rows = await sql.rows<Record<string, string>>(
      `SELECT token, count(*)::text AS rows, ${sums.map((name) => `sum(${name})::text AS ${name}`).join(', ')}
       FROM ${table} WHERE day = $1::date GROUP BY token ORDER BY token`,
      [day],
    );
    return Object.fromEntries(rows.map(({ token, ...rest }) => [token!, rest as TokenSums]));
  }

  async exported(tx: Transaction, day: Omit<ArchivedDay, 'state'>): Promise<void> {
    await tx.affected(
      `INSERT INTO archived_day (subject, day, state, manifest_sha256, line_count) VALUES ($1, $2::date, 'exported', $3, $4)
       ON CONFLICT (subject, day) DO UPDATE SET manifest_sha256 = excluded.manifest_sha256, line_count = excluded.line_count
         WHERE archived_day.state = 'exported'`,
      [day.subject, day.day, day.manifestSha256, day.lines],
    );
  }

  /** @returns false when the day was not in one of these states any more */
  async move(
    tx: Transaction,
    subject: ArchiveSubject,
    day: UtcDay,
    from: readonly ArchiveState[],
    to: ArchiveState,
  ): Promise<boolean> {
    const moved = await tx.affected(
      `UPDATE archived_day SET state = $4, changed_at = now() WHERE subject = $1 AND day = $2::date AND state = ANY($3::text[])`,
      [subject, day, from, to],
    );
    return moved === 1;
  }

  /** Days that go together: a leaf of rewards holds several. */
  async together(sql: Sql, subject: ArchiveSubject, day: UtcDay): Promise<UtcDay[]> {
    if (subject === 'log') return [day];
    const leaves = (await this.catalogue.read(sql)).leaves
      .map(daysOf)
      .filter(({ from, to }) => from <= day && day < to);
    const days = new Set<UtcDay>();
    for (const { from, to } of leaves) for (let one = from; one < to; one = addDays(one, 1)) days.add(one);
    return [...days].sort();
  }

  /** Nobody reads or writes the tables for the moment; whoever reads for long is not waited for. */
  async lock(tx: Transaction, subject: ArchiveSubject): Promise<void> {
    await tx.rows(`SELECT set_config('lock_timeout', '2s', true)`);
    for (const { table } of ARCHIVED_TABLES[subject]) await tx.affected(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  }

  async dropLeaves(tx: Transaction, subject: ArchiveSubject, day: UtcDay): Promise<void> {
    const digits = day.replaceAll('-', '');
    for (const { table } of ARCHIVED_TABLES[subject]) {
      const names =
        table === 'reward'
          ? (await this.catalogue.read(tx)).leaves
              .filter((leaf) => daysOf(leaf).from <= day && day < daysOf(leaf).to)
              .map((leaf) => leaf.name)
          : (await leavesOf(tx, table)).filter((name) => new RegExp(`^${table}_${digits}(_[a-z0-9]+)?$`).test(name));
      if (names.length > 0) await tx.affected(`DROP TABLE ${names.join(', ')}`);
    }
    if (subject === 'rewards') await this.catalogue.moved(tx);
  }

  /** Rows of `COPY`'s text form into the day. Leaves of the log are there already; rewards get one of their own. */
  async fill(
    tx: Transaction,
    { table, columns }: ArchivedTable,
    day: UtcDay,
    lines: AsyncIterable<string>,
  ): Promise<void> {
    const leaf = table === 'reward' ? foldedLeafName({ from: day, to: addDays(day, 1) }) : table;
    if (table === 'reward') {
      await tx.affected(`CREATE TABLE ${leaf} (LIKE reward INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
      await placeLeaf(tx, leaf, 'reward');
    }
    await tx.copyIn(`COPY ${leaf} (${columns.join(', ')}) FROM STDIN`, Readable.from(lines, { objectMode: false }));
    if (table !== 'reward') return;
    await tx.affected(`ALTER TABLE ${leaf} ADD PRIMARY KEY (user_id, day, token)`);
    for (const trigger of appendOnlyTriggers(leaf)) await tx.affected(trigger);
    await tx.affected(
      `ALTER TABLE reward ATTACH PARTITION ${leaf} FOR VALUES FROM ('${day}', MINVALUE) TO ('${addDays(day, 1)}', MINVALUE)`,
    );
    await this.catalogue.moved(tx);
  }

  /** Of each subject, the first day from `day` on whose rows lie in an archive alone. */
  async missingSince(sql: Sql, day: string): Promise<Readonly<Partial<Record<ArchiveSubject, string>>>> {
    const rows = await sql.often<{ subject: ArchiveSubject; day: string }>(
      `SELECT subject, min(day) AS day FROM archived_day WHERE state = 'dropped' AND day >= $1::date GROUP BY subject`,
      [day],
    );
    return Object.fromEntries(rows.map((row) => [row.subject, row.day]));
  }
}

async function leavesOf(sql: Sql, table: string): Promise<string[]> {
  const rows = await sql.rows<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = $1::regclass ORDER BY 1`,
    [table],
  );
  return rows.map((row) => row.name);
}

function toDay(row: Row): ArchivedDay {
  return {
    subject: row.subject,
    day: utcDay(row.day),
    state: row.state,
    manifestSha256: row.manifest_sha256,
    lines: row.line_count,
  };
}
