import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  atoms,
  balanceSegments,
  changesOf,
  countedBalance,
  countedIntegral,
  countingIntervals,
  type CutReason,
  dailyAverage,
  dayStartMs,
  formatAmount,
  instant,
  parseAmount,
  releaseReward,
  splitDay,
  type TokenRules,
  utcDay,
  type UtcDay,
} from '@app/staking-core';

interface Balance {
  readonly free: string;
  readonly locked?: string;
}

export interface GoldenAccount {
  readonly user: string;
  readonly owner?: string;
  /** What the account has at 00:00. */
  readonly opening: Balance;
  /** Balances as the feed states them, in the order of the feed. */
  readonly events?: readonly (Balance & { readonly at: string })[];
  /** Switched on `[from, to)` of the day; absent: all day. */
  readonly on?: readonly (readonly [from: string, to: string | null])[];
  readonly cuts?: readonly {
    readonly reason: Exclude<CutReason, 'PAUSED' | 'DELISTED' | 'QUARANTINED'>;
    readonly from: string;
    readonly to: string | null;
  }[];
}

/** Amounts are decimal strings in whole tokens, times are of the day. */
export interface GoldenDay {
  readonly name: string;
  /** The rules it is about, and what happens. */
  readonly shows: string;
  readonly day: string;
  readonly rules: {
    readonly token: string;
    readonly decimals: number;
    readonly payoutDecimals: number;
    readonly minimum: string;
    readonly cap: string;
    readonly releaseDays: number;
    readonly feeBps: number;
    readonly countedBalance: 'free' | 'free+locked';
  };
  readonly stake: string;
  readonly rewards: readonly { readonly key: string; readonly amount: string }[];
  readonly leftoverBefore: string;
  readonly boosts: string;
  readonly accounts: readonly GoldenAccount[];
  readonly expected: GoldenResult;
}

export interface GoldenResult {
  readonly released: string;
  readonly qualifying: string;
  readonly poolPart: string;
  readonly fee: string;
  readonly treasury: string;
  readonly pool: string;
  readonly paid: string;
  readonly leftover: string;
  readonly accounts: Readonly<
    Record<string, { readonly average: string; readonly weight: string; readonly reward: string | null }>
  >;
}

const FOLDER = resolve('test/golden/days');

export function goldenDays(): GoldenDay[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as GoldenDay);
}

export function amountOf(text: string, { rules }: GoldenDay): bigint {
  const parsed = parseAmount(text, rules.decimals);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.detail}`);
  return parsed.atoms;
}

export const shown = (amount: bigint, { rules }: GoldenDay): string => formatAmount(atoms(amount), rules.decimals);

/** `12:00:00.000` of the day, as ISO 8601. */
export const timeOf = (time: string, day: string): string => `${day}T${time}Z`;

export function rulesOf(golden: GoldenDay): TokenRules {
  const { token, decimals, payoutDecimals, minimum, cap, releaseDays, feeBps, countedBalance: mode } = golden.rules;
  return {
    token,
    decimals,
    payoutDecimals,
    minAtoms: atoms(amountOf(minimum, golden)),
    capAtoms: atoms(amountOf(cap, golden)),
    releaseDays,
    feeBps,
    countedBalance: mode,
    maxDailyRatePpb: 1_000_000_000n,
    trendMultiple: 100,
    rulesVersion: 'golden',
  };
}

/** The day by the pure functions of staking-core. */
export function dayByTheCore(golden: GoldenDay): GoldenResult {
  const rules = rulesOf(golden);
  const day = utcDay(golden.day);
  const averages = golden.accounts.map((account) => ({
    user: account.user,
    owner: account.owner ?? null,
    averageAtoms: averageOf(account, golden, day),
  }));
  const released = golden.rewards.reduce((sum, { amount }) => {
    const [first] = releaseReward(atoms(amountOf(amount, golden)), day, rules.releaseDays);
    return sum + (first?.amountAtoms ?? 0n);
  }, 0n);
  const split = splitDay({
    rules,
    releasedAtoms: atoms(released),
    stakeAtoms: atoms(amountOf(golden.stake, golden)),
    leftoverBeforeAtoms: atoms(amountOf(golden.leftoverBefore, golden)),
    boostAtoms: atoms(amountOf(golden.boosts, golden)),
    accounts: averages,
  });
  const rewards = new Map(split.rewards.map((reward) => [reward.user, reward]));
  return {
    released: shown(released, golden),
    qualifying: shown(split.qualifyingAtoms, golden),
    poolPart: shown(split.pool.poolPartAtoms, golden),
    fee: shown(split.pool.feeAtoms, golden),
    treasury: shown(split.pool.treasuryPartAtoms, golden),
    pool: shown(split.pool.poolAtoms, golden),
    paid: shown(split.paidAtoms, golden),
    leftover: shown(split.leftoverAtoms, golden),
    accounts: Object.fromEntries(
      averages.map(({ user, averageAtoms }) => {
        const reward = rewards.get(user);
        return [
          user,
          {
            average: shown(averageAtoms, golden),
            weight: shown(reward?.weightAtoms ?? 0n, golden),
            reward: reward === undefined ? null : shown(reward.rewardAtoms, golden),
          },
        ];
      }),
    ),
  };
}

function averageOf(account: GoldenAccount, golden: GoldenDay, day: UtcDay) {
  const mode = golden.rules.countedBalance;
  const balance = ({ free, locked = '0' }: Balance) => ({
    freeAtoms: atoms(amountOf(free, golden)),
    lockedAtoms: atoms(amountOf(locked, golden)),
  });
  const ms = (time: string): bigint => instant(timeOf(time, golden.day));
  const stretch = (from: string, to: string | null) => ({ startMs: ms(from), endMs: to === null ? null : ms(to) });
  const opening = balance(account.opening);
  const events = (account.events ?? []).map((event, index) => ({
    ...balance(event),
    atMs: ms(event.at),
    seq: BigInt(index + 1),
  }));
  const { counting } = countingIntervals({
    day,
    periods: (account.on ?? [['00:00:00.000', null]]).map(([from, to]) => stretch(from, to)),
    cuts: (account.cuts ?? []).map(({ reason, from, to }) => ({ reason, ...stretch(from, to) })),
    balanceKnownFromMs: dayStartMs(day),
  });
  const segments = balanceSegments(day, countedBalance(opening, mode), changesOf(opening, events, mode));
  return dailyAverage(countedIntegral(segments, counting));
}
