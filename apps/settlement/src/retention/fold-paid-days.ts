import type { RewardFold } from '@app/database';
import { setTimeout as pause } from 'node:timers/promises';
import type { SettlementTools } from '../settlement-tools.js';

/** SQLSTATE: somebody reads a leaf for longer than we make everybody else wait for it. */
const LOCK_TIMEOUT = '55P03';
const DEADLOCK = '40P01';
const SWAPS = 5;

export type FoldTools = Pick<SettlementTools, 'db' | 'folds' | 'log' | 'reach'>;

/**
 * Folds the leaves of days whose tokens are all paid (decision 12), oldest first. Off the way of the money: nothing waits
 * for it, it can end anywhere, and any number of workers may run it.
 * @returns true when nothing is left to fold, false when another worker folds or somebody reads for too long: try later
 */
export async function foldPaidDays(tools: FoldTools, signal?: AbortSignal): Promise<boolean> {
  while (!signal?.aborted) {
    const fold = await build(tools);
    if (fold === 'taken') return false;
    if (fold === 'nothing') return true;
    tools.reach('settlement.fold.built');
    if (!(await swap(tools, fold))) return false;
    tools.reach('settlement.fold.swapped');
    tools.log.info({ leaf: fold.name, leaves: fold.sources.length }, 'leaves of paid days are folded');
  }
  return false;
}

/** What an earlier life left behind is made again: it is whole, but nobody knows of which leaves. */
function build({ db, folds, reach }: FoldTools): Promise<RewardFold | 'nothing' | 'taken'> {
  return db.transaction(async (tx) => {
    if (!(await folds.take(tx))) return 'taken';
    const fold = await folds.next(tx);
    if (!fold) return 'nothing';
    await folds.discard(tx, fold);
    await folds.build(tx, fold);
    reach('settlement.fold.before-build');
    return fold;
  });
}

async function swap({ db, folds, reach }: FoldTools, fold: RewardFold): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction(async (tx) => {
        if (!(await folds.take(tx))) return false;
        const swapped = await folds.swap(tx, fold);
        reach('settlement.fold.before-swap');
        return swapped;
      });
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if ((code !== LOCK_TIMEOUT && code !== DEADLOCK) || attempt >= SWAPS) throw error;
      await pause(200 * attempt);
    }
  }
}
