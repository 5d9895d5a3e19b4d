import { atoms, type Atoms } from '@app/staking-core';

import { read, type PolkadotClient } from './polkadot.client.js';
import { account, amount, badAnswer, fields, list, whole, decodeNominations } from './polkadot.decode.js';
import type { Plain } from './polkadot.plain.js';

/** What one validator had behind it in one era, and our part of it. */
export interface Exposure {
  readonly validator: string;
  /** The page that names us; its payout pays us. */
  readonly page: bigint;
  readonly amount: Atoms;
  readonly total: Atoms;
}

export interface Overview {
  readonly total: Atoms;
  readonly own: Atoms;
  readonly pages: bigint;
}

const PAGES_AT_ONCE = 20;

/**
 * Where our stake stood in an era: fixed when the era was elected, and what its rewards are paid by. Looked for with our
 * nominees; with every validator of the era when the nominations are younger than the election may be.
 */
export async function exposuresOf(
  client: PolkadotClient,
  hash: string,
  era: bigint,
  stash: string,
): Promise<readonly Exposure[]> {
  const fact = `exposures of ${stash} in era ${era}`;
  const known = client.memory.facts.get(fact);
  if (known !== undefined) return known as readonly Exposure[];
  const value = await client.value(hash, read('staking', 'nominators', stash));
  const nominations = value === null ? null : decodeNominations(value);
  const settled = nominations !== null && nominations.submittedIn + 1n < era;
  const candidates = settled ? nominations.targets : await validatorsOf(client, hash, era);
  const found = await amongPages(client, hash, era, stash, candidates);
  client.memory.facts.set(fact, found);
  return found;
}

export function totalExposed(exposures: readonly Exposure[]): Atoms {
  return atoms(exposures.reduce((sum, one) => sum + one.amount, 0n));
}

/** All validators elected for an era. */
export async function validatorsOf(client: PolkadotClient, hash: string, era: bigint): Promise<string[]> {
  const keys = await client.keys(hash, read('staking', 'erasStakersOverview', era));
  return keys.map(lastAccount);
}

export async function overviews(
  client: PolkadotClient,
  hash: string,
  era: bigint,
  validators: readonly string[],
): Promise<(Overview | null)[]> {
  const reads = validators.map((one) => read('staking', 'erasStakersOverview', era, one));
  return (await client.values(hash, reads)).map((value) => (value === null ? null : decodeOverview(value)));
}

export function decodeOverview(value: Plain): Overview {
  const { total, own, pageCount } = fields(value, 'an exposure');
  return {
    total: amount(total, 'a total exposure'),
    own: amount(own, 'an own exposure'),
    pages: whole(pageCount, 'a number of pages'),
  };
}

/** Accounts and amounts of one page. */
export function decodePage(value: Plain): readonly { readonly who: string; readonly amount: Atoms }[] {
  if (value === null) throw badAnswer('a page of exposures is missing');
  const { others } = fields(value, 'a page of exposures');
  return list(others, 'exposures').map((one) => {
    const { who, value: part } = fields(one, 'an exposure');
    return { who: account(who, 'a nominator'), amount: amount(part, 'an exposure') };
  });
}

async function amongPages(
  client: PolkadotClient,
  hash: string,
  era: bigint,
  stash: string,
  candidates: readonly string[],
): Promise<Exposure[]> {
  const heads = await overviews(client, hash, era, candidates);
  const pages = candidates.flatMap((validator, i) =>
    Array.from({ length: Number(heads[i]?.pages ?? 0n) }, (_, page) => ({ validator, page, total: heads[i]?.total })),
  );
  const found: Exposure[] = [];
  for (let from = 0; from < pages.length; from += PAGES_AT_ONCE) {
    const some = pages.slice(from, from + PAGES_AT_ONCE);
    const reads = some.map((one) => read('staking', 'erasStakersPaged', era, one.validator, one.page));
    for (const [i, value] of (await client.values(hash, reads)).entries()) {
      const { validator, page, total } = some[i] ?? {};
      const own = decodePage(value).filter((one) => one.who === stash);
      if (own.length > 1) throw badAnswer('a page names an account twice', stash);
      if (own[0] === undefined || validator === undefined || total === undefined) continue;
      found.push({ validator, page: BigInt(page ?? 0), amount: own[0].amount, total });
    }
  }
  return found.sort((a, b) => (a.validator < b.validator ? -1 : 1));
}

/** Maps keyed by an account end in it, as it is: their hashers keep the key (`Twox64Concat`, `Blake2_128Concat`). */
export function lastAccount(key: string): string {
  return account(`0x${key.slice(-64)}`, 'the account of a key');
}
