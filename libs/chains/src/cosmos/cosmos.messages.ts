/** Pure: an intent as the chain's message, a message as the bytes that are signed, and back. */
import { createHash } from 'node:crypto';

import { MsgWithdrawDelegatorReward } from 'cosmjs-types/cosmos/distribution/v1beta1/tx';
import { MsgBeginRedelegate, MsgDelegate, MsgUndelegate } from 'cosmjs-types/cosmos/staking/v1beta1/tx';
import { SignMode } from 'cosmjs-types/cosmos/tx/signing/v1beta1/signing';
import { AuthInfo, SignDoc, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { BinaryWriter } from 'cosmjs-types/binary';

import type { LockIntent, StakeIntent, StakeMove, Step } from '../chain-adapter.js';
import { withoutChill } from '../stake-move.js';
import { DENOM, OPERATOR_PREFIX, ownAddress } from './cosmos.decode.js';

/** What Cosmos has a message for. */
export type CosmosIntent = StakeMove | LockIntent;

export interface AnyMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/**
 * Gaia's x/liquid (`gaia/liquid/v1beta1/tx.proto`, field 1 is the delegator), which cosmjs-types does not have. Its opposite,
 * MsgEnableTokenizeShares, has no name in this product (R39).
 */
export const LOCK_SHARES = '/gaia.liquid.v1beta1.MsgDisableTokenizeShares';

/** The same intent with every address looked at. Throws `REFUSED` for what Cosmos has no message for. */
export function checkedIntent(wanted: StakeIntent): CosmosIntent {
  const intent = withoutChill('cosmos', wanted);
  if (intent.kind === 'redelegate') {
    ownAddress(intent.from, OPERATOR_PREFIX, 'the source');
    ownAddress(intent.to, OPERATOR_PREFIX, 'the target');
  } else if (intent.kind !== 'lock-shares') {
    ownAddress(intent.validator, OPERATOR_PREFIX, 'the validator');
  }
  return intent;
}

export function messageOf(intent: CosmosIntent, delegatorAddress: string): AnyMessage {
  const coin = (amount: bigint): { denom: string; amount: string } => ({ denom: DENOM, amount: String(amount) });
  switch (intent.kind) {
    case 'delegate':
      return {
        typeUrl: MsgDelegate.typeUrl,
        value: MsgDelegate.encode({
          delegatorAddress,
          validatorAddress: intent.validator,
          amount: coin(intent.amount),
        }).finish(),
      };
    case 'undelegate':
      return {
        typeUrl: MsgUndelegate.typeUrl,
        value: MsgUndelegate.encode({
          delegatorAddress,
          validatorAddress: intent.validator,
          amount: coin(intent.amount),
        }).finish(),
      };
    case 'redelegate':
      return {
        typeUrl: MsgBeginRedelegate.typeUrl,
        value: MsgBeginRedelegate.encode({
          delegatorAddress,
          validatorSrcAddress: intent.from,
          validatorDstAddress: intent.to,
          amount: coin(intent.amount),
        }).finish(),
      };
    case 'claim':
      return {
        typeUrl: MsgWithdrawDelegatorReward.typeUrl,
        value: MsgWithdrawDelegatorReward.encode({ delegatorAddress, validatorAddress: intent.validator }).finish(),
      };
    case 'lock-shares':
      return { typeUrl: LOCK_SHARES, value: new BinaryWriter().uint32(10).string(delegatorAddress).finish() };
  }
}

/** Tells on the chain itself which operation a transaction belongs to. */
export function memoOf(step: Step): string {
  return `${step.operationId}/${step.index}`;
}

export interface TransactionParts {
  readonly message: AnyMessage;
  readonly memo: string;
  /** In no block above this height. */
  readonly timeoutHeight: bigint;
  readonly publicKey: AnyMessage;
  readonly sequence: bigint;
  readonly accountNumber: bigint;
  readonly chainId: string;
  readonly gasLimit: bigint;
  readonly feeUatom: bigint;
}

export function signDocOf(parts: TransactionParts): SignDoc {
  const body = TxBody.fromPartial({
    messages: [{ typeUrl: parts.message.typeUrl, value: parts.message.value }],
    memo: parts.memo,
    timeoutHeight: parts.timeoutHeight,
  });
  const auth = AuthInfo.fromPartial({
    signerInfos: [
      {
        publicKey: { typeUrl: parts.publicKey.typeUrl, value: parts.publicKey.value },
        modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } },
        sequence: parts.sequence,
      },
    ],
    fee: { amount: [{ denom: DENOM, amount: String(parts.feeUatom) }], gasLimit: parts.gasLimit },
  });
  return SignDoc.fromPartial({
    bodyBytes: TxBody.encode(body).finish(),
    authInfoBytes: AuthInfo.encode(auth).finish(),
    chainId: parts.chainId,
    accountNumber: parts.accountNumber,
  });
}

export function signDocBytes(doc: SignDoc): Uint8Array {
  return SignDoc.encode(doc).finish();
}

/** A signed transaction as it goes over the wire. */
export function rawTransaction(doc: SignDoc, signature: Uint8Array): Uint8Array {
  const { bodyBytes, authInfoBytes } = doc;
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] }).finish();
}

/** Type URLs of the messages in signed bytes. */
export function messageTypesOf(bytes: Uint8Array): string[] {
  return TxBody.decode(TxRaw.decode(bytes).bodyBytes).messages.map((one) => one.typeUrl);
}

/** SHA-256 of the signed bytes, upper-case hex: known before anything is sent. */
export function txidOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').toUpperCase();
}

/** What a person approves: SHA-256 of exactly what is signed. */
export function digestOf(signBytes: Uint8Array): string {
  return createHash('sha256').update(signBytes).digest('hex');
}
