import { Transaction, getAddress } from 'ethers';

import type { BlockStamp, CommonIntent, Lane, Step, UnsignedTransaction } from '../chain-adapter.js';
import { ChainError } from '../chain-error.js';
import { RevertError } from '../rpc/rpc-fault.js';
import { customErrorName, HUB, STAKE_HUB } from './bnb.abi.js';
import type { BnbClient, CallRequest } from './bnb.client.js';
import { ownAddress } from './bnb.decode.js';
import { normalIntent } from './bnb.plan.js';
import { credit, hub } from './bnb.reads.js';
import { listValidators } from './bnb.positions.js';

/**
 * Gas limits, well above what the calls use (delegate 256k, undelegate 332k, claim 69k). Fixed, because two nodes may
 * estimate differently and the same step must give the same bytes on each; what is not used is not paid.
 */
const GAS_LIMIT: Readonly<Record<CommonIntent['kind'], bigint>> = {
  delegate: 500_000n,
  undelegate: 600_000n,
  redelegate: 1_000_000n,
  claim: 500_000n,
};
const GAS_STEP = 500_000n;

export interface BuildSettings {
  readonly chainId: bigint;
  /** Tip per gas in wei: validators ignore transactions below their own minimum. */
  readonly tipWei: bigint;
}

/**
 * Bytes that depend on the step, the lane and the state of block `at` alone: amounts become shares in that state, the
 * fee comes from that block's base fee. The call is tried in that state first; what would revert is `REFUSED` with the
 * contract's own reason.
 */
export async function buildTransaction(
  client: BnbClient,
  settings: BuildSettings,
  step: Step,
  lane: Lane,
  at: BlockStamp,
): Promise<UnsignedTransaction> {
  if (lane.number === null) throw refuse('a BNB transaction needs a nonce');
  const account = ownAddress(lane.account, 'the account');
  const call = await callOf(client, normalIntent(step.intent), account, at);
  const gasLimit = await gasFor(client, step, call, at);
  const { baseFee } = await client.header(at.height);
  const transaction = Transaction.from({
    type: 2,
    chainId: settings.chainId,
    nonce: Number(lane.number),
    to: getAddress(call.to),
    data: call.data,
    value: call.value,
    gasLimit,
    maxPriorityFeePerGas: settings.tipWei,
    maxFeePerGas: 2n * baseFee + settings.tipWei,
  });
  return {
    step,
    lane: { account, number: lane.number },
    bytes: transaction.unsignedSerialized,
    digest: transaction.unsignedHash,
  };
}

async function callOf(client: BnbClient, intent: CommonIntent, account: string, at: BlockStamp): Promise<CallRequest> {
  const hubCall = (name: string, args: readonly unknown[], value = 0n): CallRequest => ({
    from: account,
    to: STAKE_HUB,
    data: HUB.encodeFunctionData(name, args),
    value,
  });
  switch (intent.kind) {
    case 'delegate':
      // Voting power stays with us: staking is no vote.
      return hubCall('delegate', [intent.validator, false], intent.amount);
    case 'undelegate':
      return hubCall('undelegate', [
        intent.validator,
        await sharesFor(client, intent.validator, intent.amount, account, at),
      ]);
    case 'redelegate': {
      const shares = await sharesFor(client, intent.from, intent.amount, account, at);
      return hubCall('redelegate', [intent.from, intent.to, shares, false]);
    }
    case 'claim':
      return hubCall('claim', [intent.validator, 0n]); // 0: all that have matured, counted from the oldest
  }
}

/** min(all we have, what the amount buys at `at`); all of them when the amount is all they are worth. */
async function sharesFor(
  client: BnbClient,
  operator: string,
  amount: bigint,
  account: string,
  at: BlockStamp,
): Promise<bigint> {
  const validator = (await listValidators(client, at)).find((one) => one.operator === operator);
  if (validator === undefined) throw refuse(`${operator} is no validator`);
  const [shares, pooled, bought] = await client.readAll(at, [
    credit.shares(validator.credit, account),
    credit.pooled(validator.credit, account),
    credit.sharesFor(validator.credit, amount),
  ]);
  const wanted = amount >= pooled || bought > shares ? shares : bought;
  if (wanted === 0n) throw refuse(`${amount} wei is not one share of ${operator}, or we hold none`);
  return wanted;
}

async function gasFor(client: BnbClient, step: Step, call: CallRequest, at: BlockStamp): Promise<bigint> {
  const limit = GAS_LIMIT[normalIntent(step.intent).kind];
  try {
    const [paused, listed] = await client.readAll(at, [hub.isPaused(), hub.isBlackListed(call.from)]);
    if (paused) throw refuse('the StakeHub is paused');
    if (listed) throw refuse('our account is on the black list of the StakeHub');
    const needed = ((await client.estimateGas(at, call)) * 13n) / 10n;
    // In whole steps, so that a small difference between two nodes' estimates does not show in the bytes.
    return needed <= limit ? limit : ((needed + GAS_STEP - 1n) / GAS_STEP) * GAS_STEP;
  } catch (error) {
    if (error instanceof RevertError) throw refuse(`the chain would refuse it: ${revertReason(error)}`, error);
    throw error;
  }
}

export function revertReason(error: RevertError): string {
  return customErrorName(error.body.data) ?? error.message;
}

function refuse(detail: string, cause?: unknown): ChainError {
  return new ChainError('REFUSED', 'bnb', detail, { cause });
}
