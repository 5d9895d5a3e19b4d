import type { ChainAdapter } from '@app/chains';
import {
  ChainObservationRepository,
  ChainOperationRepository,
  Database,
  LeaseRepository,
  type OperationAttempt,
} from '@app/database';
import { createLogger, Metrics, openTestDatabase, SystemClock } from '@app/platform';
import { ChainMetrics } from '../chain-sync.metrics.js';
import type { ReachPoint } from '../fault-points.js';
import { Leadership } from '../leader/leadership.js';
import { DEFAULT_FINALITY_LIMITS } from '../observe/finality-alarm.js';
import type { ObserveParts } from '../observe/observe-parts.js';
import type { OperateParts } from '../operate/advance-operation.js';
import { ToyAdapter, toySigner } from './toy-adapter.js';
import { TREASURY, type ToyChain } from './toy-chain.js';

/** What a crash point throws in tests: the process is as good as gone, only the database remains. */
export class Crash extends Error {}

export interface WorkerOn<A extends ChainAdapter> extends ObserveParts {
  readonly adapter: A;
}

export type Worker = WorkerOn<ToyAdapter>;

export interface WorkerOptions {
  readonly ttlMs?: number;
  readonly reach?: ReachPoint;
  readonly leases?: LeaseRepository;
}

const FACT_TABLES = [
  'chain_cut',
  'chain_day',
  'chain_reward',
  'chain_flow',
  'chain_slash',
  'chain_position',
  'chain_validator',
  'chain_parameter',
] as const;

/** Books of their own for one suite, with workers on toy chains. */
export class ToyBooks {
  private workers: ObserveParts[] = [];

  private constructor(
    readonly db: Database,
    readonly url: string,
    private readonly drop: () => Promise<void>,
  ) {}

  static async open(name: string): Promise<ToyBooks> {
    const test = await openTestDatabase(name);
    const db = await Database.open(test.url, { poolSize: 6 });
    await db.migrate();
    await db.affected(
      `INSERT INTO token (symbol, name, chain, decimals, payout_decimals, listed_from) VALUES ('BNB', 'BNB', 'bnb', 18, 8, '2026-01-01')`,
    );
    return new ToyBooks(db, test.url, test.drop);
  }

  /** A process that follows `toy`; another name is another process. */
  worker(toy: ToyChain, name: string, options: WorkerOptions = {}): Worker {
    return this.workerOn(new ToyAdapter(toy), TREASURY, name, options);
  }

  workerOn<A extends ChainAdapter>(
    adapter: A,
    account: string,
    name: string,
    options: WorkerOptions = {},
  ): WorkerOn<A> {
    const leases = options.leases ?? new LeaseRepository(this.db);
    const worker: WorkerOn<A> = {
      adapter,
      account,
      leadership: new Leadership(leases, `chain:${adapter.chain}`, name, options.ttlMs ?? 5_000),
      books: new ChainObservationRepository(this.db),
      clock: new SystemClock(),
      finalityLimits: DEFAULT_FINALITY_LIMITS,
      metrics: new ChainMetrics(new Metrics({ app: 'chain-sync-test' })),
      log: createLogger({ app: 'chain-sync-test', level: 'silent' }),
      reach: options.reach ?? (() => undefined),
    };
    this.workers.push(worker);
    return worker;
  }

  /** The parts for operating, under the worker's lease. */
  async operating(worker: Worker): Promise<OperateParts> {
    const held = await worker.leadership.hold();
    if (!held) throw new Error('the worker does not lead');
    const { adapter, metrics, log, reach } = worker;
    return { adapter, signer: toySigner, operations: this.operations, lease: held.lease, metrics, log, reach };
  }

  get operations(): ChainOperationRepository {
    return new ChainOperationRepository(this.db);
  }

  get observations(): ChainObservationRepository {
    return new ChainObservationRepository(this.db);
  }

  /** Every fact and the cursor, as text, without the moment at which a row was written and who wrote it. */
  async contents(): Promise<string[]> {
    const lines: string[] = [];
    for (const table of FACT_TABLES) {
      const rows = await this.db.rows<{ line: string }>(
        `SELECT (to_jsonb(t) - 'observed_at')::text AS line FROM ${table} t ORDER BY 1`,
      );
      lines.push(...rows.map(({ line }) => `${table} ${line}`));
    }
    const cursor = await this.db.rows<{ line: string }>(
      `SELECT (to_jsonb(c) - 'fence')::text AS line FROM chain_cursor c`,
    );
    return [...lines, ...cursor.map(({ line }) => `chain_cursor ${line}`)];
  }

  async count(table: (typeof FACT_TABLES)[number]): Promise<number> {
    const [row] = await this.db.rows<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
    return row!.count;
  }

  async allAttempts(): Promise<OperationAttempt[]> {
    const ids = await this.db.rows<{ id: string }>(
      'SELECT DISTINCT operation_id AS id FROM chain_operation ORDER BY 1',
    );
    const lists: OperationAttempt[][] = [];
    for (const { id } of ids) lists.push(await this.operations.attempts(id));
    return lists.flat();
  }

  /** As if nothing had ever been read or sent. */
  async wipe(): Promise<void> {
    for (const worker of this.workers) worker.leadership.drop();
    this.workers = [];
    await this.tamper(
      `TRUNCATE ${FACT_TABLES.join(', ')}, chain_cursor, chain_cut_snapshot, chain_operation, lease CASCADE`,
    );
  }

  /** Changes what is append-only, past its triggers: as a wrong restore or a stranger with the superuser might. */
  async tamper(statement: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.rows('SET LOCAL session_replication_role = replica');
      await tx.affected(statement);
    });
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.leadership.drop();
    await this.db.close();
    await this.drop();
  }
}
