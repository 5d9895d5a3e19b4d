import type { Database } from '@app/database';
import { DAY } from '../generate/calendar.js';
import { TOKENS } from '../generate/tokens.js';
import { checkpoint, openBenchDatabase, walMiBSince, walPosition } from '../measure/bench-server.js';
import { Progress } from '../measure/progress.js';
import { round } from '../measure/statistics.js';
import { overallHash } from '../oracle/day-oracle.js';
import { settleDown, storedHash } from '../settle/day-state.js';
import { ProductSettlement } from '../settle/product-settlement.js';
import { writeDay } from '../settle/settle-bench.js';

export interface SizesOptions {
  readonly users: number;
  readonly seed: number;
}

/** Of one table with all its leaves. */
export interface TableSize {
  readonly rows: number;
  readonly bytesPerRow: number;
  /** Of those, in indexes. */
  readonly indexBytesPerRow: number;
  /** For a million users of this population; a day's worth where the table grows by the day. */
  readonly mibPerMillionUsers: number;
}

const TABLES = ['account', 'participation_period', 'spot_balance', 'balance_event', 'partial_balance', 'reward'];

/** `npm run bench -- sizes`: what a settled day takes on disk, table by table: the figures that docs/scale.md is drawn from. */
export async function sizesBench({ users, seed }: SizesOptions): Promise<Record<string, unknown>> {
  const progress = new Progress(`sizes ${users} users`, 3);
  progress.step('generate the day, ask the oracle');
  const bench = await openBenchDatabase('bench_sizes');
  const { db } = bench;
  try {
    const { inputs, totals } = await writeDay(db, users, seed);
    await settleDown(db);
    progress.step('settle and check');
    const product = new ProductSettlement(db, DAY, 2);
    await product.run('final');
    await checkpoint(db);
    const wal = await walPosition(db);
    await product.run('settle');
    await product.run('check');
    const walMiB = await walMiBSince(db, wal);
    progress.step('look at the tables');
    await settleDown(db);
    const tables: Record<string, TableSize> = {};
    for (const table of TABLES) tables[table] = await sizeOf(db, table, users);
    const hashOk =
      (await storedHash(
        db,
        TOKENS.map((token) => token.symbol),
      )) === overallHash(totals);
    return {
      users,
      positions: inputs.positions,
      events: inputs.events,
      seed,
      tables,
      settleWalBytesPerReward: round((walMiB * 1_048_576) / tables['reward']!.rows, 1),
      hashOk,
    };
  } finally {
    await bench.close();
  }
}

async function sizeOf(db: Database, table: string, users: number): Promise<TableSize> {
  const [row] = await db.rows<{ rows: number; bytes: string; indexes: string }>(
    `SELECT (SELECT count(*)::int FROM ${table}) AS rows, sum(pg_total_relation_size(leaf))::text AS bytes,
            sum(pg_indexes_size(leaf))::text AS indexes
     FROM (SELECT $1::regclass AS leaf UNION SELECT relid FROM pg_partition_tree($1::regclass) WHERE isleaf) leaves`,
    [table],
  );
  const [rows, bytes, indexes] = [row!.rows, Number(row!.bytes), Number(row!.indexes)];
  return {
    rows,
    bytesPerRow: round(bytes / rows, 1),
    indexBytesPerRow: round(indexes / rows, 1),
    mibPerMillionUsers: Math.round((bytes / users / 1_048_576) * 1_000_000),
  };
}
