import type { BlockStamp } from '@app/chains';
import type { OperateParts } from './advance-operation.js';

/**
 * Whether anything of the chain is under way, or `final` is older than our last operation: then what the chain shows is
 * not what there will be, and nothing is planned on it (R36).
 */
export async function isUnderWay({ adapter, operations }: OperateParts, final: BlockStamp): Promise<boolean> {
  if ((await operations.open(adapter.chain)).length > 0) return true;
  const included = await operations.highestIncluded(adapter.chain);
  return included !== null && included > final.height;
}
