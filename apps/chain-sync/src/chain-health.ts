import type { Database } from '@app/database';
import type { HealthChecks } from '@app/platform';
import type { FollowedChain } from './follow-chain.js';

/** A look may fail now and then; so many in a row and the chain counts as unreadable. */
const FAILURES_BEFORE_FAILING = 3;

/** What this process answers for: the database, and each chain it follows. */
export function addChainChecks(
  health: HealthChecks,
  database: Database,
  chains: readonly FollowedChain[],
): HealthChecks {
  health.add('database', async () => {
    await database.rows('SELECT 1');
  });
  for (const chain of chains) {
    health.add(`chain.${chain.chain}`, () => Promise.resolve(remarkOn(chain)));
  }
  return health;
}

function remarkOn(chain: FollowedChain): string {
  const { outcome, error, failures, haltedReason } = chain.status;
  if (haltedReason !== null) throw new Error(`halted: ${haltedReason}`);
  if (error !== null && (failures >= FAILURES_BEFORE_FAILING || error === 'WRONG_CHAIN')) {
    throw new Error(`${failures} looks failed, last with ${error}`);
  }
  const alarm = chain.finalityAlarm();
  if (alarm !== null) throw new Error(alarm);
  return outcome;
}
