/** Pure: events of the StakeHub about our account to movements of our money. */
import { atoms } from '@app/staking-core';
import { zeroPadValue } from 'ethers';

import type { FlowObservation } from '../chain-adapter.js';
import { HUB, REDELEGATE_FEE_BASE, STAKE_HUB, TOPIC } from './bnb.abi.js';
import type { LogFilter } from './bnb.client.js';
import { address, amount, badAnswer, stampOf, type RawLog } from './bnb.decode.js';
import type { TimedLog } from './bnb.logs.js';
import { positionKey } from './bnb.positions.js';

export function accountTopic(account: string): string {
  return zeroPadValue(account, 32).toLowerCase();
}

/** Filters that together give all events about `account` and all slashes; strangers' traffic stays at the node. */
export function filtersFor(account: string): LogFilter[] {
  const us = accountTopic(account);
  return [
    { address: STAKE_HUB, topics: [[TOPIC.delegated, TOPIC.undelegated, TOPIC.claimed], null, us] },
    { address: STAKE_HUB, topics: [[TOPIC.redelegated], null, null, us] },
    { address: STAKE_HUB, topics: [[TOPIC.validatorSlashed]] },
  ];
}

/** Whether it is an event of ours among those above. */
export function concerns(log: RawLog, account: string): boolean {
  if (log.address !== STAKE_HUB) return false;
  const us = accountTopic(account);
  const [topic, , second, third] = log.topics;
  if (topic === TOPIC.redelegated) return third === us;
  return (topic === TOPIC.delegated || topic === TOPIC.undelegated || topic === TOPIC.claimed) && second === us;
}

export interface FlowContext {
  readonly account: string;
  readonly creditOf: (operator: string) => string;
  /** `redelegateFeeRate` as it stood at the block. */
  readonly feeRateAt: (blockHash: string) => bigint;
}

/**
 * The movements of one event. An undelegation moves nothing out of the position (it waits there for its claim) and takes
 * the amount out of the earning part. A redelegation has two legs; what is between them is the chain's fee, a cost: the
 * event only tells what arrived, so what left is the least amount from which the fee leaves just that.
 */
export function flowsOf(log: TimedLog, context: FlowContext): FlowObservation[] {
  const event = HUB.parseLog({ topics: [...log.topics], data: log.data });
  if (event === null) throw badAnswer('an event that the ABI does not know', log.topics[0]);
  const moved = amount(event.args['bnbAmount'], `the amount of ${event.name}`);
  const leg = (
    kind: FlowObservation['kind'],
    validator: unknown,
    inside: bigint,
    active: bigint,
    fee = 0n,
  ): FlowObservation => {
    const operator = address(validator, 'an operator');
    return {
      key: `bnb:${log.txid}:${log.logIndex}:${kind}`,
      kind,
      positionKey: positionKey(context.creditOf(operator), context.account),
      validator: operator,
      amount: inside,
      activeChange: active,
      feeAtoms: atoms(fee),
      atMs: log.block.seconds * 1000n,
      at: stampOf(log.block),
      txid: log.txid,
    };
  };
  switch (event.name) {
    case 'Delegated':
      return [leg('delegate', event.args['operatorAddress'], moved, moved)];
    case 'Undelegated':
      return [leg('undelegate', event.args['operatorAddress'], 0n, -moved)];
    case 'Claimed':
      return [leg('claim', event.args['operatorAddress'], -moved, 0n)];
    case 'Redelegated': {
      const burned = beforeFee(moved, context.feeRateAt(log.blockHash));
      return [
        leg('redelegate-out', event.args['srcValidator'], -burned, -burned, burned - moved),
        leg('redelegate-in', event.args['dstValidator'], moved, moved),
      ];
    }
    default:
      throw badAnswer('an event that moves nothing of ours', event.name);
  }
}

/** The least `x` with `x - floor(x * rate / 100,000) = arrived`. The fee grows by at most 1 per step, so one exists. */
export function beforeFee(arrived: bigint, rate: bigint): bigint {
  if (rate < 0n || rate >= REDELEGATE_FEE_BASE) throw badAnswer('a redelegation fee of 100 % or more', String(rate));
  let x = (arrived * REDELEGATE_FEE_BASE) / (REDELEGATE_FEE_BASE - rate);
  const left = (gross: bigint): bigint => gross - (gross * rate) / REDELEGATE_FEE_BASE;
  while (left(x) < arrived) x += 1n;
  while (x > 0n && left(x - 1n) >= arrived) x -= 1n;
  return x;
}
