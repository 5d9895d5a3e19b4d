/**
 * Rewards of Polkadot are paid when somebody, anybody, asks for it: per era, validator and page of nominators. The events
 * in the block are the truth; what our part should be is worked out beside it.
 */
import { atoms, type Atoms } from '@app/staking-core';

import type { DueClaim } from '../chain-adapter.js';
import { read, type PolkadotClient } from './polkadot.client.js';
import type { ChainEvent } from './polkadot.codec.js';
import { account, amount, badAnswer, fields, list, whole } from './polkadot.decode.js';
import { exposuresOf, type Exposure } from './polkadot.exposures.js';
import type { Plain } from './polkadot.plain.js';
import { decodePayee, payeeAt } from './polkadot.state.js';

const PERBILL = 1_000_000_000n;

/** One page of one validator's payout for one era. */
export interface PayoutPage {
  readonly era: bigint;
  readonly validator: string;
  readonly page: bigint;
}

export interface PaidReward {
  readonly event: ChainEvent;
  readonly era: bigint;
  readonly validator: string;
  /** null: the event does not say; the page that exposes us is it. */
  readonly page: bigint | null;
  readonly amount: Atoms;
  /** null: the event does not say; the account's own setting is it. */
  readonly payee: string | null;
}

/** Pure: `Rewarded` of `stash`, each under the `PayoutStarted` before it in the same extrinsic. */
export function rewardsIn(events: readonly ChainEvent[], stash: string): PaidReward[] {
  const paid: PaidReward[] = [];
  let started: { event: ChainEvent; era: bigint; validator: string; page: bigint | null } | null = null;
  for (const event of events) {
    if (event.name === 'staking.PayoutStarted') {
      const { eraIndex, validatorStash, page } = event.fields;
      started = {
        event,
        era: whole(eraIndex, 'an era'),
        validator: account(validatorStash, 'a validator'),
        page: page === undefined ? null : whole(page, 'a page'),
      };
    }
    if (event.name !== 'staking.Rewarded' || event.fields['stash'] !== stash) continue;
    if (started === null || started.event.extrinsic !== event.extrinsic) {
      throw badAnswer('a reward without the payout that it belongs to', event.index);
    }
    const { era, validator, page } = started;
    const dest = event.fields['dest'];
    const payee = dest === undefined ? null : decodePayee(dest);
    paid.push({ event, era, validator, page, amount: amount(event.fields['amount'], 'a reward'), payee });
  }
  return paid;
}

/** What the era, its points and our exposure say that a payout must be. */
export interface PayoutTerms {
  readonly eraReward: bigint;
  readonly points: bigint;
  readonly totalPoints: bigint;
  /** Parts in 1,000,000,000. */
  readonly commission: bigint;
}

/**
 * The pallet's own arithmetic: ratios are rounded down to billionths, products to the nearest (a half goes down).
 * Source: sp_arithmetic `Perbill::from_rational` and `Mul`, pallet_staking `do_payout_stakers_by_page`.
 */
export function expectedPayout(terms: PayoutTerms, exposure: Pick<Exposure, 'amount' | 'total'>): Atoms {
  if (terms.totalPoints === 0n || exposure.total === 0n) return atoms(0n);
  const validatorPayout = times(ratio(terms.points, terms.totalPoints), terms.eraReward);
  const shared = validatorPayout - times(terms.commission, validatorPayout);
  return atoms(times(ratio(exposure.amount, exposure.total), shared));
}

export async function payoutTerms(
  client: PolkadotClient,
  hash: string,
  era: bigint,
  validator: string,
): Promise<PayoutTerms> {
  const [reward, points, prefs] = await client.values(hash, [
    read('staking', 'erasValidatorReward', era),
    read('staking', 'erasRewardPoints', era),
    read('staking', 'erasValidatorPrefs', era, validator),
  ]);
  const { total, individual } = fields(points, 'reward points');
  return {
    eraReward: reward === null ? 0n : amount(reward, "an era's reward"),
    points: pointsOf(individual, validator),
    totalPoints: whole(total, 'the points of an era'),
    commission: whole(fields(prefs, 'preferences')['commission'], 'a commission'),
  };
}

/**
 * Pages that expose us in an ended era, have earned something and have not been paid: "not yet", which is not zero (R19).
 * Empty when all that can come has come. Null while the chain has not said what the era pays.
 */
export async function unpaidPages(
  client: PolkadotClient,
  hash: string,
  era: bigint,
  stash: string,
): Promise<readonly PayoutPage[] | null> {
  const exposures = await exposuresOf(client, hash, era, stash);
  if (exposures.length === 0) return [];
  if ((await client.value(hash, read('staking', 'erasValidatorReward', era))) === null) return null;
  const codec = await client.codecAt(hash);
  const claims = codec.has('staking', 'claimedRewards') ? 'claimedRewards' : 'erasClaimedRewards';
  const unpaid: PayoutPage[] = [];
  for (const { validator, page, amount: ours, total } of exposures) {
    const claimed = await client.value(hash, read('staking', claims, era, validator));
    if (claimed !== null && list(claimed, 'claimed pages').includes(page)) continue;
    const terms = await payoutTerms(client, hash, era, validator);
    if (expectedPayout(terms, { amount: ours, total }) > 0n) unpaid.push({ era, validator, page });
  }
  return unpaid;
}

/**
 * Pure: what to ask for, validator by validator. The key names the eras from the oldest to the newest, so an era that
 * cannot be paid out is asked for again with the next one, and never twice for the same eras.
 */
export function claimsOf(due: readonly PayoutPage[]): DueClaim[] {
  const eras = new Map<string, { readonly first: bigint; readonly last: bigint }>();
  for (const { validator, era } of due) {
    const { first, last } = eras.get(validator) ?? { first: era, last: era };
    eras.set(validator, { first: era < first ? era : first, last: era > last ? era : last });
  }
  return [...eras].map(([validator, { first, last }]) => ({
    key: `${first === last ? first : `${first}-${last}`}.${validator}`,
    intent: { kind: 'claim', validator },
  }));
}

/** The page and the payee that the events of some runtimes leave out, read from the state around them. */
export async function completed(
  client: PolkadotClient,
  reward: PaidReward,
  stash: string,
  block: { readonly hash: string; readonly parentHash: string },
): Promise<{ readonly page: bigint; readonly payee: string; readonly exposure: Exposure | null }> {
  const exposures = await exposuresOf(client, block.hash, reward.era, stash);
  const exposure = exposures.find((one) => one.validator === reward.validator) ?? null;
  const page = reward.page ?? exposure?.page;
  if (page === undefined) throw badAnswer(`paid for era ${reward.era} by a validator that does not expose us`);
  return { page, exposure, payee: reward.payee ?? (await payeeAt(client, block.parentHash, stash)) };
}

function pointsOf(individual: Plain | undefined, validator: string): bigint {
  if (!(individual instanceof Map)) throw badAnswer('reward points are no map');
  return whole((individual as ReadonlyMap<Plain, Plain>).get(validator) ?? 0n, 'reward points');
}

function ratio(part: bigint, of: bigint): bigint {
  return part >= of ? PERBILL : (part * PERBILL) / of;
}

function times(billionths: bigint, value: bigint): bigint {
  const product = billionths * value;
  return product / PERBILL + (product % PERBILL > PERBILL / 2n ? 1n : 0n);
}
