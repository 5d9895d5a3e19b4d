import type { BlockStamp, ChainParameters, Observation, Position, RewardObservation } from '@app/chains';
import type { CutRows, FactRow } from '@app/database';
import { formatInstant } from '@app/staking-core';

/** What names the rows: the chain, and the token its coin is listed under. */
export interface ChainNames {
  readonly chain: string;
  readonly token: string;
}

/** An observation as the rows it adds; numbers and times as exact text. */
export function rowsOf(names: ChainNames, observation: Observation): CutRows {
  const { chain, token } = names;
  const at = observation.to;
  return {
    cut: { chain, ...blockOf(at), at: formatInstant(at.timeMs), liquid: text(observation.liquid) },
    rewards: observation.rewards.map((reward) => rewardRow(names, reward)),
    flows: observation.flows.map((flow) => ({
      token,
      key: flow.key,
      kind: flow.kind,
      position_key: flow.positionKey,
      validator: flow.validator,
      amount: text(flow.amount),
      active_change: text(flow.activeChange),
      fee: text(flow.feeAtoms),
      at: formatInstant(flow.atMs),
      ...blockOf(flow.at),
      txid: flow.txid,
    })),
    slashes: observation.slashes.map((slash) => ({
      token,
      key: slash.key,
      kind: slash.kind,
      state: slash.state,
      position_key: slash.positionKey,
      validator: slash.validator,
      amount: text(slash.amount),
      at: formatInstant(slash.atMs),
      ...blockOf(slash.at),
      txid: slash.txid,
    })),
    positions: observation.positions.map((position) => positionRow(names, at, position)),
    validators: observation.validators.map((validator) => ({
      chain,
      height: text(at.height),
      validator: validator.validator,
      moniker: asStorableText(validator.moniker),
      commission_bps: text(validator.commissionBps),
      health: validator.health,
      jailed_until: validator.jailedUntilMs === null ? null : formatInstant(validator.jailedUntilMs),
      earning: validator.earning,
      total_stake: text(validator.totalStake),
    })),
    parameters: parameterEntries(observation.parameters).map(([name, value]) => ({
      chain,
      height: text(at.height),
      name,
      value,
    })),
    days: observation.days.map(({ day, averageStake }) => ({
      token,
      day,
      average_stake: text(averageStake),
      chain,
      cut_height: text(at.height),
    })),
  };
}

function rewardRow({ chain, token }: ChainNames, reward: RewardObservation): FactRow {
  return {
    token,
    key: reward.key,
    kind: reward.kind,
    position_key: reward.positionKey,
    validator: reward.validator,
    period: reward.period,
    amount: text(reward.amount),
    earned_from: formatInstant(reward.earnedFromMs),
    earned_to: formatInstant(reward.earnedToMs),
    chain,
    ...blockOf(reward.at),
    txid: reward.txid,
    cross_check: reward.crossCheck && text(reward.crossCheck.amount),
    cross_tolerance: reward.crossCheck && text(reward.crossCheck.toleranceAtoms),
  };
}

/** The chain's own numbers by name, as text; those without a value are left out. */
export function parameterEntries(parameters: ChainParameters): readonly (readonly [string, string])[] {
  const named: Record<string, string> = {
    minimumDelegation: text(parameters.minimumDelegation),
    ...(parameters.unbondingMs === null ? {} : { unbondingMs: text(parameters.unbondingMs) }),
    ...(parameters.unbondingPeriods === null ? {} : { unbondingPeriods: text(parameters.unbondingPeriods) }),
    ...parameters.others,
  };
  return Object.entries(named);
}

function positionRow({ chain, token }: ChainNames, at: BlockStamp, position: Position): FactRow {
  return {
    token,
    chain,
    height: text(at.height),
    position_key: position.key,
    validator: position.validator,
    active: text(position.active),
    activating: text(position.activating),
    exiting: text(position.exiting.reduce((sum, exit) => sum + exit.amount, 0n)),
    withdrawable: text(position.withdrawable),
    claimable: text(position.claimable),
    exits: position.exiting.map((exit) => ({
      amount: text(exit.amount),
      readyAt: exit.readyAtMs === null ? null : formatInstant(exit.readyAtMs),
      readyPeriod: exit.readyPeriod === null ? null : text(exit.readyPeriod),
    })),
  };
}

const text = (value: bigint): string => value.toString();
const blockOf = (at: BlockStamp): { height: string; hash: string } => ({ height: text(at.height), hash: at.hash });

/** A stranger chose it: PostgreSQL stores no NUL, and half a surrogate pair is not text. */
const asStorableText = (moniker: string): string => Buffer.from(moniker.replaceAll('\0', ''), 'utf8').toString('utf8');
