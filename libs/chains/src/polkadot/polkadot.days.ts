/** Which UTC days the chain has said everything about, and how much of our stake earned on them. */
import {
  addDays,
  atoms,
  averageActiveStake,
  dayEndMs,
  dayOf,
  dayStartMs,
  signedAtoms,
  type UtcDay,
} from '@app/staking-core';

import type { BlockStamp, Observation } from '../chain-adapter.js';
import type { PolkadotClient } from './polkadot.client.js';
import { activeEraAt, eraStart } from './polkadot.eras.js';
import { exposuresOf, totalExposed } from './polkadot.exposures.js';
import { unpaidPages } from './polkadot.payouts.js';

export interface DaysQuestion {
  readonly stash: string;
  readonly lookbackEras: number;
}

/**
 * The last day that is over and complete at a cut. A day waits for the payouts of every era that ended on it or before: an
 * era that has not been paid out is "not yet", never zero (R19). Days on which no era ends are complete when they are over.
 */
export async function completeThrough(
  client: PolkadotClient,
  cut: BlockStamp,
  { stash, lookbackEras }: DaysQuestion,
): Promise<UtcDay> {
  const { index: active } = await activeEraAt(client, cut.hash);
  let through = addDays(dayOf(cut.timeMs), -1);
  for (let era = active - 1n; era >= 0n && era >= active - BigInt(lookbackEras); era--) {
    if (await isPaid(client, cut, era, stash)) continue;
    const endMs = await eraStart(client, era + 1n, cut);
    const before = addDays(dayOf(endMs - 1n), -1);
    if (before < through) through = before;
  }
  return through;
}

/**
 * The days after `afterDay` up to `lastDay` with the stake that earned on each: what was exposed in the eras that ran
 * then, weighted by time.
 */
export async function stakeOfDays(
  client: PolkadotClient,
  cut: BlockStamp,
  stash: string,
  afterDay: UtcDay,
  lastDay: UtcDay,
): Promise<Observation['days']> {
  if (lastDay <= afterDay) return [];
  const firstMs = dayStartMs(addDays(afterDay, 1));
  const eras: { startMs: bigint; exposed: bigint }[] = [];
  for (let era = (await activeEraAt(client, cut.hash)).index; era >= 0n; era--) {
    const startMs = await eraStart(client, era, cut);
    if (startMs < dayEndMs(lastDay)) {
      eras.unshift({ startMs, exposed: totalExposed(await exposuresOf(client, cut.hash, era, stash)) });
    }
    if (startMs <= firstMs) break;
  }
  const days: Observation['days'][number][] = [];
  for (let day = addDays(afterDay, 1); day <= lastDay; day = addDays(day, 1)) {
    const opening = eras.filter((era) => era.startMs <= dayStartMs(day)).at(-1)?.exposed ?? 0n;
    let stake = opening;
    const changes = eras
      .filter((era) => era.startMs > dayStartMs(day) && era.startMs < dayEndMs(day))
      .map(({ startMs, exposed }) => {
        const deltaAtoms = signedAtoms(exposed - stake);
        stake = exposed;
        return { atMs: startMs, deltaAtoms };
      });
    days.push({ day, averageStake: averageActiveStake(day, atoms(opening), changes) });
  }
  return days;
}

/** Once paid, paid for ever; remembered from the lowest block at which it was seen. */
async function isPaid(client: PolkadotClient, cut: BlockStamp, era: bigint, stash: string): Promise<boolean> {
  const fact = `era ${era} is paid to ${stash}`;
  const seen = client.memory.facts.get(fact) as bigint | undefined;
  if (seen !== undefined && seen <= cut.height) return true;
  const unpaid = await unpaidPages(client, cut.hash, era, stash);
  if (unpaid === null || unpaid.length > 0) return false;
  client.memory.facts.set(fact, cut.height);
  return true;
}
