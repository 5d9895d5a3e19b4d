import type { ChainName, ChillIntent, LockIntent, StakeIntent, StakeMove } from './chain-adapter.js';
import { ChainError } from './chain-error.js';

/**
 * For chains that have a word for the four moves and nothing else.
 * @throws ChainError `REFUSED`
 */
export function requireMove(chain: ChainName, intent: StakeIntent): StakeMove {
  return withoutChill(chain, withoutLock(chain, intent));
}

/**
 * For chains whose stake is never anything that could be handed on: there is nothing to lock.
 * @throws ChainError `REFUSED`
 */
export function withoutLock<T extends StakeIntent>(chain: ChainName, intent: T): Exclude<T, LockIntent> {
  if (intent.kind !== 'lock-shares') return intent as Exclude<T, LockIntent>;
  throw new ChainError('REFUSED', chain, 'stake on this chain is no shares that could be made transferable');
}

/**
 * For chains where stake that stays with a validator earns, whatever its owner wants.
 * @throws ChainError `REFUSED`
 */
export function withoutChill<T extends StakeIntent>(chain: ChainName, intent: T): Exclude<T, ChillIntent> {
  if (intent.kind !== 'chill') return intent as Exclude<T, ChillIntent>;
  throw new ChainError(
    'REFUSED',
    chain,
    'stake that stays with a validator earns: this chain has no chill, undelegate it',
  );
}
