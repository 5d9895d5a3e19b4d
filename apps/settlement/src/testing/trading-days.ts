import { addDays, atoms, payoutUnit, splitReward, type UtcDay, utcDay } from '@app/staking-core';
import type { SettlementWorld } from './settlement-world.js';

export const BNB = 10n ** 18n;
export const FIRST_DAY = utcDay('2026-11-19');

/** Ten users who hold 1, 2, … 10 whole coins all the time: Q = 55. */
export async function tenHolders(world: SettlementWorld, token = 'BNB', prefix = 'u'): Promise<void> {
  await world.token(token);
  const users = Array.from({ length: 10 }, (_, index) => ({
    user: `${prefix}${index}`,
    free: BigInt(index + 1) * BNB,
  }));
  for (const { user } of users) {
    const [known] = await world.db.rows('SELECT 1 FROM account WHERE user_id = $1', [user]);
    if (!known) await world.user(user);
  }
  await world.say(users.map((one) => ({ ...one, token, at: `${FIRST_DAY}T00:00:00.000Z` })));
}

/** The feed closes the day and the chain says what 55 coins of stake earned. */
export async function closeDay(
  world: SettlementWorld,
  day: UtcDay,
  reward = BNB / 1000n,
  token = 'BNB',
): Promise<void> {
  await world.closeShard(day);
  await world.chainSays({ day, token }, 55n * BNB, reward === 0n ? [] : [{ key: `r-${day}`, amount: reward }]);
  world.now = `${addDays(day, 1)}T00:00:01.000Z`;
}

/** What the holders get of a pool, by the pure rule. */
export function sharesOf(pool: bigint, prefix = 'u'): Record<string, string> {
  const unitAtoms = payoutUnit({ decimals: 18, payoutDecimals: 8 });
  const shares = Array.from({ length: 10 }, (_, index): [string, string] => {
    const weight = atoms(BigInt(index + 1) * BNB);
    const share = splitReward({ poolAtoms: atoms(pool), totalWeightAtoms: atoms(55n * BNB), unitAtoms }, weight);
    return [`${prefix}${index}`, share.toString()];
  });
  return Object.fromEntries(shares);
}

export function total(shares: Readonly<Record<string, string>>): bigint {
  return Object.values(shares).reduce((sum, share) => sum + BigInt(share), 0n);
}

/** What the core's books hold of a day, in atoms by user. */
export function bookedBy(world: SettlementWorld, day: UtcDay, token = 'BNB'): Record<string, string> {
  const booked = [...world.core.booked.values()].filter((one) => one.day === day && one.token === token);
  return Object.fromEntries(booked.map((one): [string, string] => [one.user, atomsOf(one.amount)]).sort());
}

function atomsOf(amount: string): string {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(18, '0')).toString();
}

/** Every account of the token's journal, over all days. */
export async function ledger(world: SettlementWorld, token = 'BNB'): Promise<Record<string, bigint>> {
  const rows = await world.db.rows<{ account: string; amount: string }>(
    'SELECT account, sum(amount)::text AS amount FROM journal_line WHERE token = $1 GROUP BY account',
    [token],
  );
  return Object.fromEntries(rows.map((row) => [row.account, BigInt(row.amount)]));
}
