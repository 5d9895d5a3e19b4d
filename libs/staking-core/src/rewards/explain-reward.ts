import { atoms } from '../money/atoms.js';
import type { Atoms } from '../money/atoms.js';
import { formatAmount } from '../money/format-amount.js';
import { payoutUnit } from '../money/payout-unit.js';
import { balanceSegments, countedSegments, integralOf } from '../balances/day-integral.js';
import type { BalanceChange } from '../balances/day-integral.js';
import { dailyAverage } from '../balances/daily-average.js';
import type { CountingDay } from '../participation/counting-intervals.js';
import { formatInstant } from '../time/instant.js';
import { DAY_MS } from '../time/utc-day.js';
import type { UtcDay } from '../time/utc-day.js';
import type { TokenRules } from '../tokens/token-rules.js';
import { poolOfDay } from './pool.js';
import type { PoolInput } from './pool.js';
import { splitReward } from './split-reward.js';
import { weightUnderOwner } from './weight.js';

/** A chain reward with the part of it that was released into this day. */
export interface ExplainedChainReward {
  readonly key: string;
  readonly validator: string;
  readonly period: string;
  readonly amountAtoms: Atoms;
  /** R15: part `part` of `parts`. */
  readonly part: number;
  readonly parts: number;
  readonly releasedAtoms: Atoms;
  readonly block: { readonly height: bigint; readonly hash: string };
}

export interface CreditReceipt {
  readonly creditId: string;
  readonly state: string;
  readonly creditedAtMs: bigint | null;
}

export interface RewardFactsOfDay {
  readonly user: string;
  readonly day: UtcDay;
  readonly rules: TokenRules;
  /** Counted balance at 00:00; zero when it became known during the day. */
  readonly openingAtoms: Atoms;
  readonly changes: readonly BalanceChange[];
  readonly taking: CountingDay;
  /** R10: sum of the averages of the owner's qualifying accounts; null: no owner is named. */
  readonly ownerAverageAtoms: Atoms | null;
  readonly pool: PoolInput;
  readonly leftoverAtoms: Atoms;
  readonly chainRewards: readonly ExplainedChainReward[];
  /** What the settlement stored for this user; compared with what comes out here. */
  readonly stored: { readonly averageAtoms: Atoms; readonly weightAtoms: Atoms; readonly rewardAtoms: Atoms };
  readonly receipt: CreditReceipt | null;
}

/** R33. JSON-ready: amounts are decimal strings in whole tokens, integers and formulas in atoms, times ISO-8601. */
export type RewardExplanation = ReturnType<typeof explainReward>;

/** R33: everything needed to recompute one reward by hand, in the order of the computation. Every step's `formula` holds
 *  the actual numbers; `agrees` says whether the result is what was stored. */
export function explainReward(facts: RewardFactsOfDay) {
  const { rules, stored } = facts;
  const balance = explainBalance(facts);
  const weight = explainWeight(facts, balance.averageAtoms);
  const pool = explainPool(facts);
  const split = explainSplit(facts, weight.weightAtoms, pool.poolAtoms);
  return {
    user: facts.user,
    token: rules.token,
    day: facts.day,
    rulesVersion: rules.rulesVersion,
    limits: { minimum: text(facts, rules.minAtoms), cap: text(facts, rules.capAtoms), feeBps: rules.feeBps.toString() },
    balance: balance.shown,
    weight: weight.shown,
    chainRewards: facts.chainRewards.map((reward) => explainChainReward(facts, reward)),
    pool: pool.shown,
    split: split.shown,
    leftover: text(facts, facts.leftoverAtoms),
    reward: text(facts, split.rewardAtoms),
    stored: {
      average: text(facts, stored.averageAtoms),
      weight: text(facts, stored.weightAtoms),
      reward: text(facts, stored.rewardAtoms),
    },
    agrees:
      stored.averageAtoms === balance.averageAtoms &&
      stored.weightAtoms === weight.weightAtoms &&
      stored.rewardAtoms === split.rewardAtoms,
    receipt: explainReceipt(facts.receipt),
  };
}

function explainBalance(facts: RewardFactsOfDay) {
  const segments = balanceSegments(facts.day, facts.openingAtoms, facts.changes);
  const counted = countedSegments(segments, facts.taking.counting);
  const integral = integralOf(counted);
  const averageAtoms = dailyAverage(integral);
  const shown = {
    counts: facts.rules.countedBalance,
    intervals: counted.map((one) => ({
      from: formatInstant(one.startMs),
      to: formatInstant(one.endMs),
      milliseconds: (one.endMs - one.startMs).toString(),
      balance: text(facts, one.balanceAtoms),
      balanceAtoms: one.balanceAtoms.toString(),
    })),
    excluded: facts.taking.excluded.map((one) => ({
      from: formatInstant(one.startMs),
      to: formatInstant(one.endMs),
      reasons: one.reasons,
    })),
    integral: integral.toString(),
    average: text(facts, averageAtoms),
    averageAtoms: averageAtoms.toString(),
    formula: `floor(${integral} / ${DAY_MS}) = ${averageAtoms}`,
  };
  return { averageAtoms, shown };
}

function explainWeight({ rules, ownerAverageAtoms, ...facts }: RewardFactsOfDay, averageAtoms: Atoms) {
  const weightAtoms = weightUnderOwner(averageAtoms, ownerAverageAtoms ?? averageAtoms, rules);
  const shown = {
    qualifies: averageAtoms >= rules.minAtoms,
    weight: text({ ...facts, rules }, weightAtoms),
    weightAtoms: weightAtoms.toString(),
    ownerAverageAtoms: ownerAverageAtoms?.toString() ?? null,
    formula: weightFormula(rules, averageAtoms, ownerAverageAtoms, weightAtoms),
  };
  return { weightAtoms, shown };
}

function weightFormula(rules: TokenRules, average: Atoms, ownerAverage: Atoms | null, weight: Atoms): string {
  if (average < rules.minAtoms) return `${average} < minimum ${rules.minAtoms}, so 0`;
  if (ownerAverage === null || ownerAverage <= rules.capAtoms) return `min(${average}, ${rules.capAtoms}) = ${weight}`;
  return `floor(${rules.capAtoms} * ${average} / ${ownerAverage}) = ${weight}`;
}

function explainPool(facts: RewardFactsOfDay) {
  const { releasedAtoms, qualifyingAtoms, stakeAtoms, leftoverBeforeAtoms, boostAtoms, feeBps } = facts.pool;
  const { poolAtoms, poolPartAtoms, feeAtoms, treasuryPartAtoms } = poolOfDay(facts.pool);
  const fee = feeBps === 0 ? '' : ` * ${10_000 - feeBps} / 10000`;
  const shown = {
    released: text(facts, releasedAtoms),
    qualifying: text(facts, qualifyingAtoms),
    qualifyingAtoms: qualifyingAtoms.toString(),
    stake: text(facts, stakeAtoms),
    poolPart: text(facts, poolPartAtoms),
    poolPartFormula: `floor(${releasedAtoms} * min(1, ${qualifyingAtoms} / ${stakeAtoms})${fee}) = ${poolPartAtoms}`,
    fee: text(facts, feeAtoms),
    treasuryPart: text(facts, treasuryPartAtoms),
    leftoverBefore: text(facts, leftoverBeforeAtoms),
    boosts: text(facts, boostAtoms),
    pool: text(facts, poolAtoms),
    poolAtoms: poolAtoms.toString(),
    formula: `${poolPartAtoms} + ${leftoverBeforeAtoms} + ${boostAtoms} = ${poolAtoms}`,
  };
  return { poolAtoms, shown };
}

function explainSplit(facts: RewardFactsOfDay, weightAtoms: Atoms, poolAtoms: Atoms) {
  const unitAtoms = payoutUnit(facts.rules);
  const totalWeightAtoms = facts.pool.qualifyingAtoms;
  const nobody = totalWeightAtoms === 0n;
  const rewardAtoms = nobody ? atoms(0n) : splitReward({ poolAtoms, totalWeightAtoms, unitAtoms }, weightAtoms);
  const beforeCut = nobody ? 0n : (poolAtoms * weightAtoms) / totalWeightAtoms;
  const shown = {
    payoutDecimals: facts.rules.payoutDecimals,
    unitAtoms: unitAtoms.toString(),
    beforeCutAtoms: beforeCut.toString(),
    roundedOffAtoms: (beforeCut - rewardAtoms).toString(),
    rewardAtoms: rewardAtoms.toString(),
    formula: nobody
      ? 'nobody qualifies, so all is left over'
      : `floor(${poolAtoms} * ${weightAtoms} / (${totalWeightAtoms} * ${unitAtoms})) * ${unitAtoms} = ${rewardAtoms}`,
  };
  return { rewardAtoms, shown };
}

function explainChainReward(facts: RewardFactsOfDay, reward: ExplainedChainReward) {
  return {
    key: reward.key,
    validator: reward.validator,
    period: reward.period,
    amount: text(facts, reward.amountAtoms),
    released: text(facts, reward.releasedAtoms),
    part: `${reward.part} of ${reward.parts}`,
    block: { height: reward.block.height.toString(), hash: reward.block.hash },
  };
}

function explainReceipt(receipt: CreditReceipt | null) {
  if (receipt === null) return null;
  const creditedAt = receipt.creditedAtMs === null ? null : formatInstant(receipt.creditedAtMs);
  return { creditId: receipt.creditId, state: receipt.state, creditedAt };
}

function text({ rules }: Pick<RewardFactsOfDay, 'rules'>, amount: Atoms): string {
  return formatAmount(amount, rules.decimals);
}
