/** Pure: events of transactions and blocks about our account to movements of our money. */
import { atoms, type Atoms } from '@app/staking-core';

import type { FlowObservation } from '../chain-adapter.js';
import { address, attribute, OPERATOR_PREFIX, uatomIn, type ChainEvent, type IncludedTx } from './cosmos.decode.js';
import { positionKey } from './cosmos.cut.js';
import { stampOf, type Header } from './cosmos.header.js';

type Leg = Pick<FlowObservation, 'kind' | 'validator' | 'amount' | 'activeChange'> & { readonly key: string };

/**
 * Movements of one successful transaction. `own`: signed by our account, so that its redelegations, whose event does not
 * name the delegator, are ours.
 */
export function flowsOfTransaction(tx: IncludedTx, block: Header, account: string, own: boolean): FlowObservation[] {
  if (tx.code !== 0n) return [];
  const legs = tx.events.flatMap((event, i) => legsOf(event, account, own, `atom:${tx.hash}:${i}`));
  const fee = own ? feeOf(tx, account) : atoms(0n);
  // The fee is the transaction's: it is told once, with its first movement.
  return legs.map((leg, i) => flow(leg, block, account, tx.hash, i === 0 ? fee : atoms(0n)));
}

/** Movements that the block itself made: exits that came to their end, rewards withdrawn by a slash. */
export function flowsOfBlock(events: readonly ChainEvent[], block: Header, account: string): FlowObservation[] {
  const legs = events.flatMap((event, i) => legsOf(event, account, false, `atom:block:${block.height}:${i}`));
  return legs.map((leg) => flow(leg, block, account, block.hash, atoms(0n)));
}

/** What the transaction paid, by its own events; nothing when somebody else paid. */
export function feeOf(tx: IncludedTx, account: string): Atoms {
  let fee = atoms(0n);
  for (const { type, attributes } of tx.events) {
    const paid = attributes.get('fee');
    if (type !== 'tx' || paid === undefined) continue;
    if ((attributes.get('fee_payer') ?? account) === account) fee = uatomIn(paid, 'the fee of a transaction');
  }
  return fee;
}

function legsOf(event: ChainEvent, account: string, own: boolean, key: string): Leg[] {
  const isOurs = event.attributes.get('delegator') === account;
  const amount = (): bigint => uatomIn(attribute(event, 'amount'), `the amount of ${event.type}`);
  const validator = (name = 'validator'): string =>
    address(attribute(event, name), OPERATOR_PREFIX, `the validator of ${event.type}`);
  switch (event.type) {
    case 'delegate':
      if (!isOurs) return [];
      return [
        { key: `${key}:delegate`, kind: 'delegate', validator: validator(), amount: amount(), activeChange: amount() },
      ];
    case 'unbond':
      if (!isOurs) return [];
      return [
        { key: `${key}:undelegate`, kind: 'undelegate', validator: validator(), amount: 0n, activeChange: -amount() },
      ];
    case 'cancel_unbonding_delegation':
      if (!isOurs) return [];
      return [
        { key: `${key}:undelegate`, kind: 'undelegate', validator: validator(), amount: 0n, activeChange: amount() },
      ];
    case 'redelegate': {
      if (!isOurs && (!own || event.attributes.has('delegator'))) return [];
      const moved = amount();
      return [
        {
          key: `${key}:out`,
          kind: 'redelegate-out',
          validator: validator('source_validator'),
          amount: -moved,
          activeChange: -moved,
        },
        {
          key: `${key}:in`,
          kind: 'redelegate-in',
          validator: validator('destination_validator'),
          amount: moved,
          activeChange: moved,
        },
      ];
    }
    case 'withdraw_rewards':
      if (!isOurs || amount() === 0n) return [];
      return [
        {
          key: `${key}:withdraw`,
          kind: 'withdraw-reward',
          validator: validator(),
          amount: -amount(),
          activeChange: 0n,
        },
      ];
    case 'complete_unbonding':
      // An exit is credited by the chain: nobody claims it.
      if (!isOurs || amount() === 0n) return [];
      return [{ key: `${key}:matured`, kind: 'claim', validator: validator(), amount: -amount(), activeChange: 0n }];
    default:
      return [];
  }
}

function flow(leg: Leg, block: Header, account: string, txid: string, fee: Atoms): FlowObservation {
  const at = stampOf(block);
  return {
    key: leg.key,
    kind: leg.kind,
    positionKey: positionKey(account, leg.validator),
    validator: leg.validator,
    amount: leg.amount,
    activeChange: leg.activeChange,
    feeAtoms: fee,
    atMs: at.timeMs,
    at,
    txid,
  };
}
