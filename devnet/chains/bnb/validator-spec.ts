import { ONE_BNB } from './bnb-constants.js';

export interface ValidatorSpec {
  /** 3 to 9 letters and digits, the first a capital (the chain insists). */
  readonly moniker: string;
  /** Basis points of the reward, at most `maxCommissionBps`. */
  readonly commissionBps: number;
  readonly maxCommissionBps?: number;
  /** Largest change of the commission in one day. */
  readonly maxChangeBps?: number;
  /** Wei of the operator's own; at least 2,000 BNB. One BNB more is locked for ever, as the chain does. */
  readonly selfStake: bigint;
  /** Wei that strangers have staked from the start. */
  readonly foreignStake?: bigint;
}

/** Four validators of different size and commission, about 150,000 BNB in all; odd amounts so that rounding shows. */
export const DEFAULT_VALIDATORS: readonly ValidatorSpec[] = [
  { moniker: 'Aster', commissionBps: 500, selfStake: 2_500n * ONE_BNB, foreignStake: 18_400n * ONE_BNB + 333_333_333n },
  { moniker: 'Borea', commissionBps: 1_000, selfStake: 5_000n * ONE_BNB, foreignStake: 42_000n * ONE_BNB + 7n },
  { moniker: 'Cygnus', commissionBps: 800, selfStake: 2_011n * ONE_BNB, foreignStake: 9_123n * ONE_BNB + 1_234_567n },
  { moniker: 'Draco', commissionBps: 2_000, selfStake: 10_000n * ONE_BNB, foreignStake: 61_234n * ONE_BNB + 99n },
];
