import { dataSlice, getAddress, id } from 'ethers';

import { BNB_SYSTEM, ONE_BNB } from './bnb-constants.js';
import { devWallet } from './dev-keys.js';
import type { BnbInterfaces, DevCall } from './dev-transaction.js';
import { electedOf } from './hub-reads.js';
import type { ValidatorSpec } from './validator-spec.js';

/** What operator `index` sends to become a validator; its consensus address is another one than its operator's. */
export function createValidatorCall(spec: ValidatorSpec, index: number, interfaces: BnbInterfaces): DevCall {
  const from = devWallet('operator', index);
  const maxRate = spec.maxCommissionBps ?? 5_000;
  const data = interfaces.hub.encodeFunctionData('createValidator', [
    consensusAddress(index),
    voteAddress(index),
    `0x${'00'.repeat(96)}`, // a proof of possession of a BLS key; the local hub checks its length only
    { rate: spec.commissionBps, maxRate, maxChangeRate: spec.maxChangeBps ?? Math.min(500, maxRate) },
    { moniker: spec.moniker, identity: '', website: 'http://localhost', details: 'a validator of the local chain' },
  ]);
  return { from, to: BNB_SYSTEM.stakeHub, data, value: spec.selfStake + ONE_BNB };
}

export function consensusAddress(index: number): string {
  return getAddress(dataSlice(id(`soft-staking local bnb chain: consensus ${index}`), 12));
}

function voteAddress(index: number): string {
  const half = id(`soft-staking local bnb chain: vote ${index}`);
  return `${half}${half.slice(2, 34)}`; // 48 bytes
}

/** Everything block 1 does: parameters, validators, the strangers' first stakes, and the first election. */
export function setupCalls(specs: readonly ValidatorSpec[], interfaces: BnbInterfaces): DevCall[] {
  const system = devWallet('system');
  const hub = (name: string, args: unknown[]): string => interfaces.hub.encodeFunctionData(name, args);
  const calls: DevCall[] = [{ from: system, to: BNB_SYSTEM.stakeHub, data: hub('initialize', []) }];
  for (const [i, spec] of specs.entries()) {
    calls.push(createValidatorCall(spec, i, interfaces));
    if (!spec.foreignStake) continue;
    const data = hub('delegate', [devWallet('operator', i).address, false]);
    calls.push({ from: devWallet('delegator'), to: BNB_SYSTEM.stakeHub, data, value: spec.foreignStake });
  }
  const candidates = specs.map((spec, i) => ({
    consensus: consensusAddress(i),
    power: spec.selfStake + ONE_BNB + (spec.foreignStake ?? 0n),
    vote: voteAddress(i),
  }));
  const elected = electedOf(candidates, 45);
  const args = [elected.consensus, elected.powers, elected.votes];
  const data = interfaces.validatorSet.encodeFunctionData('updateValidatorSetV2', args);
  return [...calls, { from: system, to: BNB_SYSTEM.validatorSet, data, gasLimit: 20_000_000n }];
}
