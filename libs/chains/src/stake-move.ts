import type { ChainName, StakeIntent, StakeMove } from './chain-adapter.js';
import { ChainError } from './chain-error.js';

/**
 * For chains whose stake is never anything that could be handed on: there is nothing to lock.
 * @throws ChainError `REFUSED`
 */
export function requireMove(chain: ChainName, intent: StakeIntent): StakeMove {
  if (intent.kind !== 'lock-shares') return intent;
  throw new ChainError('REFUSED', chain, 'stake on this chain is no shares that could be made transferable');
}
