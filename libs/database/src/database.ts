import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import pg from 'pg';
import { from as copyFromQuery, to as copyToQuery } from 'pg-copy-streams';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { type EachRow, readCopy, type RowsLeave } from './copied-rows.js';
import { ENTITIES } from './entities/index.js';
import { MIGRATIONS } from './migrations/index.js';
import { PreparedStatements } from './prepared-statements.js';

const DATE_OID = 1082;
// A `date` is a UTC day, never a moment: the driver's Date object would be local midnight.
pg.types.setTypeParser(DATE_OID, (text: string) => text);

/**
 * Plain SQL on one connection or on the pool. `numeric` and `bigint` arrive as exact strings, `date` as 'YYYY-MM-DD',
 * `timestamptz` as Date. Statements are the repositories' own; values travel as parameters only.
 */
export interface Sql {
  rows<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The same for a statement that is asked very often: parsed and planned once a connection. Its text must be one of few. */
  often<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** How many rows an INSERT, UPDATE or DELETE touched: what compare-and-set is checked by. */
  affected(text: string, values?: readonly unknown[]): Promise<number>;
}

/** One transaction, one connection. COPY runs inside it. */
export interface Transaction extends Sql {
  readonly manager: EntityManager;
  /** `affected` for a statement that is asked very often: see `often`. */
  affectedOften(text: string, values?: readonly unknown[]): Promise<number>;
  copyIn(text: string, source: Readable): Promise<void>;
  /** Streams rows out; flat memory however many there are. */
  copyOut(text: string): Promise<Readable>;
  /** The same for many rows that are only looked at: see `readCopy`. */
  copyRows(text: string, each: EachRow, leave?: RowsLeave): Promise<void>;
}

export interface DatabaseOptions {
  /** Connections at most; default 10. */
  readonly poolSize?: number;
  readonly applicationName?: string;
  /** 0: none. Default 60 s. */
  readonly statementTimeoutMs?: number;
}

/** SQLSTATEs of a transaction that was undone for another's sake: serialization failure, deadlock. */
const UNDONE = new Set(['40001', '40P01']);
const ATTEMPTS = 4;

export class Database implements Sql {
  private readonly statements = new PreparedStatements();

  constructor(readonly dataSource: DataSource) {}

  static async open(url: string, options: DatabaseOptions = {}): Promise<Database> {
    const dataSource = new DataSource({
      type: 'postgres',
      url,
      entities: ENTITIES,
      migrations: MIGRATIONS,
      migrationsTransactionMode: 'each',
      synchronize: false,
      poolSize: options.poolSize ?? 10,
      applicationName: options.applicationName ?? 'soft-staking',
      extra: {
        // A server of another default would be told before each transaction; so the connection is told once.
        options:
          '-c TimeZone=UTC -c default_transaction_isolation=read\\ committed -c lock_timeout=20000 ' +
          `-c statement_timeout=${options.statementTimeoutMs ?? 60_000}`,
        keepAlive: true,
      },
    });
    await dataSource.initialize();
    // A pooled connection that PostgreSQL drops (a restart) must not end the process: the next query gets a new one.
    poolOf(dataSource).on('error', () => undefined);
    return new Database(dataSource);
  }

  async migrate(): Promise<readonly string[]> {
    const ran = await this.dataSource.runMigrations();
    return ran.map((migration) => migration.name);
  }

  async rows<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const runner = this.dataSource.createQueryRunner();
    try {
      return await rowsOf<Row>(runner, text, values);
    } finally {
      await runner.release();
    }
  }

  async affected(text: string, values: readonly unknown[] = []): Promise<number> {
    const runner = this.dataSource.createQueryRunner();
    try {
      return await affectedBy(runner, text, values);
    } finally {
      await runner.release();
    }
  }

  often<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.prepared<Row>(text, values, 'objects');
  }

  /** Like `often`, rows as arrays of columns. */
  oftenAsArrays(text: string, values: readonly unknown[] = []): Promise<unknown[][]> {
    return this.prepared<unknown[]>(text, values, 'arrays');
  }

  private async prepared<Row>(text: string, values: readonly unknown[], rows: 'objects' | 'arrays'): Promise<Row[]> {
    const client = await poolOf(this.dataSource).connect();
    let lost: Error | undefined;
    try {
      return await this.statements.run<Row>(client, text, values, rows);
    } catch (error) {
      // Without an SQLSTATE the connection itself is in question, and is not used again.
      if (!/^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code))) lost = error as Error;
      throw error;
    } finally {
      client.release(lost);
    }
  }

  /** Commits when `work` resolves, rolls back when it throws. No network call belongs in `work`. */
  async transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'READ COMMITTED',
  ): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as pg.PoolClient;
      await runner.startTransaction(isolation === 'READ COMMITTED' ? undefined : isolation);
      const result = await work(transactionOn(runner, client, this.statements));
      await runner.commitTransaction();
      return result;
    } catch (error) {
      // The connection may be gone with the server: then there is nothing left to roll back.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** The same, again from the start when another transaction stood in its way: `work` must bear being run twice. */
  async transactionAgain<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.transaction(work);
      } catch (error) {
        if (attempt >= ATTEMPTS || !UNDONE.has(String((error as { code?: unknown }).code))) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
  }
}

function poolOf(dataSource: DataSource): pg.Pool {
  return (dataSource.driver as unknown as { master: pg.Pool }).master;
}

function transactionOn(runner: QueryRunner, client: pg.PoolClient, statements: PreparedStatements): Transaction {
  return {
    manager: runner.manager,
    rows: <Row>(text: string, values: readonly unknown[] = []) => rowsOf<Row>(runner, text, values),
    often: <Row>(text: string, values: readonly unknown[] = []) => statements.run<Row>(client, text, values, 'objects'),
    affected: (text, values = []) => affectedBy(runner, text, values),
    affectedOften: (text, values = []) => statements.affected(client, text, values),
    copyIn: async (text, source) => {
      await pipeline(source, client.query(copyFromQuery(text)));
    },
    copyOut: async (text) => client.query(copyToQuery(text)),
    copyRows: (text, each, leave) => readCopy(client, text, each, leave),
  };
}

async function rowsOf<Row>(runner: QueryRunner, text: string, values: readonly unknown[]): Promise<Row[]> {
  const result = await runner.query(text, [...values], true);
  return (result.records ?? []) as Row[];
}

async function affectedBy(runner: QueryRunner, text: string, values: readonly unknown[]): Promise<number> {
  const result = await runner.query(text, [...values], true);
  return result.affected ?? 0;
}
