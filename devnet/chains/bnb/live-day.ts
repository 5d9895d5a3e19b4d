import { id } from 'ethers';

import type { BlockStamp } from './bnb-chain.js';
import type { BnbDriver } from './bnb-driver.js';
import { BNB_SYSTEM, DAY_SECONDS, ONE_BNB, utcDay } from './bnb-constants.js';
import { devWallet } from './dev-keys.js';
import type { DevCall } from './dev-transaction.js';
import { view, type ValidatorState } from './hub-reads.js';

export interface DayOfTrafficOptions {
  /** Gross yearly yield in parts per million of all stake; if absent, 20,000 to 40,000 (2 to 4 %), by the day's name. */
  readonly aprPpm?: bigint;
  /** Blocks with fees, spread over what is left of the day. */
  readonly blocks?: number;
  /** Strangers stake and unstake odd amounts, so that rates are never round. On by default. */
  readonly strangers?: boolean;
}

/**
 * Lives through the rest of UTC day `day` up to its last minutes: fees in several blocks and some foreign traffic, all
 * decided by the day's name alone. The day stays open: `driver.breathe(day)` ends it. Returns the day's fees in wei.
 */
export async function liveThroughDay(
  driver: BnbDriver,
  day: string,
  options: DayOfTrafficOptions = {},
): Promise<bigint> {
  const head = await driver.chain.head();
  if (utcDay(head.timestamp) !== day) throw new Error(`the chain is in ${utcDay(head.timestamp)}, not in ${day}`);
  const count = options.blocks ?? 4;
  const end = (Math.floor(head.timestamp / DAY_SECONDS) + 1) * DAY_SECONDS - 60;
  const step = Math.floor((end - head.timestamp) / count);
  if (step < 1) throw new Error(`too little is left of ${day} for ${count} blocks`);
  const fees = feesOfDay(await driver.validators(), day, options.aprPpm);
  for (let i = 1; i <= count; i++) {
    const part = i < count ? fees / BigInt(count) : fees - (fees / BigInt(count)) * BigInt(count - 1);
    const validators = await driver.validators();
    const calls = part > 0n ? [await driver.feesCall(part, undefined, validators)] : [];
    if (options.strangers !== false) calls.push(...(await strangersCalls(driver, validators, `${day} ${i}`)));
    await driver.act(calls, head.timestamp + step * i);
  }
  return fees;
}

/** A whole day: traffic, breathe block, and two more blocks that make it final. Returns the breathe block. */
export async function liveDay(driver: BnbDriver, day: string, options: DayOfTrafficOptions = {}): Promise<BlockStamp> {
  await liveThroughDay(driver, day, options);
  const breathe = await driver.breathe(day);
  await driver.finalize();
  return breathe;
}

/** The fees that yield `aprPpm` a year on the stake of all validators at liberty. */
export function feesOfDay(validators: readonly ValidatorState[], day: string, aprPpm?: bigint): bigint {
  const stake = validators.reduce((sum, one) => sum + (one.jailed ? 0n : one.totalPooledBNB), 0n);
  const apr = aprPpm ?? 20_000n + pick(`apr ${day}`, 20_001n);
  return (stake * apr) / 365_000_000n;
}

async function strangersCalls(
  driver: BnbDriver,
  validators: readonly ValidatorState[],
  seed: string,
): Promise<DevCall[]> {
  const free = validators.filter((one) => !one.jailed);
  const into = free[Number(pick(`into ${seed}`, BigInt(free.length)))];
  const outOf = free[Number(pick(`out ${seed}`, BigInt(free.length)))];
  const calls: DevCall[] = [];
  if (into) {
    const amount = ONE_BNB + pick(`amount ${seed}`, 40n * ONE_BNB);
    calls.push(driver.hubCall(devWallet('delegator', 1), 'delegate', [into.operator, false], amount));
  }
  if (outOf) {
    const stranger = devWallet('delegator', 0);
    const abi = driver.interfaces.credit;
    const shares = (await view(driver.chain, abi, outOf.credit, 'balanceOf', [stranger.address]))[0] as bigint;
    const leaving = shares / 2_000n + pick(`leaving ${seed}`, 1_000n);
    if (leaving > 0n && leaving < shares) {
      calls.push(driver.hubCall(stranger, 'undelegate', [outOf.operator, leaving]));
    }
  }
  const hub = await view(driver.chain, driver.interfaces.hub, BNB_SYSTEM.stakeHub, 'isPaused');
  return hub[0] ? [] : calls;
}

/** A number below `bound` that depends on the words alone. */
function pick(words: string, bound: bigint): bigint {
  return BigInt(id(`soft-staking local bnb chain: ${words}`)) % bound;
}
