import { signedAtoms } from '../money/atoms.js';
import type { Atoms, SignedAtoms } from '../money/atoms.js';
import { invariant } from '../money/invariant.js';
import type { UtcDay } from '../time/utc-day.js';
import type { SlashAbsorption } from './slash.js';

/**
 * R25: the accounts of one token. A positive line adds to the account. The two `chain-*` accounts stand for the
 * outside: `chain-rewards` runs below zero by all that was ever earned.
 */
export type LedgerAccount =
  | 'chain-rewards' // where rewards come from
  | 'chain-slashes' // where slashed stake went
  | 'unreleased' // observed, waiting for its release day (R15)
  | 'released' // of today, not yet divided between users and treasury (R16)
  | 'pool' // of today, zero again when the day is split
  | 'leftover' // opens the next day's pool (R17)
  | 'treasury'
  | 'reserve'
  | 'user-rewards' // owed to users, by user
  | 'credits-sent' // under way to the core, by user
  | 'credits-confirmed'; // in users' Spot, by user

export type JournalKind =
  | 'observed'
  | 'released'
  | 'pool-part'
  | 'treasury-part'
  | 'leftover-in'
  | 'boost'
  | 'rewards'
  | 'leftover-out'
  | 'credit-sent'
  | 'credit-confirmed'
  | 'credit-returned' // refused by the core, owed to the user again
  | 'slash'
  | 'adjustment';

export interface JournalLine {
  readonly account: LedgerAccount;
  /** For the three accounts kept by user; null otherwise. */
  readonly user: string | null;
  readonly amountAtoms: SignedAtoms;
}

export interface JournalEntry {
  readonly kind: JournalKind;
  readonly token: string;
  readonly day: UtcDay;
  /** Natural key: the same movement has the same key, so it is booked once. */
  readonly key: string;
  readonly lines: readonly JournalLine[];
}

/** What every entry needs besides its amounts. */
export interface EntryName {
  readonly token: string;
  readonly day: UtcDay;
  readonly key: string;
}

export interface UserAmount {
  readonly user: string;
  readonly amountAtoms: Atoms;
}

export function observedEntry(name: EntryName, amount: Atoms): JournalEntry {
  return move('observed', name, 'chain-rewards', 'unreleased', amount);
}

export function releasedEntry(name: EntryName, amount: Atoms): JournalEntry {
  return move('released', name, 'unreleased', 'released', amount);
}

export function poolPartEntry(name: EntryName, amount: Atoms): JournalEntry {
  return move('pool-part', name, 'released', 'pool', amount);
}

export function treasuryPartEntry(name: EntryName, amount: Atoms): JournalEntry {
  return move('treasury-part', name, 'released', 'treasury', amount);
}

export function leftoverInEntry(name: EntryName, amount: Atoms): JournalEntry {
  return move('leftover-in', name, 'leftover', 'pool', amount);
}

/** R17: an approved boost is paid out of the treasury's account. */
export function boostEntry(name: EntryName, amount: Atoms): JournalEntry {
  return move('boost', name, 'treasury', 'pool', amount);
}

/** One pool line and a line for each user. */
export function rewardsEntry(name: EntryName, rewards: readonly UserAmount[]): JournalEntry {
  const sum = rewards.reduce((total, one) => total + one.amountAtoms, 0n);
  return entry('rewards', name, [
    line('pool', -sum),
    ...rewards.map(({ user, amountAtoms }) => line('user-rewards', amountAtoms, user)),
  ]);
}

export function leftoverOutEntry(name: EntryName, amount: Atoms): JournalEntry {
  return move('leftover-out', name, 'pool', 'leftover', amount);
}

export function creditSentEntry(name: EntryName, credit: UserAmount): JournalEntry {
  return move('credit-sent', name, 'user-rewards', 'credits-sent', credit.amountAtoms, credit.user);
}

export function creditConfirmedEntry(name: EntryName, credit: UserAmount): JournalEntry {
  return move('credit-confirmed', name, 'credits-sent', 'credits-confirmed', credit.amountAtoms, credit.user);
}

/** R18: an applied slash; users' accounts have no line in it. */
export function slashEntry(name: EntryName, absorbed: SlashAbsorption): JournalEntry {
  const { unreleasedAtoms, reserveAtoms, treasuryAtoms } = absorbed;
  return entry('slash', name, [
    line('unreleased', -unreleasedAtoms),
    line('reserve', -reserveAtoms),
    line('treasury', -treasuryAtoms),
    line('chain-slashes', unreleasedAtoms + reserveAtoms + treasuryAtoms),
  ]);
}

/** R27: positive from the reserve to the user; negative (an offset against a later reward) back to the reserve. */
export function adjustmentEntry(name: EntryName, user: string, change: SignedAtoms): JournalEntry {
  return entry('adjustment', name, [line('reserve', -change), line('user-rewards', change, user)]);
}

/** R25: the lines of an entry add up to zero. @throws InvariantViolation otherwise. */
export function assertBalanced(of: Pick<JournalEntry, 'kind' | 'key' | 'lines'>): void {
  const sum = of.lines.reduce((total, one) => total + one.amountAtoms, 0n);
  invariant(sum === 0n, 'the lines of a journal entry add up to zero (R25)', { kind: of.kind, key: of.key, sum });
}

function move(
  kind: JournalKind,
  name: EntryName,
  from: LedgerAccount,
  to: LedgerAccount,
  amount: Atoms,
  user: string | null = null,
): JournalEntry {
  return entry(kind, name, [line(from, -amount, user), line(to, amount, user)]);
}

/** Lines of zero say nothing and are left out. */
function entry(kind: JournalKind, { token, day, key }: EntryName, lines: readonly JournalLine[]): JournalEntry {
  const made = { kind, token, day, key, lines: lines.filter((one) => one.amountAtoms !== 0n) };
  assertBalanced(made);
  return made;
}

function line(account: LedgerAccount, amount: bigint, user: string | null = null): JournalLine {
  return { account, user, amountAtoms: signedAtoms(amount) };
}
