import { atoms, lesserOf } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';
import type { ReleasePart } from './release-reward.js';

/** R18: only `applied` moves the ledger. */
export type SlashState = 'observed' | 'deferred' | 'applied' | 'cancelled';

const MOVES: Readonly<Record<SlashState, readonly SlashState[]>> = {
  observed: ['deferred', 'applied', 'cancelled'],
  deferred: ['applied', 'cancelled'],
  applied: [],
  cancelled: [],
};

export type SlashMove =
  | { readonly kind: 'moved'; readonly movesLedger: boolean }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly code: 'SLASH_STATE' };

/** R18: what a newly seen state of a slash does. Seeing the same state again changes nothing; a slash that was applied
 *  or cancelled stays so. */
export function moveSlash(from: SlashState, to: SlashState): SlashMove {
  if (from === to) return { kind: 'unchanged' };
  if (!MOVES[from].includes(to)) return { kind: 'refused', code: 'SLASH_STATE' };
  return { kind: 'moved', movesLedger: to === 'applied' };
}

export interface SlashCover {
  readonly amountAtoms: Atoms;
  /** Rewards of the token not yet released. */
  readonly unreleasedAtoms: Atoms;
  readonly reserveAtoms: Atoms;
  readonly treasuryAtoms: Atoms;
  /** Config per token: whether unreleased rewards absorb first. */
  readonly fromUnreleased: boolean;
}

export interface SlashAbsorption {
  readonly unreleasedAtoms: Atoms;
  readonly reserveAtoms: Atoms;
  /** Takes all that is left, even beyond what it holds: users' credits and Spot are never touched. */
  readonly treasuryAtoms: Atoms;
  /** By how much the treasury account goes below zero: the exchange owes it, and an alarm says so. */
  readonly treasuryShortfallAtoms: Atoms;
}

/** R18: unreleased rewards (where configured), then the reserve, then the treasury. The three add up to the slash. */
export function absorbSlash(cover: SlashCover): SlashAbsorption {
  const unreleased = cover.fromUnreleased ? lesserOf(cover.amountAtoms, cover.unreleasedAtoms) : atoms(0n);
  const reserve = lesserOf(atoms(cover.amountAtoms - unreleased), cover.reserveAtoms);
  const treasury = atoms(cover.amountAtoms - unreleased - reserve);
  return {
    unreleasedAtoms: unreleased,
    reserveAtoms: reserve,
    treasuryAtoms: treasury,
    treasuryShortfallAtoms: atoms(treasury > cover.treasuryAtoms ? treasury - cover.treasuryAtoms : 0n),
  };
}

/** Takes `amountAtoms` out of parts that are not released yet, the furthest day first, so that the nearest days stay
 *  as they were announced. @throws InvariantViolation when the parts hold less. */
export function cutReleases(parts: readonly ReleasePart[], amountAtoms: Atoms): ReleasePart[] {
  let left: bigint = amountAtoms;
  const latestFirst = [...parts].sort((a, b) => (a.day === b.day ? b.part - a.part : a.day < b.day ? 1 : -1));
  const cut = new Map<ReleasePart, Atoms>();
  for (const part of latestFirst) {
    const taken = left < part.amountAtoms ? left : part.amountAtoms;
    left -= taken;
    cut.set(part, atoms(part.amountAtoms - taken));
  }
  invariant(left === 0n, 'more is absorbed than is unreleased', { left });
  return parts.map((part) => ({ ...part, amountAtoms: cut.get(part) ?? part.amountAtoms }));
}
