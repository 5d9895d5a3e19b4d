import type { SettlementTools } from '../settlement-tools.js';

/** SQLSTATE: somebody holds a leaf for longer than we wait for it. */
const LOCK_TIMEOUT = '55P03';

export type IndexTools = Pick<SettlementTools, 'db' | 'logIndexes' | 'log' | 'reach'>;

/**
 * Gives the log of every paid token's day its index by user (decision 18), a leaf a transaction, newest day first. Off the
 * way of the money: nothing waits for it, it can end anywhere, and any number of workers may run it.
 * @returns true when every leaf has one, false when another worker builds or somebody holds a leaf: try later
 */
export async function indexPaidLogs(tools: IndexTools, signal?: AbortSignal): Promise<boolean> {
  while (!signal?.aborted) {
    const built = await buildNext(tools);
    if (built === 'taken') return false;
    if (built === 'nothing') return true;
    tools.reach('settlement.log-index.committed');
    tools.log.info(built, 'the log of a paid day has its index by user');
  }
  return false;
}

async function buildNext({ db, logIndexes, reach }: IndexTools): Promise<{ leaf: string } | 'nothing' | 'taken'> {
  try {
    return await db.transaction(async (tx) => {
      if (!(await logIndexes.take(tx))) return 'taken';
      const leaf = await logIndexes.next(tx);
      if (leaf === undefined) return 'nothing';
      await logIndexes.build(tx, leaf);
      reach('settlement.log-index.before-commit');
      return { leaf };
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_TIMEOUT) return 'taken';
    throw error;
  }
}
