import type { PieceResult } from '@app/database';
import type { IndependentFindings } from '@app/staking-core';

/** Findings of a range as JSON: amounts as decimal strings. */
export interface WrittenFindings extends PieceResult {
  readonly users: number;
  readonly qualifying: string;
  readonly paid: string;
  readonly ownersPrint: string;
  readonly differences: number;
  readonly first: readonly {
    readonly user: string;
    readonly stored: string | null;
    readonly recomputed: string | null;
  }[];
}

export function writtenFindings(found: IndependentFindings): WrittenFindings {
  return {
    users: found.users,
    qualifying: found.qualifyingAtoms.toString(),
    paid: found.paidAtoms.toString(),
    ownersPrint: found.ownersPrint.toString(),
    differences: found.differences,
    first: found.first.map(({ user, storedAtoms, recomputedAtoms }) => ({
      user,
      stored: storedAtoms?.toString() ?? null,
      recomputed: recomputedAtoms?.toString() ?? null,
    })),
  };
}

export function readFindings(written: WrittenFindings): IndependentFindings {
  return {
    users: written.users,
    qualifyingAtoms: BigInt(written.qualifying),
    paidAtoms: BigInt(written.paid),
    ownersPrint: BigInt(written.ownersPrint),
    differences: written.differences,
    first: written.first.map(({ user, stored, recomputed }) => ({
      user,
      storedAtoms: stored === null ? null : BigInt(stored),
      recomputedAtoms: recomputed === null ? null : BigInt(recomputed),
    })),
  };
}
