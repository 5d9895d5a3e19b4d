/** Validators and governable numbers, as they stand at one block. */
import { createHash } from 'node:crypto';

import { atoms } from '@app/staking-core';
import { toBech32 } from '@cosmjs/encoding';
import { PubKey } from 'cosmjs-types/cosmos/crypto/ed25519/keys';
import type { ValidatorSigningInfo } from 'cosmjs-types/cosmos/slashing/v1beta1/slashing';
import { BondStatus, type Validator } from 'cosmjs-types/cosmos/staking/v1beta1/staking';

import type { BlockStamp, ChainParameters, ValidatorState } from '../chain-adapter.js';
import { scrub } from '../rpc/scrub.js';
import type { CosmosClient } from './cosmos.client.js';
import { readAllPages } from './cosmos.cut.js';
import {
  address,
  amountOf,
  badAnswer,
  CONSENSUS_PREFIX,
  DEC_ONE,
  decodeProto,
  decOf,
  OPERATOR_PREFIX,
  timestampNs,
} from './cosmos.decode.js';
import { queries } from './cosmos.queries.js';

const LONGEST_MONIKER = 70;
const BPS = 10_000n;

export interface ListedValidator {
  readonly state: ValidatorState;
  /** The address that consensus, slashing and their events know it by. */
  readonly consensusAddress: string;
}

export async function readListed(client: CosmosClient, at: BlockStamp): Promise<ListedValidator[]> {
  const [validatorPage, infoPage] = await client.readAll(at, [queries.validators(), queries.signingInfos()]);
  const validators = await readAllPages(client, at, validatorPage, (key) => queries.validators(key));
  const infos = await readAllPages(client, at, infoPage, (key) => queries.signingInfos(key));
  if (validators.length === 0) throw badAnswer('the chain has no validators');
  const byAddress = new Map(infos.map((info) => [info.address, info]));
  return validators.map((one) => decodeValidator(one, byAddress)).sort(byKey);
}

export async function readValidators(client: CosmosClient, at: BlockStamp): Promise<ValidatorState[]> {
  return (await readListed(client, at)).map((one) => one.state);
}

function byKey(a: ListedValidator, b: ListedValidator): number {
  return a.state.validator < b.state.validator ? -1 : 1;
}

export function decodeValidator(raw: Validator, infos: ReadonlyMap<string, ValidatorSigningInfo>): ListedValidator {
  const validator = address(raw.operatorAddress, OPERATOR_PREFIX, 'a validator');
  const consensusAddress = consensusAddressOf(raw);
  const info = infos.get(consensusAddress);
  const bonded = raw.status === BondStatus.BOND_STATUS_BONDED;
  const rate = decOf(raw.commission?.commissionRates?.rate ?? '', `the commission of ${validator}`);
  if (rate > DEC_ONE) throw badAnswer(`the commission of ${validator} is above all`, String(rate));
  const jailedUntilMs =
    raw.jailed && info !== undefined ? timestampNs(info.jailedUntil, 'a jail time') / 1_000_000n : 0n;
  return {
    consensusAddress,
    state: {
      validator,
      moniker: monikerOf(raw),
      // Rounded up: never shown lower than it is.
      commissionBps: (rate * BPS + DEC_ONE - 1n) / DEC_ONE,
      health: healthOf(raw.jailed, bonded, info?.tombstoned ?? false),
      jailedUntilMs: jailedUntilMs > 0n ? jailedUntilMs : null,
      earning: bonded && !raw.jailed,
      totalStake: amountOf(raw.tokens, `the stake of ${validator}`),
    },
  };
}

function healthOf(jailed: boolean, bonded: boolean, tombstoned: boolean): ValidatorState['health'] {
  if (tombstoned) return 'tombstoned';
  if (jailed) return 'jailed';
  return bonded ? 'active' : 'inactive';
}

function monikerOf(raw: Validator): string {
  const said = scrub(raw.description?.moniker ?? '');
  const short = said.length > LONGEST_MONIKER ? `${said.slice(0, LONGEST_MONIKER)}…` : said;
  return short === '' ? '(no name)' : short;
}

function consensusAddressOf(raw: Validator): string {
  const key = raw.consensusPubkey;
  if (key?.typeUrl !== '/cosmos.crypto.ed25519.PubKey') {
    throw badAnswer(`the consensus key of ${raw.operatorAddress} is of another kind`, key?.typeUrl);
  }
  const bytes = decodeProto(PubKey, key.value, 'a consensus key').key;
  return toBech32(CONSENSUS_PREFIX, createHash('sha256').update(bytes).digest().subarray(0, 20));
}

/**
 * Numbers that governance can move; for an account also its authorities: who receives its rewards, who else may act for
 * it, whether its stake can be made transferable. A change of any is worth an alarm.
 */
export async function readParameters(
  client: CosmosClient,
  at: BlockStamp,
  account: string | null,
): Promise<ChainParameters> {
  const [staking, slashing, communityTax] = await client.readAll(at, [
    queries.stakingParams(),
    queries.slashingParams(),
    queries.communityTax(),
  ]);
  const gasPrice = await client.readIfPresent(at, queries.gasPrice());
  const unbonding = staking.unbondingTime;
  return {
    minimumDelegation: atoms(1n), // x/staking asks for more than nothing
    unbondingMs: timestampNs(unbonding, 'the unbonding time') / 1_000_000n,
    unbondingPeriods: null,
    others: {
      maxEntries: String(staking.maxEntries),
      maxValidators: String(staking.maxValidators),
      communityTax: decText(communityTax),
      slashFractionDoubleSign: decText(decInBytes(slashing.slashFractionDoubleSign, 'the double-sign fraction')),
      slashFractionDowntime: decText(decInBytes(slashing.slashFractionDowntime, 'the downtime fraction')),
      signedBlocksWindow: String(slashing.signedBlocksWindow),
      downtimeJailSeconds: String(slashing.downtimeJailDuration?.seconds ?? 0n),
      feemarket: gasPrice === null ? 'absent' : 'present',
      ...(account === null ? {} : await readAuthorities(client, at, account)),
    },
  };
}

async function readAuthorities(client: CosmosClient, at: BlockStamp, account: string): Promise<Record<string, string>> {
  const withdrawAddress = await client.read(at, queries.withdrawAddress(account));
  const lock = await client.readIfPresent(at, queries.tokenizeLock(account));
  const grants = await client.readIfPresent(at, queries.grants(account));
  return {
    withdrawAddress,
    tokenizeShares: lock === null ? 'absent' : tokenizeStatus(lock),
    authzGrants: grants === null ? 'absent' : grants.length === 0 ? 'none' : [...grants].sort().join(', '),
  };
}

/** `locked` is what we want: nobody can turn our stake into transferable shares. */
export function tokenizeStatus(said: string): string {
  const name = said.replace(/^TOKENIZE_SHARE_LOCK_STATUS_/, '').toLowerCase();
  if (!['locked', 'unlocked', 'lock_expiring'].includes(name)) throw badAnswer('an unknown lock status', said);
  return name;
}

/** Fractions of x/slashing are bytes that hold the digits. */
function decInBytes(bytes: Uint8Array, what: string): bigint {
  return decOf(Buffer.from(bytes).toString('latin1'), what);
}

/** `0.02` for people. */
function decText(dec: bigint): string {
  const fraction = String(dec % DEC_ONE)
    .padStart(18, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(dec / DEC_ONE) : `${dec / DEC_ONE}.${fraction}`;
}
