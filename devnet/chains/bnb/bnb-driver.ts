import type { Wallet } from 'ethers';

import type { BlockStamp } from './bnb-chain.js';
import { BNB_SYSTEM, DAY_SECONDS, utcDay } from './bnb-constants.js';
import { MAX_OPERATORS, devWallet } from './dev-keys.js';
import type { DevCall } from './dev-transaction.js';
import { DriverTransactions, newest } from './driver-transactions.js';
import { readValidators, type ValidatorState } from './hub-reads.js';
import type { ReorgDrop } from './reorg-transactions.js';
import { splitByWeight } from './split-fees.js';
import { createValidatorCall } from './validator-setup.js';
import type { ValidatorSpec } from './validator-spec.js';

/**
 * Makes things happen on a local chain. Every verb is a real transaction by a published key in a block of its own
 * (unless it says otherwise), recorded like any other; treasury transactions that wait in the mempool go into that
 * block first. The first block of a new UTC day is always a breathe block: the fees are paid out at its end.
 * Amounts are wei, times Unix seconds, days `YYYY-MM-DD`.
 */
export class BnbDriver extends DriverTransactions {
  // -------------------------------------------------------------------- time

  /** Mines one block, by default 3 s after the last. A time on a later day makes it that day's breathe block. */
  mine(timestamp?: number): Promise<BlockStamp> {
    return this.act([], timestamp);
  }

  /**
   * Ends UTC day `day` (the head's day if absent): mines the first block of the next day, `second` seconds after
   * midnight, in which the fees of `day` are paid. The state after this block is the boundary between the two days.
   */
  async breathe(day?: string, second = 1): Promise<BlockStamp> {
    const head = await this.chain.head();
    if (day !== undefined && day !== utcDay(head.timestamp)) {
      throw new Error(`cannot end ${day}: the chain is in ${utcDay(head.timestamp)}`);
    }
    return this.act([], (Math.floor(head.timestamp / DAY_SECONDS) + 1) * DAY_SECONDS + second);
  }

  /** Mines two empty blocks, which makes everything before them final (`finalized` = tip - 2). */
  async finalize(): Promise<BlockStamp> {
    await this.mine();
    return this.mine();
  }

  // -------------------------------------------------------------------- validators and fees

  validators(): Promise<ValidatorState[]> {
    return readValidators(this.chain, this.interfaces);
  }

  /** `index` chooses the published operator key; the next free one if absent. Earns from the next breathe block on. */
  async createValidator(spec: ValidatorSpec, index?: number): Promise<ValidatorState> {
    const operators = index ?? (await this.validators()).length;
    const call = createValidatorCall(spec, operators, this.interfaces);
    await this.act([call]);
    const made = (await this.validators()).find((one) => one.operator === call.from.address);
    if (!made) throw new Error(`validator ${spec.moniker} is not on chain`);
    return made;
  }

  /**
   * Adds `amount` of fees, to be paid at the next breathe block. `weights` by operator address; by stake among those
   * not jailed if absent. Splits exactly: the last validator takes the rest.
   */
  async addFees(amount: bigint, weights?: Readonly<Record<string, bigint>>, timestamp?: number): Promise<BlockStamp> {
    return this.act([await this.feesCall(amount, weights)], timestamp);
  }

  /** The transaction of `addFees`, to put into a block together with others (`act`). */
  async feesCall(
    amount: bigint,
    weights?: Readonly<Record<string, bigint>>,
    known?: readonly ValidatorState[],
  ): Promise<DevCall> {
    const validators = known ?? (await this.validators());
    const parts = splitByWeight(
      amount,
      validators.map((one) => (weights ? (weights[one.operator] ?? 0n) : one.jailed ? 0n : one.totalPooledBNB)),
    );
    const paid = validators
      .map((one, i) => ({ to: one.consensus, part: parts[i] ?? 0n }))
      .filter(({ part }) => part > 0n);
    const data = this.interfaces.validatorSet.encodeFunctionData('depositMany', [
      paid.map(({ to }) => to),
      paid.map(({ part }) => part),
    ]);
    return { from: devWallet('system'), to: BNB_SYSTEM.validatorSet, data, value: amount };
  }

  /** Jails without a slash until the given time. The last validator at liberty stays free, as on the real chain. */
  jail(operator: string, until: number): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('system'), 'devJail', [operator, until])]);
  }

  /** Throws DriverReverted `JailTimeNotExpired` before the jail's end. */
  unjail(operator: string, timestamp?: number): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('system'), 'unjail', [operator])], timestamp);
  }

  /**
   * Slashes for downtime: burns 10 BNB of the operator's own stake and jails for 2 days. The fees the validator has
   * collected stay and are lost at the breathe block, unless `felony`: then the other validators share them at once.
   */
  async slash(operator: string, options: { felony?: boolean } = {}): Promise<BlockStamp> {
    const validator = (await this.validators()).find((one) => one.operator === operator);
    if (!validator) throw new Error(`no validator ${operator}`);
    const calls = [this.hubCall(devWallet('system'), 'downtimeSlash', [validator.consensus])];
    if (options.felony) {
      const data = this.interfaces.validatorSet.encodeFunctionData('felony', [validator.consensus]);
      calls.unshift({ from: devWallet('system'), to: BNB_SYSTEM.validatorSet, data });
    }
    return this.act(calls);
  }

  /** At most once a day and within the validator's own limits (`UpdateTooFrequently`, `InvalidCommission`). */
  setCommission(operator: string, bps: number, timestamp?: number): Promise<BlockStamp> {
    return this.act([this.hubCall(operatorWallet(operator), 'editCommissionRate', [bps])], timestamp);
  }

  /** A governance change, e.g. `setParam('unbondPeriod', 259200n)`, within the bounds governance has. */
  setParam(key: string, value: bigint): Promise<BlockStamp> {
    const bytes = `0x${value.toString(16).padStart(64, '0')}`;
    return this.act([this.hubCall(devWallet('system'), 'updateParam', [key, bytes])]);
  }

  pause(): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('system'), 'pause', [])]);
  }

  resume(): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('system'), 'resume', [])]);
  }

  setBlackListed(account: string, listed: boolean): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('system'), listed ? 'addToBlackList' : 'removeFromBlackList', [account])]);
  }

  // -------------------------------------------------------------------- money and strangers

  /** Sends from the faucet. */
  fund(address: string, amount: bigint): Promise<BlockStamp> {
    return this.act([{ from: devWallet('faucet'), to: address, value: amount, gasLimit: 100_000n }]);
  }

  foreignDelegate(operator: string, amount: bigint, delegator = 0): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('delegator', delegator), 'delegate', [operator, false], amount)]);
  }

  /** Shares, not BNB. */
  foreignUndelegate(operator: string, shares: bigint, delegator = 0): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('delegator', delegator), 'undelegate', [operator, shares])]);
  }

  foreignRedelegate(from: string, to: string, shares: bigint, delegator = 0): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('delegator', delegator), 'redelegate', [from, to, shares, false])]);
  }

  foreignClaim(operator: string, requests = 0n, delegator = 0): Promise<BlockStamp> {
    return this.act([this.hubCall(devWallet('delegator', delegator), 'claim', [operator, requests])]);
  }

  // -------------------------------------------------------------------- faults

  /**
   * Replaces the last `depth` blocks. By default the driver's own transactions (fees, breathe) are kept and everyone
   * else's are lost, to be broadcast again. Deeper than 2 breaks what was final: say `beyondFinality` for that.
   */
  async reorg(depth: number, options: { drop?: ReorgDrop; beyondFinality?: boolean } = {}): Promise<BlockStamp> {
    if (depth > 2 && !options.beyondFinality && !this.chain.finalityHeld) {
      throw new Error(`a reorg of ${depth} blocks would replace final ones`);
    }
    const blocks = await this.inTurn(() => this.chain.reorg(depth, options.drop ?? 'product'));
    return newest(blocks);
  }

  stallFinality(): Promise<void> {
    return this.chain.holdFinality(true);
  }

  resumeFinality(): Promise<void> {
    return this.chain.holdFinality(false);
  }

  /** The endpoint cuts every connection until `rpcUp`. */
  rpcDown(): void {
    this.chain.setEndpointDown(true);
  }

  rpcUp(): void {
    this.chain.setEndpointDown(false);
  }
}

function operatorWallet(operator: string): Wallet {
  for (let i = 0; i < MAX_OPERATORS; i++) {
    const wallet = devWallet('operator', i);
    if (wallet.address === operator) return wallet;
  }
  throw new Error(`no published key for operator ${operator}`);
}
