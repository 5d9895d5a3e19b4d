import type { StakeIntent } from '@app/chains';
import { atoms, invariant } from '@app/staking-core';

type Stored = Readonly<Record<string, string>>;

/** As it is kept in `chain_operation.intent`: amounts as decimal strings of atoms. */
export function storedIntent(intent: StakeIntent): Stored {
  return Object.fromEntries(
    Object.entries(intent).map(([name, value]: [string, string | bigint]) => [name, value.toString()]),
  );
}

/** @throws InvariantViolation when it is not one that `storedIntent` wrote */
export function intentOf(stored: Stored): StakeIntent {
  const text = (name: string): string => {
    const value = stored[name];
    invariant(typeof value === 'string' && value !== '', 'a stored intent is complete', { name });
    return value;
  };
  const amount = () => {
    const digits = text('amount');
    invariant(/^(0|[1-9][0-9]*)$/.test(digits), 'a stored amount is whole atoms', { digits });
    return atoms(BigInt(digits));
  };
  switch (stored['kind']) {
    case 'delegate':
    case 'undelegate':
      return { kind: stored['kind'], validator: text('validator'), amount: amount() };
    case 'redelegate':
      return { kind: 'redelegate', from: text('from'), to: text('to'), amount: amount() };
    case 'claim':
    case 'chill':
      return { kind: stored['kind'], validator: text('validator') };
    case 'lock-shares':
      return { kind: 'lock-shares' };
    default:
      invariant(false, 'a stored intent is of a known kind', { kind: stored['kind'] ?? null });
  }
}
