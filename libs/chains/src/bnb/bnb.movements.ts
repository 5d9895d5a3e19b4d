import { atoms } from '@app/staking-core';

import type { FlowObservation, SlashObservation } from '../chain-adapter.js';
import { HUB, TOPIC } from './bnb.abi.js';
import type { BnbClient } from './bnb.client.js';
import { address, badAnswer, stampOf } from './bnb.decode.js';
import { flowsOf, type FlowContext } from './bnb.flows.js';
import type { TimedLog } from './bnb.logs.js';
import type { ListedValidator } from './bnb.positions.js';
import { hub } from './bnb.reads.js';

/** Our own money's movements. The redelegation fee's rate is read at each block that had one. */
export async function readFlows(
  client: BnbClient,
  logs: readonly TimedLog[],
  validators: readonly ListedValidator[],
  account: string,
): Promise<FlowObservation[]> {
  const credits = new Map(validators.map((one) => [one.operator, one.credit]));
  const rates = new Map<string, bigint>();
  for (const log of logs.filter((one) => one.topics[0] === TOPIC.redelegated)) {
    if (!rates.has(log.blockHash))
      rates.set(log.blockHash, await client.read(stampOf(log.block), hub.redelegateFeeRate()));
  }
  const context: FlowContext = {
    account,
    creditOf: (operator) => {
      const found = credits.get(operator);
      if (found === undefined) throw badAnswer('an event of a validator that is not in the list', operator);
      return found;
    },
    feeRateAt: (blockHash) => {
      const rate = rates.get(blockHash);
      if (rate === undefined) throw badAnswer('a redelegation without its fee rate', blockHash);
      return rate;
    },
  };
  return logs.flatMap((log) => flowsOf(log, context));
}

const SLASH_KINDS = ['double-sign', 'downtime', 'malicious-vote'];

/** The chain burns the validator's own stake only; should it ever touch ours, the identity finds how much. */
export function slashOf(log: TimedLog): SlashObservation {
  const event = HUB.parseLog({ topics: [...log.topics], data: log.data });
  if (event === null) throw badAnswer('a slash that the ABI does not know', log.txid);
  return {
    key: `bnb:${log.txid}:${log.logIndex}:slash`,
    positionKey: null,
    validator: address(event.args['operatorAddress'], 'an operator'),
    kind: SLASH_KINDS[Number(event.args['slashType'])] ?? `type-${String(event.args['slashType'])}`,
    state: 'applied',
    amount: atoms(0n),
    atMs: log.block.seconds * 1000n,
    at: stampOf(log.block),
    txid: log.txid,
  };
}
