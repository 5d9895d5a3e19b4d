/** Pure: what a transaction that has been taken apart would do, held against the intent it is said to be of (R39). */
import type { ChillIntent, StakeMove } from '../chain-adapter.js';
import { fields, list, whole } from './polkadot.decode.js';
import type { Plain } from './polkadot.plain.js';

export interface Call {
  readonly name: string;
  readonly args: Readonly<Record<string, Plain>>;
}

const DELEGATE_CALLS = ['staking.bond', 'staking.bondExtra', 'staking.rebond', 'staking.nominate'];

/** Whether the calls do what the intent says, and nothing else. */
export function fits(
  calls: readonly Call[],
  intent: StakeMove | ChillIntent,
  stash: string,
  account: (address: string) => string,
): boolean {
  const [first] = calls;
  if (first === undefined) return false;
  const nominees = (call: Call): (string | null)[] => list(call.args['targets'], 'targets').map(idOf);
  switch (intent.kind) {
    case 'delegate': {
      // Each at most once, in this order; what is bonded and what is called back make up the amount.
      const places = calls.map((one) => DELEGATE_CALLS.indexOf(one.name));
      if (places.some((place, i) => place <= (places[i - 1] ?? -1))) return false;
      const moved = calls.reduce(
        (sum, { args }) => sum + whole(args['value'] ?? args['maxAdditional'] ?? 0n, 'an amount'),
        0n,
      );
      const nomination = calls.find((one) => one.name === 'staking.nominate');
      return (
        moved > 0n &&
        moved === intent.amount &&
        (nomination === undefined || nominees(nomination).includes(account(intent.validator)))
      );
    }
    case 'undelegate': {
      const unbond = calls.at(-1);
      if (unbond?.name !== 'staking.unbond' || unbond.args['value'] !== intent.amount) return false;
      return calls.length === 1 || (calls.length === 2 && first.name === 'staking.chill');
    }
    case 'redelegate': {
      if (calls.length !== 1 || first.name !== 'staking.nominate') return false;
      const targets = nominees(first);
      return targets.includes(account(intent.to)) && !targets.includes(account(intent.from));
    }
    case 'claim': {
      const from = account(intent.validator);
      if (from === stash) return calls.length === 1 && first.name === 'staking.withdrawUnbonded';
      return calls.every((one) => one.name === 'staking.payoutStakersByPage' && one.args['validatorStash'] === from);
    }
    case 'chill':
      return calls.length === 1 && first.name === 'staking.chill' && account(intent.validator) === stash;
  }
}

export function callOf(value: Plain): Call {
  const { call, args } = fields(value, 'a call');
  return { name: String(call), args: fields(args, 'the arguments of a call') };
}

/** The account of a `MultiAddress`. */
export function idOf(value: Plain | undefined): string | null {
  const { kind, value: id } = fields(value, 'an address');
  return kind === 'Id' && typeof id === 'string' ? id : null;
}
