import {
  DAY_MS,
  dayEndMs,
  dayStartMs,
  type Atoms,
  type Interval,
  type UtcDay,
  addDays,
  atoms,
} from '@app/staking-core';

/** One reward as a chain's adapter observes it. */
export interface ObservedReward {
  readonly key: string;
  readonly amountAtoms: Atoms;
  /** Half-open, when it was earned. */
  readonly earned: Interval;
  /** When a final block told it: never before it was earned, often well after. */
  readonly observedMs: bigint;
}

/** The next whole number below `bound`, by a seed. */
export type Draw = (bound: bigint) => bigint;

const HOUR_MS = DAY_MS / 24n;
const MINUTE_MS = HOUR_MS / 60n;

/** Repeatable whole numbers (splitmix64). */
export function drawsOf(seed: bigint): Draw {
  const mask = (1n << 64n) - 1n;
  let state = seed & mask;
  return (bound) => {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let mixed = state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & mask;
    return ((mixed ^ (mixed >> 31n)) * bound) >> 64n;
  };
}

export interface Quarter {
  readonly firstDay: UtcDay;
  readonly days: number;
  readonly stakeAtoms: Atoms;
  /** Yield of a whole day, in parts per billion of the stake. */
  readonly dailyRatePpb: bigint;
  readonly draw: Draw;
}

export type Cadence = (quarter: Quarter) => ObservedReward[];

const startOf = ({ firstDay }: Quarter): bigint => dayStartMs(firstDay);
const endOf = ({ firstDay, days }: Quarter): bigint => dayEndMs(addDays(firstDay, days - 1));

/** What the stake earns in an interval, a little more or less than the rate says. */
function yieldOf({ stakeAtoms, dailyRatePpb, draw }: Quarter, { startMs, endMs }: Interval): Atoms {
  const plain = (stakeAtoms * dailyRatePpb * (endMs - startMs)) / (DAY_MS * 1_000_000_000n);
  return atoms((plain * (950n + draw(101n))) / 1_000n + draw(7n));
}

/**
 * Solana: an epoch of 432,000 slots takes 1.9 to 2.2 days; its reward is paid in the first blocks of the next one. MEV
 * tips of the epoch come as plain lamports within the day after.
 */
export const solanaEpochs: Cadence = (quarter) => {
  const { draw } = quarter;
  const rewards: ObservedReward[] = [];
  // Under way when the quarter begins, and ends in it: what was over before belongs to nobody here.
  let startMs = startOf(quarter) - draw((DAY_MS * 9n) / 5n);
  for (let epoch = 900; startMs < endOf(quarter); epoch += 1) {
    const endMs = startMs + (DAY_MS * (190n + draw(31n))) / 100n + draw(HOUR_MS);
    const earned = { startMs, endMs };
    const paid = endMs + draw(2n * MINUTE_MS);
    rewards.push({ key: `infl:${epoch}`, amountAtoms: yieldOf(quarter, earned), earned, observedMs: paid });
    const tips = atoms(yieldOf(quarter, earned) / 12n);
    rewards.push({ key: `mev:${epoch}`, amountAtoms: tips, earned, observedMs: endMs + HOUR_MS + draw(DAY_MS) });
    startMs = endMs;
  }
  return rewards;
};

/** A Polkadot era is six sessions of four hours and drifts by this much a day, so now and then a day has no era's end. */
const ERA_DRIFT_MS = 11n * MINUTE_MS + 42_000n;
const ERA_STALL_MS = 2n * DAY_MS;
const PAYING_VALIDATORS = 3;

/**
 * Polkadot: eras of 24 hours and a bit, one of which stands still for two days more; each validator's payout is a
 * transaction of anybody's, hours to three days later, and the pages of one era arrive apart.
 */
export const erasStallingAt =
  (stalling: number): Cadence =>
  (quarter) => {
    const { draw } = quarter;
    const rewards: ObservedReward[] = [];
    // Drifts through midnight within the quarter: there is a day in which no era ends.
    let startMs = startOf(quarter) - 7n * HOUR_MS + draw(HOUR_MS);
    for (let era = 2_180; startMs < endOf(quarter); era += 1) {
      const stall = era === 2_180 + stalling ? ERA_STALL_MS : 0n;
      const endMs = startMs + DAY_MS + ERA_DRIFT_MS + stall;
      // What an era pays does not grow with its length: the stalled one pays like any other.
      const earned = { startMs, endMs };
      const paying = { startMs, endMs: startMs + DAY_MS };
      for (let validator = 0; validator < PAYING_VALIDATORS; validator += 1) {
        const amountAtoms = atoms(yieldOf(quarter, paying) / BigInt(PAYING_VALIDATORS));
        const observedMs = endMs + draw(6n * HOUR_MS) + (draw(10n) === 0n ? draw(3n * DAY_MS) : 0n);
        rewards.push({ key: `${era}:${validator}:0`, amountAtoms, earned, observedMs });
      }
      startMs = endMs;
    }
    return rewards;
  };

export const polkadotEras: Cadence = erasStallingAt(40);

/** Cosmos: accrued from the last block before one midnight to the last before the next, known minutes later. */
export const cosmosDays: Cadence = (quarter) => {
  const { draw } = quarter;
  const rewards: ObservedReward[] = [];
  let startMs = startOf(quarter) - draw(7_000n) - 1n;
  for (let day = 0; day < quarter.days; day += 1) {
    const endMs = startOf(quarter) + BigInt(day + 1) * DAY_MS - draw(7_000n) - 1n;
    const earned = { startMs, endMs };
    const observedMs = endMs + 7_000n + draw(MINUTE_MS);
    rewards.push({ key: `acc:${startMs}-${endMs}`, amountAtoms: yieldOf(quarter, earned), earned, observedMs });
    startMs = endMs;
  }
  return rewards;
};
