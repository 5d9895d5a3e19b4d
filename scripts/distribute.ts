import {
  CannotDistribute,
  Database,
  distribute,
  type DistributionPlan,
  planDistribution,
  planSql,
} from '@app/database';
import Table from 'cli-table3';
import { CommandError } from './command-line.js';

const USAGE = 'npm run db:distribute [-- --dry-run]';

/**
 * `npm run db:distribute`: places the tables of a migrated database on the nodes of a Citus cluster. `--dry-run` prints
 * what would be done, as a table and as SQL, and does nothing. Run again after a failure it goes on where it stopped.
 */
export async function distributeOver(args: readonly string[]): Promise<void> {
  const dryRun = args.includes('--dry-run');
  const unknown = args.find((one) => one !== '--dry-run');
  if (unknown !== undefined) throw new CommandError(`unknown: ${unknown}\nusage: ${USAGE}`, 2);
  const url = process.env['DATABASE_URL'];
  if (!url)
    throw new CommandError(
      `DATABASE_URL names the coordinator of the cluster, for example postgres://staking@coordinator:5432/staking; the embedded PostgreSQL is one machine`,
      2,
    );
  const db = await Database.open(url, { applicationName: 'db-distribute', statementTimeoutMs: 0, poolSize: 2 });
  try {
    const plan = await planDistribution(db);
    if (dryRun) return printPlan(plan);
    const placed = await distribute(db, (table) => console.log(`placed ${table}`));
    console.log(
      placed.length === 0 ? 'every table is placed already: nothing to do' : `${placed.length} tables placed`,
    );
  } catch (error) {
    if (error instanceof CannotDistribute) throw new CommandError(`${error.code}: ${error.message}`);
    throw error;
  } finally {
    await db.close();
  }
}

function printPlan(plan: DistributionPlan): void {
  console.log(`${plan.citus}; nodes that hold shards: ${plan.nodes}`);
  console.log(planTable(plan));
  const sql = planSql(plan);
  console.log(plan.tables.some((one) => one.state === 'to do') ? sql.join('\n') : '-- every table is placed already');
}

/** One line a table: where it goes, what is to be done, why. */
export function planTable(plan: DistributionPlan): string {
  const table = new Table({
    head: ['Table', 'Placement', 'State', 'Leaves', 'Why'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', 'right', 'left'],
  });
  for (const { table: name, placement, state, leaves, why } of plan.tables)
    table.push([name, placement, state, leaves, why]);
  return table.toString();
}
