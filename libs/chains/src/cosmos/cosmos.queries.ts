/** The gRPC queries that the adapter makes, each with the pure reading of its answer. */
import { BaseAccount } from 'cosmjs-types/cosmos/auth/v1beta1/auth';
import { QueryAccountRequest, QueryAccountResponse } from 'cosmjs-types/cosmos/auth/v1beta1/query';
import { QueryGranterGrantsRequest, QueryGranterGrantsResponse } from 'cosmjs-types/cosmos/authz/v1beta1/query';
import { QueryBalanceRequest, QueryBalanceResponse } from 'cosmjs-types/cosmos/bank/v1beta1/query';
import { PageRequest } from 'cosmjs-types/cosmos/base/query/v1beta1/pagination';
import { DecCoin } from 'cosmjs-types/cosmos/base/v1beta1/coin';
import {
  QueryDelegationTotalRewardsRequest,
  QueryDelegationTotalRewardsResponse,
  QueryDelegatorWithdrawAddressRequest,
  QueryDelegatorWithdrawAddressResponse,
  QueryParamsRequest as DistributionParamsRequest,
  QueryParamsResponse as DistributionParamsResponse,
  QueryValidatorSlashesRequest,
  QueryValidatorSlashesResponse,
} from 'cosmjs-types/cosmos/distribution/v1beta1/query';
import {
  QueryParamsRequest as SlashingParamsRequest,
  QueryParamsResponse as SlashingParamsResponse,
  QuerySigningInfosRequest,
  QuerySigningInfosResponse,
} from 'cosmjs-types/cosmos/slashing/v1beta1/query';
import {
  QueryDelegatorDelegationsRequest,
  QueryDelegatorDelegationsResponse,
  QueryDelegatorUnbondingDelegationsRequest,
  QueryDelegatorUnbondingDelegationsResponse,
  QueryParamsRequest as StakingParamsRequest,
  QueryParamsResponse as StakingParamsResponse,
  QueryRedelegationsRequest,
  QueryRedelegationsResponse,
  QueryValidatorsRequest,
  QueryValidatorsResponse,
} from 'cosmjs-types/cosmos/staking/v1beta1/query';
import { SimulateRequest, SimulateResponse } from 'cosmjs-types/cosmos/tx/v1beta1/service';
import { BinaryReader, BinaryWriter } from 'cosmjs-types/binary';

import type { StateQuery } from './cosmos.client.js';
import { ACCOUNT_PREFIX, address, amountOf, badAnswer, decodeProto, decOf, DENOM } from './cosmos.decode.js';

const PAGE = 500n;
const LARGEST_UINT64 = 18_446_744_073_709_551_615n;

/** Answers that come in pages; `next` is null with the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: Uint8Array | null;
}

function pageAt(key: Uint8Array | null): PageRequest {
  return PageRequest.fromPartial({ key: key ?? new Uint8Array(), limit: PAGE });
}

function paged<R extends { readonly pagination?: { readonly nextKey: Uint8Array } | undefined }, T>(
  type: { decode(bytes: Uint8Array): R },
  bytes: Uint8Array,
  what: string,
  items: (response: R) => readonly T[],
): Page<T> {
  const response = decodeProto(type, bytes, what);
  // Even an empty list comes with its page; an answer without one is no answer (R19).
  if (response.pagination === undefined) throw badAnswer(`${what} came without a page`);
  const { nextKey } = response.pagination;
  return { items: items(response), next: nextKey.length === 0 ? null : nextKey };
}

export interface AccountFacts {
  readonly accountNumber: bigint;
  readonly sequence: bigint;
  /** Protobuf `Any` of the public key; null until the account has signed for the first time. */
  readonly publicKey: { readonly typeUrl: string; readonly value: Uint8Array } | null;
}

export const queries = {
  account: (who: string): StateQuery<AccountFacts> => ({
    path: '/cosmos.auth.v1beta1.Query/Account',
    data: QueryAccountRequest.encode({ address: who }).finish(),
    decode: (bytes) => {
      const { account } = decodeProto(QueryAccountResponse, bytes, 'an account');
      if (account?.typeUrl !== '/cosmos.auth.v1beta1.BaseAccount') {
        throw badAnswer('an account is of a kind that we do not use', account?.typeUrl);
      }
      const base = decodeProto(BaseAccount, account.value, 'an account');
      if (base.address !== who) throw badAnswer(`asked for account ${who}, got another`, base.address);
      const { accountNumber, sequence, pubKey } = base;
      return { accountNumber, sequence, publicKey: pubKey ?? null };
    },
  }),
  balance: (who: string): StateQuery<bigint> => ({
    path: '/cosmos.bank.v1beta1.Query/Balance',
    data: QueryBalanceRequest.encode({ address: who, denom: DENOM }).finish(),
    decode: (bytes) => {
      const { balance } = decodeProto(QueryBalanceResponse, bytes, 'a balance');
      if (balance?.denom !== DENOM) throw badAnswer(`a balance is not in ${DENOM}`, balance?.denom);
      return amountOf(balance.amount, 'a balance');
    },
  }),
  delegations: (who: string, key: Uint8Array | null = null) => ({
    path: '/cosmos.staking.v1beta1.Query/DelegatorDelegations',
    data: QueryDelegatorDelegationsRequest.encode({ delegatorAddr: who, pagination: pageAt(key) }).finish(),
    decode: (bytes: Uint8Array) =>
      paged(QueryDelegatorDelegationsResponse, bytes, 'the delegations', (r) => r.delegationResponses),
  }),
  unbondings: (who: string, key: Uint8Array | null = null) => ({
    path: '/cosmos.staking.v1beta1.Query/DelegatorUnbondingDelegations',
    data: QueryDelegatorUnbondingDelegationsRequest.encode({ delegatorAddr: who, pagination: pageAt(key) }).finish(),
    decode: (bytes: Uint8Array) =>
      paged(QueryDelegatorUnbondingDelegationsResponse, bytes, 'the unbondings', (r) => r.unbondingResponses),
  }),
  redelegations: (who: string, key: Uint8Array | null = null) => ({
    path: '/cosmos.staking.v1beta1.Query/Redelegations',
    data: QueryRedelegationsRequest.encode({
      delegatorAddr: who,
      srcValidatorAddr: '',
      dstValidatorAddr: '',
      pagination: pageAt(key),
    }).finish(),
    decode: (bytes: Uint8Array) =>
      paged(QueryRedelegationsResponse, bytes, 'the redelegations', (r) => r.redelegationResponses),
  }),
  /** Pending rewards of all positions, in 10^-18 uatom. */
  rewards: (who: string): StateQuery<ReadonlyMap<string, bigint>> => ({
    path: '/cosmos.distribution.v1beta1.Query/DelegationTotalRewards',
    data: QueryDelegationTotalRewardsRequest.encode({ delegatorAddress: who }).finish(),
    decode: (bytes) => {
      const { rewards } = decodeProto(QueryDelegationTotalRewardsResponse, bytes, 'the pending rewards');
      return new Map(
        rewards.map(({ validatorAddress, reward }) => {
          const ours = reward.find((coin) => coin.denom === DENOM); // other coins are not this token's reward
          return [validatorAddress, ours === undefined ? 0n : decOf(ours.amount, 'a pending reward')];
        }),
      );
    },
  }),
  withdrawAddress: (who: string): StateQuery<string> => ({
    path: '/cosmos.distribution.v1beta1.Query/DelegatorWithdrawAddress',
    data: QueryDelegatorWithdrawAddressRequest.encode({ delegatorAddress: who }).finish(),
    decode: (bytes) =>
      address(
        decodeProto(QueryDelegatorWithdrawAddressResponse, bytes, 'the withdraw address').withdrawAddress,
        ACCOUNT_PREFIX,
        'the withdraw address',
      ),
  }),
  /** Others who may act for us (x/authz), as `grantee type` each. */
  grants: (who: string): StateQuery<readonly string[]> => ({
    path: '/cosmos.authz.v1beta1.Query/GranterGrants',
    data: QueryGranterGrantsRequest.encode({ granter: who, pagination: pageAt(null) }).finish(),
    decode: (bytes) =>
      decodeProto(QueryGranterGrantsResponse, bytes, 'the grants').grants.map(
        (one) => `${one.grantee} ${one.authorization?.typeUrl ?? '?'}`,
      ),
  }),
  /**
   * All slashes of a validator up to the block. The request's heights are held against a period counter by the SDK
   * (x/distribution/keeper/grpc_query.go), so they cannot choose heights: everything is asked for.
   */
  slashes: (validator: string, key: Uint8Array | null = null) => ({
    path: '/cosmos.distribution.v1beta1.Query/ValidatorSlashes',
    data: QueryValidatorSlashesRequest.encode({
      validatorAddress: validator,
      startingHeight: 0n,
      endingHeight: LARGEST_UINT64,
      pagination: pageAt(key),
    }).finish(),
    decode: (bytes: Uint8Array) =>
      paged(QueryValidatorSlashesResponse, bytes, 'the slashes', (r) =>
        r.slashes.map((one) => ({ period: one.validatorPeriod, fraction: decOf(one.fraction, 'a slash fraction') })),
      ),
  }),
  validators: (key: Uint8Array | null = null) => ({
    path: '/cosmos.staking.v1beta1.Query/Validators',
    data: QueryValidatorsRequest.encode({ status: '', pagination: pageAt(key) }).finish(),
    decode: (bytes: Uint8Array) => paged(QueryValidatorsResponse, bytes, 'the validators', (r) => r.validators),
  }),
  signingInfos: (key: Uint8Array | null = null) => ({
    path: '/cosmos.slashing.v1beta1.Query/SigningInfos',
    data: QuerySigningInfosRequest.encode({ pagination: pageAt(key) }).finish(),
    decode: (bytes: Uint8Array) => paged(QuerySigningInfosResponse, bytes, 'the signing infos', (r) => r.info),
  }),
  stakingParams: (): StateQuery<NonNullable<StakingParamsResponse['params']>> => ({
    path: '/cosmos.staking.v1beta1.Query/Params',
    data: StakingParamsRequest.encode({}).finish(),
    decode: (bytes) => {
      const { params } = decodeProto(StakingParamsResponse, bytes, 'the staking parameters');
      if (params?.bondDenom !== DENOM) throw badAnswer(`stake is not in ${DENOM}`, params?.bondDenom);
      if (params.maxEntries === 0) throw badAnswer('the staking parameters allow no entry');
      return params;
    },
  }),
  slashingParams: (): StateQuery<NonNullable<SlashingParamsResponse['params']>> => ({
    path: '/cosmos.slashing.v1beta1.Query/Params',
    data: SlashingParamsRequest.encode({}).finish(),
    decode: (bytes) => {
      const { params } = decodeProto(SlashingParamsResponse, bytes, 'the slashing parameters');
      if (params === undefined) throw badAnswer('the slashing parameters are missing');
      return params;
    },
  }),
  communityTax: (): StateQuery<bigint> => ({
    path: '/cosmos.distribution.v1beta1.Query/Params',
    data: DistributionParamsRequest.encode({}).finish(),
    decode: (bytes) => {
      const { params } = decodeProto(DistributionParamsResponse, bytes, 'the distribution parameters');
      if (params === undefined) throw badAnswer('the distribution parameters are missing');
      return decOf(params.communityTax, 'the community tax');
    },
  }),
  /** x/feemarket: price of one gas, in 10^-18 uatom. */
  gasPrice: (): StateQuery<bigint> => ({
    path: '/feemarket.feemarket.v1.Query/GasPrice',
    data: new BinaryWriter().uint32(10).string(DENOM).finish(),
    decode: (bytes) => {
      const coin = decodeProto({ decode: (b: Uint8Array) => firstMessage(b, DecCoin) }, bytes, 'the gas price');
      if (coin?.denom !== DENOM) throw badAnswer(`the gas price is not in ${DENOM}`, coin?.denom);
      const price = decOf(coin.amount, 'the gas price');
      if (price === 0n) throw badAnswer('the gas price is zero');
      return price;
    },
  }),
  /** Gaia's x/liquid: whether our shares can be made transferable, e.g. `TOKENIZE_SHARE_LOCK_STATUS_LOCKED`. */
  tokenizeLock: (who: string): StateQuery<string> => ({
    path: '/gaia.liquid.v1beta1.Query/TokenizeShareLockInfo',
    data: new BinaryWriter().uint32(10).string(who).finish(),
    decode: (bytes) => decodeProto({ decode: firstText }, bytes, 'the lock of tokenized shares'),
  }),
  /** Gas that the transaction would use in the newest state. */
  simulate: (txBytes: Uint8Array): StateQuery<bigint> => ({
    path: '/cosmos.tx.v1beta1.Service/Simulate',
    data: SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes })).finish(),
    decode: (bytes) => {
      const { gasInfo } = decodeProto(SimulateResponse, bytes, 'a simulation');
      if (gasInfo === undefined || gasInfo.gasUsed === 0n) throw badAnswer('a simulation used no gas');
      return gasInfo.gasUsed;
    },
  }),
};

/** The message in field 1. */
function firstMessage<T>(
  bytes: Uint8Array,
  type: { decode(input: BinaryReader | Uint8Array, length?: number): T },
): T | undefined {
  const reader = new BinaryReader(bytes);
  let found: T | undefined;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 10) found = type.decode(reader, reader.uint32());
    else reader.skipType(tag & 7);
  }
  return found;
}

/** The text in field 1. */
function firstText(bytes: Uint8Array): string {
  const reader = new BinaryReader(bytes);
  let found = '';
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 10) found = reader.string();
    else reader.skipType(tag & 7);
  }
  return found;
}
