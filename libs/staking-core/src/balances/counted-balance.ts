import { atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import type { CountedBalanceMode } from '../tokens/token-rules.js';

/** A Spot balance as the core's feed states it. */
export interface SpotBalance {
  readonly freeAtoms: Atoms;
  /** Held by open orders. */
  readonly lockedAtoms: Atoms;
}

/** R7: Spot free counts; where the token says so, what open orders hold counts too. */
export function countedBalance(balance: SpotBalance, mode: CountedBalanceMode): Atoms {
  return mode === 'free' ? atoms(balance.freeAtoms) : atoms(balance.freeAtoms + balance.lockedAtoms);
}
