/** What each message does, with the events that the SDK's message servers emit. */
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import {
  MsgSetWithdrawAddress,
  MsgWithdrawDelegatorReward,
  MsgWithdrawValidatorCommission,
} from 'cosmjs-types/cosmos/distribution/v1beta1/tx';
import { MsgUnjail } from 'cosmjs-types/cosmos/slashing/v1beta1/tx';
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgDelegate,
  MsgEditValidator,
  MsgUndelegate,
} from 'cosmjs-types/cosmos/staking/v1beta1/tx';

import { DISTRIBUTION, send } from './bank.js';
import { decText, ONE } from './dec.js';
import { initializeDelegation, withdrawCommission, withdrawRewards } from './distribution.js';
import { accountOf } from './keys.js';
import { DISABLE_TOKENIZE, ENABLE_TOKENIZE, lockShares, textOf, unlockShares } from './liquid.js';
import { cancelUnbonding, delegate, redelegate, undelegate, validatorOf } from './staking.js';
import { coinText, emit, SdkError, type Context } from './state.js';

export interface AnyMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

interface Handler {
  /** Gas that it uses here: near what the SDK uses, and always the same. */
  readonly gas: bigint;
  readonly module: string;
  signer(value: Uint8Array): string;
  run(context: Context, value: Uint8Array): void;
}

const DAY_NS = 86_400_000_000_000n;

const HANDLERS: Readonly<Record<string, Handler>> = {
  [MsgSend.typeUrl]: {
    gas: 78_000n,
    module: 'bank',
    signer: (value) => MsgSend.decode(value).fromAddress,
    run: ({ state }, value) => {
      const { fromAddress, toAddress, amount } = MsgSend.decode(value);
      for (const coin of amount) send(state, fromAddress, toAddress, amountOf(coin));
    },
  },
  [MsgDelegate.typeUrl]: {
    gas: 176_000n,
    module: 'staking',
    signer: (value) => MsgDelegate.decode(value).delegatorAddress,
    run: (context, value) => {
      const { delegatorAddress: delegator, validatorAddress: validator, amount } = MsgDelegate.decode(value);
      const coins = amountOf(amount);
      validatorOf(context.state, validator);
      const shares = delegate(context, delegator, validator, coins, { account: delegator });
      emit(context, 'delegate', { validator, delegator, amount: coinText(coins), new_shares: decText(shares) });
    },
  },
  [MsgUndelegate.typeUrl]: {
    gas: 224_000n,
    module: 'staking',
    signer: (value) => MsgUndelegate.decode(value).delegatorAddress,
    run: (context, value) => {
      const { delegatorAddress: delegator, validatorAddress: validator, amount } = MsgUndelegate.decode(value);
      const done = undelegate(context, delegator, validator, amountOf(amount));
      const completion_time = rfc3339(done.completionNs);
      emit(context, 'unbond', { validator, delegator, amount: coinText(done.amount), completion_time });
    },
  },
  [MsgBeginRedelegate.typeUrl]: {
    gas: 291_000n,
    module: 'staking',
    signer: (value) => MsgBeginRedelegate.decode(value).delegatorAddress,
    run: (context, value) => {
      const message = MsgBeginRedelegate.decode(value);
      const { delegatorAddress, validatorSrcAddress: from, validatorDstAddress: to } = message;
      const amount = amountOf(message.amount);
      const end = redelegate(context, delegatorAddress, from, to, amount);
      emit(context, 'redelegate', {
        source_validator: from,
        destination_validator: to,
        amount: coinText(amount),
        completion_time: rfc3339(end),
      });
    },
  },
  [MsgCancelUnbondingDelegation.typeUrl]: {
    gas: 200_000n,
    module: 'staking',
    signer: (value) => MsgCancelUnbondingDelegation.decode(value).delegatorAddress,
    run: (context, value) => {
      const message = MsgCancelUnbondingDelegation.decode(value);
      const { delegatorAddress: delegator, validatorAddress: validator, creationHeight } = message;
      const amount = amountOf(message.amount);
      cancelUnbonding(context, delegator, validator, amount, creationHeight);
      emit(context, 'cancel_unbonding_delegation', {
        amount: coinText(amount),
        validator,
        delegator,
        creation_height: String(creationHeight),
      });
    },
  },
  [MsgWithdrawDelegatorReward.typeUrl]: {
    gas: 142_000n,
    module: 'distribution',
    signer: (value) => MsgWithdrawDelegatorReward.decode(value).delegatorAddress,
    run: (context, value) => {
      const { delegatorAddress, validatorAddress } = MsgWithdrawDelegatorReward.decode(value);
      if (context.state.delegations.get(`${delegatorAddress}/${validatorAddress}`) === undefined) {
        throw new SdkError('staking', 19, 'no delegation for (address, validator) tuple');
      }
      const validator = validatorOf(context.state, validatorAddress);
      withdrawRewards(context, delegatorAddress, validator);
      initializeDelegation(context, delegatorAddress, validatorOf(context.state, validatorAddress));
    },
  },
  [MsgWithdrawValidatorCommission.typeUrl]: {
    gas: 95_000n,
    module: 'distribution',
    signer: (value) => accountOf(MsgWithdrawValidatorCommission.decode(value).validatorAddress),
    run: (context, value) => {
      const { validatorAddress } = MsgWithdrawValidatorCommission.decode(value);
      const whole = withdrawCommission(context, validatorOf(context.state, validatorAddress));
      const account = accountOf(validatorAddress);
      send(context.state, DISTRIBUTION, context.state.withdrawTo.get(account) ?? account, whole);
      emit(context, 'withdraw_commission', { amount: coinText(whole) });
    },
  },
  [MsgSetWithdrawAddress.typeUrl]: {
    gas: 65_000n,
    module: 'distribution',
    signer: (value) => MsgSetWithdrawAddress.decode(value).delegatorAddress,
    run: (context, value) => {
      const { delegatorAddress, withdrawAddress } = MsgSetWithdrawAddress.decode(value);
      context.state.withdrawTo.set(delegatorAddress, withdrawAddress);
      emit(context, 'set_withdraw_address', { withdraw_address: withdrawAddress });
    },
  },
  [MsgEditValidator.typeUrl]: {
    gas: 90_000n,
    module: 'staking',
    signer: (value) => accountOf(MsgEditValidator.decode(value).validatorAddress),
    run: (context, value) => {
      const { validatorAddress, commissionRate } = MsgEditValidator.decode(value);
      const validator = validatorOf(context.state, validatorAddress);
      const rate = BigInt(commissionRate);
      if (rate > ONE) throw new SdkError('staking', 10, 'commission cannot be more than 100%');
      if (context.timeNs - validator.commissionNs < DAY_NS) {
        throw new SdkError('staking', 12, 'commission cannot be changed more than once in 24h');
      }
      context.state.validators.set(validatorAddress, { ...validator, commission: rate, commissionNs: context.timeNs });
      emit(context, 'edit_validator', { commission_rate: decText(rate), min_self_delegation: '1' });
    },
  },
  [MsgUnjail.typeUrl]: {
    gas: 90_000n,
    module: 'slashing',
    signer: (value) => accountOf(MsgUnjail.decode(value).validatorAddr),
    run: (context, value) => {
      const validator = validatorOf(context.state, MsgUnjail.decode(value).validatorAddr);
      const info = context.state.signing.get(validator.consensusAddress);
      if (!validator.jailed) throw new SdkError('slashing', 5, 'validator not jailed; cannot be unjailed');
      if (info?.tombstoned || (info?.jailedUntilNs ?? 0n) > context.timeNs) {
        throw new SdkError('slashing', 4, 'validator still jailed; cannot be unjailed');
      }
      context.state.validators.set(validator.operator, { ...validator, jailed: false });
    },
  },
  [DISABLE_TOKENIZE]: liquidHandler(DISABLE_TOKENIZE, lockShares),
  [ENABLE_TOKENIZE]: liquidHandler(ENABLE_TOKENIZE, unlockShares),
};

function liquidHandler(typeUrl: string, act: (context: Context, account: string) => void): Handler {
  return {
    gas: 60_000n,
    module: 'liquid',
    signer: textOf,
    run: (context, value) => {
      if (!context.state.params.hasLiquid) throw unknownMessage(typeUrl);
      act(context, textOf(value));
    },
  };
}

function unknownMessage(typeUrl: string): SdkError {
  return new SdkError('sdk', 2, `unable to resolve type URL ${typeUrl}: tx parse error`);
}

export function handlerOf(message: AnyMessage): Handler {
  const handler = HANDLERS[message.typeUrl];
  if (handler === undefined) throw unknownMessage(message.typeUrl);
  return handler;
}

/** Runs one message; its events carry its place in the transaction. */
export function runMessage(context: Context, message: AnyMessage, index: number): void {
  const handler = handlerOf(message);
  const inner: Context = { ...context, events: [] };
  const sender = handler.signer(message.value);
  handler.run(inner, message.value);
  const place = ['msg_index', String(index)] as const;
  const action = { action: message.typeUrl, sender, module: handler.module };
  context.events.push({ type: 'message', attributes: [...Object.entries(action), place] });
  for (const event of inner.events) context.events.push({ ...event, attributes: [...event.attributes, place] });
}

function amountOf(coin: { readonly denom: string; readonly amount: string } | undefined): bigint {
  if (coin?.denom !== 'uatom') {
    throw new SdkError(
      'sdk',
      18,
      `invalid coin denomination: got ${coin?.denom ?? ''}, expected uatom: invalid request`,
    );
  }
  if (!/^\d+$/.test(coin.amount) || BigInt(coin.amount) <= 0n) {
    throw new SdkError('sdk', 18, 'invalid delegation amount: invalid request');
  }
  return BigInt(coin.amount);
}

export function rfc3339(ns: bigint, withFraction = false): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const fraction = String(ns % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return withFraction && fraction !== '' ? `${seconds}.${fraction}Z` : `${seconds}Z`;
}
