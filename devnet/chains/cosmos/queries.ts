/** The gRPC queries that the model answers, in the SDK's protobuf, at any height it still has. */
import { BinaryWriter } from 'cosmjs-types/binary';
import { BaseAccount } from 'cosmjs-types/cosmos/auth/v1beta1/auth';
import { QueryAccountRequest, QueryAccountResponse } from 'cosmjs-types/cosmos/auth/v1beta1/query';
import { QueryGranterGrantsResponse } from 'cosmjs-types/cosmos/authz/v1beta1/query';
import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
  QueryBalanceRequest,
  QueryBalanceResponse,
} from 'cosmjs-types/cosmos/bank/v1beta1/query';
import { PageResponse } from 'cosmjs-types/cosmos/base/query/v1beta1/pagination';
import { DecCoin } from 'cosmjs-types/cosmos/base/v1beta1/coin';
import { PubKey as ConsensusPubKey } from 'cosmjs-types/cosmos/crypto/ed25519/keys';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import {
  QueryDelegationRewardsRequest,
  QueryDelegationRewardsResponse,
  QueryDelegationTotalRewardsRequest,
  QueryDelegationTotalRewardsResponse,
  QueryDelegatorWithdrawAddressRequest,
  QueryDelegatorWithdrawAddressResponse,
  QueryParamsResponse as DistributionParamsResponse,
  QueryValidatorSlashesRequest,
  QueryValidatorSlashesResponse,
} from 'cosmjs-types/cosmos/distribution/v1beta1/query';
import {
  QueryParamsResponse as SlashingParamsResponse,
  QuerySigningInfosResponse,
} from 'cosmjs-types/cosmos/slashing/v1beta1/query';
import {
  QueryDelegationRequest,
  QueryDelegationResponse,
  QueryDelegatorDelegationsRequest,
  QueryDelegatorDelegationsResponse,
  QueryDelegatorUnbondingDelegationsRequest,
  QueryDelegatorUnbondingDelegationsResponse,
  QueryParamsResponse as StakingParamsResponse,
  QueryRedelegationsRequest,
  QueryRedelegationsResponse,
  QueryValidatorRequest,
  QueryValidatorResponse,
  QueryValidatorsResponse,
} from 'cosmjs-types/cosmos/staking/v1beta1/query';
import { BondStatus, Validator as ValidatorProto } from 'cosmjs-types/cosmos/staking/v1beta1/staking';
import { SimulateRequest, SimulateResponse } from 'cosmjs-types/cosmos/tx/v1beta1/service';
import { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';

import { balanceOf } from './bank.js';
import type { CosmosChain } from './cosmos-chain.js';
import { dec, type Dec } from './dec.js';
import { calculateRewards, incrementPeriod } from './distribution.js';
import { lockInfo } from './liquid.js';
import { tokensFromShares } from './staking.js';
import { SdkError, type ChainState, type Context, type Validator } from './state.js';

interface Read {
  readonly chain: CosmosChain;
  readonly state: ChainState;
  readonly height: bigint;
  readonly data: Uint8Array;
}

type Answer = (read: Read) => Uint8Array;

const everything = PageResponse.fromPartial({});

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/cosmos.auth.v1beta1.Query/Account': ({ state, data }) => {
    const { address } = QueryAccountRequest.decode(data);
    const account = state.accounts.get(address);
    if (account === undefined) throw notFound(`account ${address} not found`);
    const key = account.publicKey === null ? undefined : Buffer.from(account.publicKey, 'hex');
    const base = BaseAccount.fromPartial({
      address,
      accountNumber: account.number,
      sequence: account.sequence,
      ...(key === undefined ? {} : { pubKey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key }).finish() } }),
    });
    const any = { typeUrl: BaseAccount.typeUrl, value: BaseAccount.encode(base).finish() };
    return QueryAccountResponse.encode({ account: any }).finish();
  },
  '/cosmos.bank.v1beta1.Query/Balance': ({ state, data }) => {
    const { address, denom } = QueryBalanceRequest.decode(data);
    const amount = denom === 'uatom' ? String(balanceOf(state, address)) : '0';
    return QueryBalanceResponse.encode({ balance: { denom, amount } }).finish();
  },
  '/cosmos.bank.v1beta1.Query/AllBalances': ({ state, data }) => {
    const amount = balanceOf(state, QueryAllBalancesRequest.decode(data).address);
    const balances = amount === 0n ? [] : [{ denom: 'uatom', amount: String(amount) }];
    return QueryAllBalancesResponse.encode(
      QueryAllBalancesResponse.fromPartial({ balances, pagination: everything }),
    ).finish();
  },
  '/cosmos.authz.v1beta1.Query/GranterGrants': () =>
    QueryGranterGrantsResponse.encode({ grants: [], pagination: everything }).finish(),
  '/cosmos.staking.v1beta1.Query/Params': ({ state }) => {
    const { unbondingNs, maxEntries, maxValidators } = state.params;
    return StakingParamsResponse.encode(
      StakingParamsResponse.fromPartial({
        params: {
          unbondingTime: { seconds: unbondingNs / 1_000_000_000n, nanos: Number(unbondingNs % 1_000_000_000n) },
          maxValidators,
          maxEntries,
          historicalEntries: 10_000,
          bondDenom: 'uatom',
          minCommissionRate: '50000000000000000',
        },
      }),
    ).finish();
  },
  '/cosmos.staking.v1beta1.Query/Validators': ({ state }) =>
    QueryValidatorsResponse.encode({
      validators: state.validators.values().map(validatorProto),
      pagination: everything,
    }).finish(),
  '/cosmos.staking.v1beta1.Query/Validator': ({ state, data }) => {
    const { validatorAddr } = QueryValidatorRequest.decode(data);
    const validator = state.validators.get(validatorAddr);
    if (validator === undefined) throw notFound(`validator ${validatorAddr} not found`);
    return QueryValidatorResponse.encode({ validator: validatorProto(validator) }).finish();
  },
  '/cosmos.staking.v1beta1.Query/Delegation': ({ state, data }) => {
    const { delegatorAddr, validatorAddr } = QueryDelegationRequest.decode(data);
    const shares = state.delegations.get(`${delegatorAddr}/${validatorAddr}`);
    if (shares === undefined) {
      throw notFound(`delegation with delegator ${delegatorAddr} not found for validator ${validatorAddr}`);
    }
    return QueryDelegationResponse.encode({
      delegationResponse: delegationProto(state, delegatorAddr, validatorAddr, shares),
    }).finish();
  },
  '/cosmos.staking.v1beta1.Query/DelegatorDelegations': ({ state, data }) => {
    const { delegatorAddr } = QueryDelegatorDelegationsRequest.decode(data);
    return QueryDelegatorDelegationsResponse.encode({
      delegationResponses: delegationsOf(state, delegatorAddr).map(([validator, shares]) =>
        delegationProto(state, delegatorAddr, validator, shares),
      ),
      pagination: everything,
    }).finish();
  },
  '/cosmos.staking.v1beta1.Query/DelegatorUnbondingDelegations': ({ state, data }) => {
    const { delegatorAddr } = QueryDelegatorUnbondingDelegationsRequest.decode(data);
    const unbondingResponses = state.unbondings
      .entries()
      .filter(([key]) => key.startsWith(`${delegatorAddr}/`))
      .map(([key, entries]) => ({
        delegatorAddress: delegatorAddr,
        validatorAddress: key.split('/')[1] ?? '',
        entries: entries.map((entry) => ({
          creationHeight: entry.creationHeight,
          completionTime: timestamp(entry.completionNs),
          initialBalance: String(entry.initialBalance),
          balance: String(entry.balance),
          unbondingId: entry.id,
          unbondingOnHoldRefCount: 0n,
        })),
      }));
    return QueryDelegatorUnbondingDelegationsResponse.encode({ unbondingResponses, pagination: everything }).finish();
  },
  '/cosmos.staking.v1beta1.Query/Redelegations': ({ state, data }) => {
    const { delegatorAddr } = QueryRedelegationsRequest.decode(data);
    const redelegationResponses = state.redelegations
      .entries()
      .filter(([key]) => key.startsWith(`${delegatorAddr}/`))
      .map(([key, entries]) => {
        const [, validatorSrcAddress = '', validatorDstAddress = ''] = key.split('/');
        return {
          redelegation: { delegatorAddress: delegatorAddr, validatorSrcAddress, validatorDstAddress, entries: [] },
          entries: entries.map((entry) => ({
            redelegationEntry: {
              creationHeight: entry.creationHeight,
              completionTime: timestamp(entry.completionNs),
              initialBalance: String(entry.initialBalance),
              sharesDst: String(entry.sharesDst),
              unbondingId: entry.id,
              unbondingOnHoldRefCount: 0n,
            },
            balance: String(entry.initialBalance),
          })),
        };
      });
    return QueryRedelegationsResponse.encode(
      QueryRedelegationsResponse.fromPartial({ redelegationResponses, pagination: everything }),
    ).finish();
  },
  '/cosmos.distribution.v1beta1.Query/Params': ({ state }) =>
    DistributionParamsResponse.encode({
      params: {
        communityTax: String(state.params.communityTax),
        baseProposerReward: '0',
        bonusProposerReward: '0',
        withdrawAddrEnabled: true,
      },
    }).finish(),
  '/cosmos.distribution.v1beta1.Query/DelegationTotalRewards': ({ state, height, data }) => {
    const { delegatorAddress } = QueryDelegationTotalRewardsRequest.decode(data);
    const rewards = delegationsOf(state, delegatorAddress).map(([validatorAddress]) => ({
      validatorAddress,
      reward: coins(pendingOf(state, height, delegatorAddress, validatorAddress)),
    }));
    const total = rewards.flatMap((one) => one.reward).reduce((sum, coin) => sum + BigInt(coin.amount), 0n);
    return QueryDelegationTotalRewardsResponse.encode({ rewards, total: coins(total) }).finish();
  },
  '/cosmos.distribution.v1beta1.Query/DelegationRewards': ({ state, height, data }) => {
    const { delegatorAddress, validatorAddress } = QueryDelegationRewardsRequest.decode(data);
    return QueryDelegationRewardsResponse.encode({
      rewards: coins(pendingOf(state, height, delegatorAddress, validatorAddress)),
    }).finish();
  },
  '/cosmos.distribution.v1beta1.Query/DelegatorWithdrawAddress': ({ state, data }) => {
    const { delegatorAddress } = QueryDelegatorWithdrawAddressRequest.decode(data);
    const withdrawAddress = state.withdrawTo.get(delegatorAddress) ?? delegatorAddress;
    return QueryDelegatorWithdrawAddressResponse.encode({ withdrawAddress }).finish();
  },
  '/cosmos.distribution.v1beta1.Query/ValidatorSlashes': ({ state, data }) => {
    const { validatorAddress, startingHeight, endingHeight } = QueryValidatorSlashesRequest.decode(data);
    // The SDK holds the heights of the request against the period: so does the model.
    const slashes = (state.slashes.get(validatorAddress) ?? [])
      .filter((one) => one.period >= startingHeight && one.period <= endingHeight)
      .map((one) => ({ validatorPeriod: one.period, fraction: String(one.fraction) }));
    return QueryValidatorSlashesResponse.encode({ slashes, pagination: everything }).finish();
  },
  '/cosmos.slashing.v1beta1.Query/Params': ({ state }) => {
    const { slashDoubleSign, slashDowntime, downtimeJailNs } = state.params;
    const bytes = (value: Dec): Uint8Array => Buffer.from(String(value));
    return SlashingParamsResponse.encode({
      params: {
        signedBlocksWindow: 10_000n,
        minSignedPerWindow: bytes(50_000_000_000_000_000n),
        downtimeJailDuration: { seconds: downtimeJailNs / 1_000_000_000n, nanos: 0 },
        slashFractionDoubleSign: bytes(slashDoubleSign),
        slashFractionDowntime: bytes(slashDowntime),
      },
    }).finish();
  },
  '/cosmos.slashing.v1beta1.Query/SigningInfos': ({ state }) =>
    QuerySigningInfosResponse.encode({
      info: state.signing.entries().map(([address, info]) => ({
        address,
        startHeight: info.startHeight,
        indexOffset: 0n,
        jailedUntil: timestamp(info.jailedUntilNs),
        tombstoned: info.tombstoned,
        missedBlocksCounter: 0n,
      })),
      pagination: everything,
    }).finish(),
  '/feemarket.feemarket.v1.Query/GasPrice': ({ state }) => {
    if (state.params.gasPrice === null) throw unknownPath();
    const price = DecCoin.encode({ denom: 'uatom', amount: String(state.params.gasPrice) }).finish();
    return new BinaryWriter().uint32(10).bytes(price).finish();
  },
  '/gaia.liquid.v1beta1.Query/TokenizeShareLockInfo': ({ chain, state, height, data }) => {
    if (!state.params.hasLiquid) throw unknownPath();
    return lockInfo(state, data, chain.block(height)?.header.timeNs ?? chain.timeNs);
  },
  '/cosmos.tx.v1beta1.Service/Simulate': ({ chain, data }) => {
    const result = chain.simulate(SimulateRequest.decode(data).txBytes);
    if (result.code !== 0) {
      throw new SdkError('sdk', 6, `${result.log} with gas used: '${result.gasUsed}': unknown request`);
    }
    const { gasWanted, gasUsed } = result;
    return SimulateResponse.encode(SimulateResponse.fromPartial({ gasInfo: { gasWanted, gasUsed } })).finish();
  },
};

export interface QueryAnswer {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly height: bigint;
  readonly value: Uint8Array;
}

/** `height` 0: the newest. */
export function query(chain: CosmosChain, path: string, data: Uint8Array, height: bigint): QueryAnswer {
  const at = height === 0n ? chain.height : height;
  try {
    const answer = ANSWERS[path];
    if (answer === undefined) throw unknownPath();
    if (at > chain.height) {
      throw new SdkError(
        'sdk',
        26,
        'cannot query with height in the future; please provide a valid height: invalid height',
      );
    }
    const state = chain.stateAt(at);
    if (state === undefined) {
      const log =
        `failed to load state at height ${at}; version mismatch on immutable IAVL tree; version does not exist. ` +
        `Version has either been pruned, or is for a future block height (latest height: ${chain.height}): not found`;
      throw new SdkError('sdk', 38, log);
    }
    const value = answer({ chain, state, height: at, data });
    return { code: 0, codespace: '', log: '', height: at, value };
  } catch (error) {
    if (!(error instanceof SdkError)) throw error;
    return { code: error.code, codespace: error.codespace, log: error.message, height: 0n, value: new Uint8Array() };
  }
}

function unknownPath(): SdkError {
  return new SdkError('sdk', 6, 'unknown query path: unknown request');
}

function notFound(what: string): SdkError {
  return new SdkError('sdk', 22, `rpc error: code = NotFound desc = ${what}: key not found`);
}

/** As the SDK's query: on a copy whose period is ended first. */
export function pendingOf(state: ChainState, height: bigint, delegator: string, operator: string): Dec {
  const copy = state.fork();
  const validator = copy.validators.get(operator);
  if (validator === undefined) throw notFound(`validator ${operator} not found`);
  const context: Context = { state: copy, height, timeNs: 0n, events: [] };
  return calculateRewards(context, delegator, validator, incrementPeriod(copy, validator));
}

function delegationsOf(state: ChainState, delegator: string): [string, Dec][] {
  return state.delegations
    .entries()
    .filter(([key]) => key.startsWith(`${delegator}/`))
    .map(([key, shares]) => [key.split('/')[1] ?? '', shares]);
}

function delegationProto(state: ChainState, delegatorAddress: string, validatorAddress: string, shares: Dec) {
  const validator = state.validators.get(validatorAddress);
  if (validator === undefined) throw notFound(`validator ${validatorAddress} not found`);
  const amount = String(dec.truncateInt(tokensFromShares(validator, shares)));
  return {
    delegation: { delegatorAddress, validatorAddress, shares: String(shares) },
    balance: { denom: 'uatom', amount },
  };
}

const STATUS = {
  unbonded: BondStatus.BOND_STATUS_UNBONDED,
  unbonding: BondStatus.BOND_STATUS_UNBONDING,
  bonded: BondStatus.BOND_STATUS_BONDED,
} as const;

function validatorProto(one: Validator): ValidatorProto {
  const key = Buffer.from(one.consensusKey, 'hex');
  return ValidatorProto.fromPartial({
    operatorAddress: one.operator,
    consensusPubkey: { typeUrl: ConsensusPubKey.typeUrl, value: ConsensusPubKey.encode({ key }).finish() },
    jailed: one.jailed,
    status: STATUS[one.status],
    tokens: String(one.tokens),
    delegatorShares: String(one.shares),
    description: { moniker: one.moniker },
    unbondingHeight: one.unbondingHeight,
    unbondingTime: timestamp(one.unbondingNs),
    commission: {
      commissionRates: {
        rate: String(one.commission),
        maxRate: '1000000000000000000',
        maxChangeRate: '1000000000000000000',
      },
      updateTime: timestamp(one.commissionNs),
    },
    minSelfDelegation: '1',
  });
}

function timestamp(ns: bigint): Timestamp {
  return Timestamp.fromPartial({ seconds: ns / 1_000_000_000n, nanos: Number(ns % 1_000_000_000n) });
}

function coins(amount: Dec): DecCoin[] {
  return amount === 0n ? [] : [{ denom: 'uatom', amount: String(amount) }];
}
