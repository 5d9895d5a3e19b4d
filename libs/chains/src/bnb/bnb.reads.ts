/**
 * Pure: each view call of the staking contracts as a value that knows how to ask and how to read the answer. The client
 * only carries them to a node, at a block that the caller names.
 */
import type { Atoms } from '@app/staking-core';
import type { Interface, Result } from 'ethers';

import { COMMISSION_BASE, CREDIT, HUB, SET, STAKE_HUB, VALIDATOR_SET } from './bnb.abi.js';
import { address, amount, badAnswer, bytes, decodeMoniker } from './bnb.decode.js';

export interface ContractRead<T> {
  readonly to: string;
  readonly data: string;
  readonly decode: (answer: unknown) => T;
}

export interface ValidatorPage {
  readonly validators: readonly { readonly operator: string; readonly credit: string }[];
  readonly total: bigint;
}

export interface UnbondRequest {
  readonly amount: Atoms;
  /** Unix seconds. */
  readonly unlockSeconds: bigint;
}

function read<T>(
  abi: Interface,
  to: string,
  name: string,
  args: readonly unknown[],
  pick: (result: Result) => T,
): ContractRead<T> {
  return {
    to,
    data: abi.encodeFunctionData(name, args),
    decode: (answer) => {
      const raw = bytes(answer, name);
      let result: Result;
      try {
        result = abi.decodeFunctionResult(name, raw);
      } catch {
        throw badAnswer(`${name} of ${to} answered ${raw.length / 2 - 1} bytes that are not its result`);
      }
      return pick(result);
    },
  };
}

const one =
  (name: string) =>
  (result: Result): Atoms =>
    amount(result[0], name);

const hubAmount = (name: string): ContractRead<Atoms> => read(HUB, STAKE_HUB, name, [], one(name));
const creditAmount = (credit: string, name: string, args: readonly unknown[] = []): ContractRead<Atoms> =>
  read(CREDIT, credit, name, args, one(name));

export const hub = {
  minDelegation: (): ContractRead<Atoms> => hubAmount('minDelegationBNBChange'),
  unbondSeconds: (): ContractRead<bigint> => hubAmount('unbondPeriod'),
  redelegateFeeRate: (): ContractRead<bigint> => hubAmount('redelegateFeeRate'),
  maxElectedValidators: (): ContractRead<bigint> => hubAmount('maxElectedValidators'),
  transferGasLimit: (): ContractRead<bigint> => hubAmount('transferGasLimit'),
  isPaused: (): ContractRead<boolean> => read(HUB, STAKE_HUB, 'isPaused', [], (r) => flag(r[0])),
  isBlackListed: (account: string): ContractRead<boolean> =>
    read(HUB, STAKE_HUB, 'blackList', [account], (r) => flag(r[0])),

  validators: (offset: bigint, limit: bigint): ContractRead<ValidatorPage> =>
    read(HUB, STAKE_HUB, 'getValidators', [offset, limit], (result) => {
      const operators = list(result[0]).map((item) => address(item, 'an operator'));
      const credits = list(result[1]).map((item) => address(item, 'a credit contract'));
      if (operators.length !== credits.length) throw badAnswer('getValidators gave lists of different length');
      const validators = operators.map((operator, i) => ({ operator, credit: credits[i] ?? '' }));
      return { validators, total: amount(result[2], 'the number of validators') };
    }),

  /** Jail time in Unix seconds; zero when never jailed. */
  basicInfo: (operator: string): ContractRead<{ readonly jailed: boolean; readonly jailUntil: bigint }> =>
    read(HUB, STAKE_HUB, 'getValidatorBasicInfo', [operator], (result) => {
      if (amount(result[0], 'the creation time of a validator') === 0n) throw badAnswer('no such validator', operator);
      return { jailed: flag(result[1]), jailUntil: amount(result[2], 'a jail time') };
    }),

  commissionBps: (operator: string): ContractRead<bigint> =>
    read(HUB, STAKE_HUB, 'getValidatorCommission', [operator], (result) => {
      const rate = amount(tuple(result[0])[0], 'a commission');
      if (rate > COMMISSION_BASE) throw badAnswer('a commission above 100 %', String(rate));
      return rate;
    }),

  moniker: (operator: string): ContractRead<string> =>
    read(HUB, STAKE_HUB, 'getValidatorDescription', [operator], (result) => {
      try {
        return decodeMoniker(tuple(result[0])[0]);
      } catch {
        return '(not text)'; // bytes that are no UTF-8: a stranger's choice, and no reason to stop reading money
      }
    }),

  consensusAddress: (operator: string): ContractRead<string> =>
    read(HUB, STAKE_HUB, 'getValidatorConsensusAddress', [operator], (r) => address(r[0], 'a consensus address')),
};

export const credit = {
  shares: (of: string, account: string): ContractRead<Atoms> => creditAmount(of, 'balanceOf', [account]),
  pooled: (of: string, account: string): ContractRead<Atoms> => creditAmount(of, 'getPooledBNB', [account]),
  /** All that is queued, matured or not. */
  locked: (of: string, account: string): ContractRead<Atoms> => creditAmount(of, 'lockedBNBs', [account, 0n]),
  requests: (of: string, account: string): ContractRead<bigint> => creditAmount(of, 'pendingUnbondRequest', [account]),
  sharesFor: (of: string, bnb: bigint): ContractRead<Atoms> => creditAmount(of, 'getSharesByPooledBNB', [bnb]),
  totalPooled: (of: string): ContractRead<Atoms> => creditAmount(of, 'totalPooledBNB'),
  totalShares: (of: string): ContractRead<Atoms> => creditAmount(of, 'totalSupply'),
  /** Income of all holders booked under UTC day `day` (days since 1970). */
  income: (of: string, day: bigint): ContractRead<Atoms> => creditAmount(of, 'rewardRecord', [day]),

  request: (of: string, account: string, index: bigint): ContractRead<UnbondRequest> =>
    read(CREDIT, of, 'unbondRequest', [account, index], (result) => {
      const request = tuple(result[0]);
      return { amount: amount(request[1], 'an unbonding'), unlockSeconds: amount(request[2], 'an unlock time') };
    }),
};

export const validatorSet = {
  /** Consensus addresses of those who make blocks, and earn, in the current period. */
  elected: (): ContractRead<ReadonlySet<string>> =>
    read(
      SET,
      VALIDATOR_SET,
      'getValidators',
      [],
      (result) => new Set(list(result[0]).map((a) => address(a, 'a seat'))),
    ),
};

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw badAnswer('a flag is neither true nor false', value);
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw badAnswer('a list is no list', value);
  return [...(value as readonly unknown[])];
}

function tuple(value: unknown): Result {
  if (!Array.isArray(value)) throw badAnswer('a structure is no structure', value);
  return value as Result;
}
