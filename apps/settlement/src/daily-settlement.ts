import type { SettlementState, TokenDay } from '@app/database';
import type { SettlementTools } from './settlement-tools.js';
import { waitForFinalData } from './steps/1-wait-for-final-data.js';
import { measureBalances } from './steps/2-measure-balances.js';
import { decideWhoQualifies } from './steps/3-decide-who-qualifies.js';
import { splitPool } from './steps/4-split-pool.js';
import { checkDay } from './steps/5-check-day.js';
import { creditUsers, planCredits } from './steps/6-credit-users.js';
import { reconcileWithCore } from './steps/7-reconcile-with-core.js';

/**
 * One token, one day, from the first look to the last (R21). Every step takes the day in one state, and answers with
 * the state it is in afterwards: the next one when it is done, the same one when it must wait or another worker has
 * the day in hand, `held` when two people must look. Rows and state move in one transaction, so the day can be left
 * at any point and taken up again here, by anybody: a finished step is never redone.
 */
export async function settleDay(unit: TokenDay, tools: SettlementTools): Promise<SettlementState | null> {
  let state = (await tools.settlements.find(tools.db, unit))?.state ?? null;
  if (state === 'waiting') state = await waitForFinalData(unit, tools);
  if (state === 'final') state = await measureBalances(unit, tools);
  if (state === 'measured') state = await decideWhoQualifies(unit, tools);
  if (state === 'qualified') state = await splitPool(unit, tools);
  if (state === 'split') state = await checkDay(unit, tools);
  if (state === 'checked') state = await planCredits(unit, tools);
  if (state === 'crediting') state = await creditUsers(unit, tools);
  if (state === 'credited') state = await reconcileWithCore(unit, tools);
  return state;
}
