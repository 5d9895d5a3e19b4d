import type { Database } from '@app/database';
import type { HealthChecks } from '@app/platform';
import type { ChainRunner } from './run-chain.js';

/** A look may fail now and then; so many in a row and the chain counts as unreadable. */
const FAILURES_BEFORE_FAILING = 3;

/** What this process answers for: the database, and each chain it follows. */
export function addChainChecks(
  health: HealthChecks,
  database: Database,
  runners: readonly ChainRunner[],
): HealthChecks {
  health.add('database', async () => {
    await database.rows('SELECT 1');
  });
  for (const runner of runners) {
    health.add(`chain.${runner.chain}`, () => Promise.resolve(remarkOn(runner)));
  }
  return health;
}

function remarkOn(runner: ChainRunner): string {
  const { outcome, error, failures, haltedReason } = runner.status;
  if (haltedReason !== null) throw new Error(`halted: ${haltedReason}`);
  if (error !== null && (failures >= FAILURES_BEFORE_FAILING || error === 'WRONG_CHAIN')) {
    throw new Error(`${failures} looks failed, last with ${error}`);
  }
  const alarm = runner.parts.metrics.finalityAlarm(runner.chain);
  if (alarm !== null) throw new Error(alarm);
  return outcome;
}
