import { ZERO_ATOMS, atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import type { TokenRules } from '../tokens/token-rules.js';

export type WeightLimits = Pick<TokenRules, 'minAtoms' | 'capAtoms'>;

/** R10: the minimum itself qualifies. */
export function qualifies(averageAtoms: Atoms, limits: WeightLimits): boolean {
  return averageAtoms >= limits.minAtoms;
}

/** R10: what counts of a single account's average: nothing below the minimum, nothing above the cap. */
export function weightOf(averageAtoms: Atoms, limits: WeightLimits): Atoms {
  if (!qualifies(averageAtoms, limits)) return ZERO_ATOMS;
  return averageAtoms < limits.capAtoms ? averageAtoms : limits.capAtoms;
}

/** R10: where one owner has several accounts the cap is the owner's. `ownerAverageAtoms` is the sum of the averages of
 *  the owner's *qualifying* accounts (each meets the minimum by itself); the cap is shared out by average, rounded
 *  down, so that the owner's weights never exceed it. */
export function weightUnderOwner(averageAtoms: Atoms, ownerAverageAtoms: Atoms, limits: WeightLimits): Atoms {
  if (!qualifies(averageAtoms, limits)) return ZERO_ATOMS;
  if (ownerAverageAtoms <= limits.capAtoms) return averageAtoms;
  return atoms((limits.capAtoms * averageAtoms) / ownerAverageAtoms);
}

export interface AccountAverage {
  readonly user: string;
  /** The owner the core names; null: the account stands for itself. */
  readonly owner: string | null;
  readonly averageAtoms: Atoms;
}

export interface AccountWeight extends AccountAverage {
  readonly weightAtoms: Atoms;
}

/** The weights of all accounts of a token's day, in the order given. Accounts that do not qualify have weight zero. */
export function weightsOf(accounts: readonly AccountAverage[], limits: WeightLimits): AccountWeight[] {
  const byOwner = new Map<string, bigint>();
  for (const { owner, averageAtoms } of accounts) {
    if (owner === null || !qualifies(averageAtoms, limits)) continue;
    byOwner.set(owner, (byOwner.get(owner) ?? 0n) + averageAtoms);
  }
  return accounts.map((account) => {
    const together = account.owner === null ? undefined : byOwner.get(account.owner);
    const ownerAverage = together === undefined ? account.averageAtoms : atoms(together);
    return { ...account, weightAtoms: weightUnderOwner(account.averageAtoms, ownerAverage, limits) };
  });
}
